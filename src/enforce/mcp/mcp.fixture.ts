/** The governed MCP endpoint on a real listener, over an upstream in memory. */
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { connect } from 'node:net';
import type { Credential, CredentialKind } from '../../core/credential.ts';
import type { ActorId, TaskId } from '../../core/ids.ts';
import { allowedNames, listenOn } from '../../doors/http/listen.ts';
import { plusMs } from '../../core/instant.ts';
import type { JsonObject } from '../../core/json.ts';
import { readPermit, spendPermit, type PermitGrant } from '../../core/permit.ts';
import type { Task } from '../../core/task.ts';
import { announceTo } from '../../govern/announce.ts';
import { authenticate } from '../../govern/authenticate.ts';
import { openAuthorizeFixture, type AuthorizeFixture } from '../../govern/authorize.fixture.ts';
import type { SendOptions, Upstream, UpstreamAnswer } from '../../ports/upstream.ts';
import type { McpLimits } from './limits.ts';
import { mcpServerOf } from './mcp-path.ts';
import { openMcpEnforcement, type McpEnforcement } from './enforcement.ts';

/** What a stub server does with a call; the default answers `done`. */
export type Answering = (grant: PermitGrant, options: SendOptions) => Promise<UpstreamAnswer>;

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** The body, parsed; of an event stream its last message. */
  readonly body: JsonObject;
}

export interface McpFixture extends AuthorizeFixture {
  readonly mcp: McpEnforcement;
  /** `http://127.0.0.1:port`, also the public one. */
  readonly url: string;
  readonly port: number;
  /** What reached the upstream, in order. */
  readonly sent: PermitGrant[];
  readonly faults: object[];
  /** The bearer of a fresh credential; by default a token of the fixture's task. */
  bearer(of?: {
    readonly kind?: CredentialKind;
    readonly agent?: ActorId;
    readonly task?: TaskId | null;
  }): Promise<{ readonly secret: string; readonly credential: Credential }>;
  /** A further open task, for its agent. */
  addTask(change: Partial<Task>): Promise<Task>;
  answerWith(answering: Answering): void;
  post(path: string, secret: string | null, body: unknown, headers?: Record<string, string>): Promise<Answer>;
  /** Sends bytes as they are and returns all that came until the other side closed, or `until` matched. */
  raw(bytes: string | Uint8Array, until?: RegExp): Promise<string>;
  decisions(): Promise<readonly JsonObject[]>;
  /** Resolves when the next connection is closed on the gateway's side. */
  connectionClosed(): Promise<void>;
  close(): Promise<void>;
}

