import type { Pool } from 'undici';
import { HEADER } from '../../standards/mcp/header.ts';
import type { McpMessage, McpRequest } from '../../standards/mcp/message.ts';
import type { Era } from '../../standards/mcp/revision.ts';
import { offProtocol, unreachable } from './fault.ts';
import { exchange, type Reply } from './http-exchange.ts';
import type { UpstreamLimits } from './limits.ts';
import type { LinkAnswer, LinkEvents, Outgoing } from './link.ts';
import { asJson } from './read-answer.ts';
import { replyToServer } from './request-text.ts';
import { openStop } from './stop.ts';

/** The endpoint of one server. */
export interface Endpoint {
  readonly pool: Pool;
  readonly path: string;
  readonly limits: UpstreamLimits;
}

/** One request with all it needs on the wire. */
export interface HttpRequest {
  readonly id: number;
  readonly text: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  readonly onWrite: () => void;
  readonly onNotification: Outgoing['onNotification'];
  readonly onServerRequest: Outgoing['onServerRequest'];
  /** Modern servers cannot ask, and there is no way to answer one that does. */
  readonly era: Era;
}

export interface HttpAnswer {
  readonly status: number;
  readonly session: string | undefined;
  readonly answer: LinkAnswer;
}

/** What a status other than success means when it comes without a JSON-RPC answer. */
export class HttpStatus extends Error {
  readonly status: number;
  constructor(status: number) {
    super(`HTTP ${status}`);
    this.name = 'HttpStatus';
    this.status = status;
  }
}

/**
 * One request and its answer. What else the server says in the stream is handed on or refused.
 * @throws HttpStatus when the server answered with an error status and no message
 */
export async function ask(endpoint: Endpoint, request: HttpRequest, events: LinkEvents): Promise<HttpAnswer> {
  const { limits } = endpoint;
  const { id } = request;
  let answer: LinkAnswer | undefined;
  let notified = 0;
  let asked = 0;

  function onMessage(message: McpMessage, bytes: number): 'more' | 'done' {
    switch (message.kind) {
      case 'result':
        if (message.id !== id) throw offProtocol('The server answered another request than ours.', RAN);
        answer = { kind: 'result', result: message.result, bytes };
        return 'done';
      case 'error':
        // A null id stands for a request that could not be read, and ours is the only one here.
        if (message.id !== id && message.id !== null)
          throw offProtocol('The server answered another request than ours.', RAN);
        answer = { kind: 'error', error: message.error, bytes };
        return 'done';
      case 'notification':
        notified += 1;
        if (message.method === 'notifications/tools/list_changed') events.onToolsChanged();
        else if (notified <= limits.notifications_per_request_max && bytes <= limits.notification_bytes_max)
          handOn(message.method, message.params, request);
        return 'more';
      case 'request':
        asked += 1;
        if (asked > limits.server_requests_max) throw offProtocol('The server asks too much in one answer.', RAN);
        refuseRequest(endpoint, request, message);
        return 'more';
    }
  }

  const { text, headers, signal, onWrite } = request;
  const reply = await post(endpoint, { text, headers, signal, onWrite, onMessage });
  if (answer !== undefined) return { status: reply.status, session: reply.session, answer };
  if (reply.status >= 400) throw new HttpStatus(reply.status);
  throw unreachable('The server ended its answer before it was complete.', RAN);
}

/** A notification or an answer of ours: the server only says that it took it. Rejects like {@link ask}. */
export async function tell(
  endpoint: Endpoint,
  text: string,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<void> {
  const reply = await post(endpoint, { text, headers, signal, onWrite: () => undefined, onMessage: () => 'done' });
  if (reply.status >= 400) throw new HttpStatus(reply.status);
}

/** As {@link tell}, where nothing depends on it: bounded in time, and a failure changes nothing. */
export async function tellIfPossible(
  endpoint: Endpoint,
  text: string,
  headers: Readonly<Record<string, string>>,
): Promise<void> {
  const stop = openStop(endpoint.limits.goodbye_ms_max);
  await tell(endpoint, text, headers, stop.signal)
    .catch(() => undefined) // the server may be gone, which is what we say anyway
    .finally(() => stop.dispose());
}

const RAN = { may_have_run: true };

interface PostText {
  readonly text: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  readonly onWrite: () => void;
  readonly onMessage: (message: McpMessage, bytes: number) => 'more' | 'done';
}

function post(
  { pool, path, limits }: Endpoint,
  { text, headers, signal, onWrite, onMessage }: PostText,
): Promise<Reply> {
  return exchange({
    pool,
    path,
    limits,
    method: 'POST',
    body: text,
    headers: { ...HEADERS, ...headers },
    signal,
    onWrite,
    onMessage,
  });
}

const HEADERS = {
  'content-type': 'application/json',
  accept: 'application/json, text/event-stream',
  'accept-encoding': 'identity',
};

/** Only what belongs to this request; the token of a progress notification was ours and stays here. */
function handOn(method: string, params: Parameters<typeof asJson>[0], request: HttpRequest): void {
  if (method === 'notifications/progress') {
    const { progressToken, ...rest } = asJson(params);
    if (progressToken === request.id) request.onNotification(method, rest);
    return;
  }
  if (method === 'notifications/message') request.onNotification(method, asJson(params));
}

function refuseRequest(endpoint: Endpoint, request: HttpRequest, asked: McpRequest): void {
  if (asked.method !== 'ping') request.onServerRequest(asked.method, asJson(asked.params));
  if (request.era === 'legacy') void tellIfPossible(endpoint, replyToServer(asked), request.headers);
}

/** Headers of a legacy request within a session. */
export function legacyHeaders(revision: string, session: string | undefined): Readonly<Record<string, string>> {
  return { [HEADER.protocolVersion]: revision, ...(session === undefined ? {} : { [HEADER.sessionId]: session }) };
}
