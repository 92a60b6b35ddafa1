/** The sample server over HTTP on loopback. It checks every head as strictly as the specification lets it. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { decodeHeaderValue, nameHeaderValue } from '../../standards/mcp/header.ts';
import { META } from '../../standards/mcp/meta-key.ts';
import {
  openSampleSession,
  type Id,
  type Message,
  type SampleSession,
  type SampleState,
} from './sample-server.suite.ts';

export interface SampleHttp {
  readonly url: string;
  /** Bodies in the order they came; `closed <id>` when a client left before the answer; `DELETE <session>`. */
  readonly received: string[];
  /** Heads that were not as they must be. */
  readonly faults: string[];
  /** Forgets all sessions, as a restarted server does. */
  forgetSessions(): void;
  close(): Promise<void>;
}

export async function openSampleHttp(
  kind: 'modern' | 'legacy-json' | 'legacy-sse',
  state: () => SampleState,
): Promise<SampleHttp> {
  const era = kind === 'modern' ? 'modern' : 'legacy';
  const received: string[] = [];
  const faults: string[] = [];
  const sessions = new Map<string, SampleSession>();
  const open = new Map<string, ServerResponse>(); // by session and request id
  let counter = 0;

  function newSession(): string {
    counter += 1;
    const name = `session-${counter}`;
    const emit = (text: string, to: Id | undefined): void => say(`${name} ${JSON.stringify(to)}`, text);
    sessions.set(name, openSampleSession({ era, session: counter, state, emit }));
    return name;
  }

  /** An answer ends its response; other messages need a stream. */
  function say(key: string, text: string): void {
    const response = open.get(key);
    const message = JSON.parse(text) as Message & { readonly result?: unknown }; // our own text
    const last = message.method === undefined;
    if (kind === 'legacy-json') {
      if (last) response?.setHeader('content-type', 'application/json').end(text);
      return;
    }
    if (response?.headersSent === false) response.setHeader('content-type', 'text/event-stream');
    response?.write(`event: message\ndata: ${text}\n\n`);
    if (last) response?.end();
  }

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer); // no encoding is set
    if (request.method === 'DELETE') {
      received.push(`DELETE ${String(request.headers['mcp-session-id'])}`);
      return void response.writeHead(200).end();
    }
    const body = Buffer.concat(chunks).toString('utf8');
    received.push(body);
    const message = JSON.parse(body) as Message; // written by the code under test
    const wrong = era === 'modern' ? modernFault(request, message) : legacyFault(request, message);
    if (wrong !== undefined) {
      faults.push(wrong);
      return void response.writeHead(400).end();
    }
    if (era === 'legacy' && message.method === 'server/discover') return void response.writeHead(400).end('no session');
    const name =
      era === 'modern' || message.method === 'initialize'
        ? newSession()
        : (request.headers['mcp-session-id'] as string);
    const session = sessions.get(name);
    if (session === undefined) return void response.writeHead(404).end();
    if (message.method === 'initialize') response.setHeader('mcp-session-id', name);
    if (message.id === undefined || message.method === undefined) {
      session.take(message);
      return void response.writeHead(202).end();
    }
    open.set(`${name} ${JSON.stringify(message.id)}`, response);
    response.once('close', () => {
      if (!response.writableEnded) received.push(`closed ${JSON.stringify(message.id)}`);
    });
    session.take(message);
  }

  const server = createServer((request, response) => {
    serve(request, response).catch((error: unknown) => {
      faults.push(String(error));
      response.destroy();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // a TCP server
  return {
    url: `http://127.0.0.1:${port}/mcp`,
    received,
    faults,
    forgetSessions: () => sessions.clear(),
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function modernFault({ headers }: IncomingMessage, { method, params = {} }: Message): string | undefined {
  const meta = (params['_meta'] ?? {}) as Readonly<Record<string, unknown>>; // checked member by member
  if (headers['mcp-protocol-version'] !== '2026-07-28') return 'MCP-Protocol-Version';
  if (meta[META.protocolVersion] !== '2026-07-28') return META.protocolVersion;
  if (typeof meta[META.clientCapabilities] !== 'object') return META.clientCapabilities;
  if (headers['mcp-method'] !== method) return 'Mcp-Method';
  const name = nameHeaderValue(method ?? '', params as Parameters<typeof nameHeaderValue>[1]); // JSON
  const given = headers['mcp-name'];
  if (name !== (given === undefined ? undefined : decodeHeaderValue(String(given)))) return 'Mcp-Name';
  const args = params['arguments'] as { readonly text?: unknown } | undefined;
  const text = params['name'] === 'echo' && typeof args?.text === 'string' ? args.text : undefined;
  const param = headers['mcp-param-text'];
  // Only a call that was checked against its definition can know the header.
  if (param !== undefined && decodeHeaderValue(String(param)) !== text) return 'Mcp-Param-Text';
  if (headers['mcp-session-id'] !== undefined) return 'Mcp-Session-Id';
  return commonFault(headers);
}

function legacyFault({ headers }: IncomingMessage, { method }: Message): string | undefined {
  if (method === 'server/discover') return undefined; // the probe is a modern request
  if (method !== 'initialize' && headers['mcp-protocol-version'] !== '2025-11-25') return 'MCP-Protocol-Version';
  if (method !== 'initialize' && headers['mcp-session-id'] === undefined) return 'Mcp-Session-Id';
  if (headers['mcp-method'] !== undefined) return 'Mcp-Method';
  return commonFault(headers);
}

function commonFault(headers: IncomingMessage['headers']): string | undefined {
  if (headers['content-type'] !== 'application/json') return 'Content-Type';
  if (headers['accept'] !== 'application/json, text/event-stream') return 'Accept';
  const allowed = /^(?:host|connection|content-type|content-length|accept|accept-encoding|mcp-.*)$/;
  return Object.keys(headers).find((name) => !allowed.test(name));
}