export async function openMcpFixture(agent = 'worker', limits: Partial<McpLimits> = {}): Promise<McpFixture> {
  const fixture = await openAuthorizeFixture(agent);
  const { control, deps, task } = fixture;
  const sent: PermitGrant[] = [];
  const faults: object[] = [];
  let answering: Answering = async () => ({
    kind: 'result',
    result: { content: [{ type: 'text', text: 'done' }] },
    bytes: 10,
  });
  const upstream: Upstream = {
    async send(permit, _server, options) {
      const grant = readPermit(permit);
      spendPermit(permit);
      sent.push(grant);
      return answering(grant, options);
    },
    listTools: async () => [],
    endTask: async () => undefined,
    endAgent: async () => undefined,
    endServer: async () => undefined,
    stats: () => ({ contexts: 0, children: 0, in_flight: 0 }),
    close: async () => undefined,
  };

  const listening = await listenOn('127.0.0.1:0');
  const { http, url } = listening;
  const port = Number(new URL(url).port);
  const closings: (() => void)[] = [];
  http.on('connection', (socket) => {
    socket.once('close', () => {
      for (const resolve of closings.splice(0)) resolve();
    });
  });
  const feed = { changed: () => undefined };
  const announce = announceTo({ memory: deps.memory, cuts: [(ended) => mcp.cut(ended)], feed });
  const mcp = openMcpEnforcement({
    ...deps,
    announce: (change, ended) => {
      deps.announce(change, ended);
      announce(change, ended);
    },
    upstream,
    authenticate: (secret) => authenticate({ ...control, operatorHash: control.operatorHash }, secret),
    ...allowedNames(url, url),
    publicUrl: url,
    log: { warn: (fields) => faults.push(fields), error: (fields) => faults.push(fields) },
    limits,
    version: '0.0.1',
  });
  http.on('request', (request, response) => {
    const server = mcpServerOf(request.url ?? '/');
    if (server === undefined) response.writeHead(404).end();
    else mcp.handle(request, response, server);
  });

  const post: McpFixture['post'] = (path, secret, body, headers = {}) =>
    new Promise((resolve, reject) => {
      const text = typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body);
      const request = httpRequest(
        `${url}${path}`,
        {
          method: 'POST',
          headers: {
            'content-type': 'application/json',
            accept: 'application/json, text/event-stream',
            ...(secret === null ? {} : { authorization: `Bearer ${secret}` }),
            ...headers,
          },
          agent: false,
        },
        (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('error', reject);
          response.on('end', () => {
            const whole = Buffer.concat(chunks).toString('utf8');
            const last = whole.startsWith('data: ')
              ? (whole.trimEnd().split('\n\n').at(-1) ?? '').slice('data: '.length)
              : whole;
            resolve({
              status: response.statusCode ?? 0,
              headers: response.headers,
              text: whole,
              body: last === '' ? {} : (JSON.parse(last) as JsonObject), // every message is an object
            });
          });
        },
      );
      request.on('error', reject);
      request.end(text);
    });

  return {
    ...fixture,
    mcp,
    url,
    port,
    sent,
    faults,
    post,
    async bearer({
      kind = 'task_token',
      agent: of = task.agent,
      task: named = kind === 'task_token' ? task.id : null,
    } = {}) {
      const secret = control.random.secret(kind === 'task_token' ? 'mdt' : 'mdk');
      const at = control.clock.now();
      const credential: Credential = {
        id: control.random.id('crd'),
        kind,
        hash: control.hasher.sha256(secret),
        actor: of,
        task: named,
        label: null,
        issued_by: null,
        created_at: at,
        expires_at: kind === 'task_token' ? plusMs(at, 900_000) : null,
        stepped_up_at: null,
        ended_at: null,
        ended_reason: null,
        version: 1,
      };
      await control.write({ noun: 'credential', value: credential });
      return { secret, credential };
    },
    async addTask(change) {
      const added: Task = { ...task, id: control.random.id('tsk'), ...change };
      await control.write({ noun: 'task', value: added });
      deps.memory.load(added.id, { calls: 0 });
      return added;
    },
    answerWith: (next) => {
      answering = next;
    },
    raw: (bytes, until) =>
      new Promise((resolve, reject) => {
        const socket = connect(port, '127.0.0.1');
        let got = '';
        socket.setTimeout(5_000, () => reject(new Error(`no end after: ${got}`)));
        socket.on('data', (chunk) => {
          got += chunk.toString('latin1');
          if (until?.test(got) === true) socket.destroy();
        });
        socket.on('error', (error: NodeJS.ErrnoException) => {
          if (error.code !== 'ECONNRESET' && error.code !== 'EPIPE') reject(error);
        });
        socket.on('close', () => resolve(got));
        socket.write(bytes);
      }),
    decisions: async () =>
      (await control.records())
        .filter((row) => row.kind === 'decision')
        .map((row) => JSON.parse(row.text) as JsonObject), // every record is an object
    connectionClosed: () => new Promise((resolve) => closings.push(resolve)),
    async close() {
      await mcp.close();
      http.closeAllConnections();
      await listening.close();
    },
  };
}

const ENVELOPE = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientInfo': { name: 'test', version: '1' },
  'io.modelcontextprotocol/clientCapabilities': {},
} as const;

/** A modern request with the headers that belong to it. */
export function modern(
  method: string,
  params: JsonObject = {},
  meta: JsonObject = {},
): { readonly body: JsonObject; readonly headers: Record<string, string> } {
  const named = typeof params['name'] === 'string' && method !== 'initialize' ? { 'mcp-name': params['name'] } : {};
  return {
    body: { jsonrpc: '2.0', id: 1, method, params: { ...params, _meta: { ...ENVELOPE, ...meta } } },
    headers: { 'mcp-protocol-version': '2026-07-28', 'mcp-method': method, ...named },
  };
}

export function legacy(method: string, params: JsonObject = {}, id: number | string = 1): JsonObject {
  return { jsonrpc: '2.0', id, method, params };
}

export const INITIALIZE = legacy('initialize', {
  protocolVersion: '2025-11-25',
  capabilities: {},
  clientInfo: { name: 'test', version: '1' },
});
