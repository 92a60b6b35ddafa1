import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Caller } from '../../core/caller.ts';
import type { JsonObject } from '../../core/json.ts';
import type { ActorId } from '../../core/ids.ts';
import type { PerformDeps } from '../../govern/perform.ts';
import type { Ended } from '../../govern/snapshot.ts';
import { ERROR_CODE } from '../../standards/mcp/error-code.ts';
import { HEADER } from '../../standards/mcp/header.ts';
import type { McpMessage, RequestId } from '../../standards/mcp/message.ts';
import { admit, type AgentCaller } from './admit.ts';
import { dispatch } from './dispatch.ts';
import { findSession, NO_SESSION, noteRequest, take } from './find-session.ts';
import { MCP_LIMITS, type McpLimits } from './limits.ts';
import type { Log } from './log.ts';
import { openLiveRequests, type LiveRequest } from './live-requests.ts';
import { bodyHeadFault, readBody } from './read-body.ts';
import { readMessage } from './read-message.ts';
import { httpRefusal, type Refusal } from './refusal.ts';
import { acceptsOf, openReply, type Reply } from './reply.ts';
import { openSessions } from './sessions.ts';
import { headerOf, readSpoken } from './spoken.ts';

export interface McpEnforcementDeps extends PerformDeps {
  /** @throws auth.missing, auth.invalid */
  authenticate(bearer: string): Caller;
  /** Values of `Host` that name this process, lower case, with the port as clients write it. */
  readonly hosts: readonly string[];
  /** Values of `Origin` that may call; requests without one come from programs. */
  readonly origins: readonly string[];
  /** The origin under which people reach the pages, without a slash at the end. */
  readonly publicUrl: string;
  readonly log: Log;
  readonly limits?: Partial<McpLimits>;
  /** As clients show it. */
  readonly version?: string;
}

export interface McpEnforcement {
  /** Answers one request on `/mcp/{server}` (its name as written in the path) or, with null, on `/mcp`. Never throws. */
  handle(request: IncomingMessage, response: ServerResponse, server: string | null): void;
  /** Cuts the requests, streams and sessions of what ended, at once. Upstream contexts are not ours to end. */
  cut(ended: Ended): void;
  /** How many requests and streams of this agent are open. */
  streamsOf(agent: ActorId): number;
  stats(): { readonly in_flight: number; readonly sessions: number };
  /** Refuses what comes, waits a little for what is in flight, then cuts it. */
  close(): Promise<void>;
}

/** The governed MCP endpoint: turns requests of both eras into actions and decisions into answers. It decides nothing. */
export function openMcpEnforcement(opened: McpEnforcementDeps): McpEnforcement {
  const limits = { ...MCP_LIMITS, ...opened.limits };
  const deps = { ...opened, limits, version: opened.version ?? '0.0.0' };
  const sessions = openSessions(deps, limits);
  const requests = openLiveRequests(limits);
  let closing = false;

  async function serve(request: IncomingMessage, response: ServerResponse, server: string | null): Promise<void> {
    const reply = openReply(request, response, limits);
    if (closing)
      return reply.refuse(httpRefusal(503, 'limit.reached', 'The gateway is stopping.', { connection: 'close' }));
    const admitted = admit(deps, request);
    if (!admitted.ok) return reply.refuse(admitted.refusal);
    const { caller } = admitted;
    if (request.method === 'DELETE') return endSession(request, reply, caller, server);
    if (request.method !== 'POST') {
      // 2025-11-25, Streamable HTTP: a server that has nothing to say on its own answers GET with 405.
      return reply.refuse(
        httpRefusal(405, 'input.invalid', 'Messages are sent with POST; there is no stream to open.', {
          allow: 'POST, DELETE',
        }),
      );
    }
    const head = bodyHeadFault(request, limits) ?? acceptFault(request);
    if (head !== null) return reply.refuse(head);

    const entered = requests.enter({ agent: caller.agent, credential: caller.credential, task: caller.task }, () =>
      reply.cut(),
    );
    if ('full' in entered) {
      const [status, whose] = entered.full === 'agent' ? [429, 'of this agent '] : [503, ''];
      return reply.refuse(
        httpRefusal(status, 'limit.reached', `Too many requests ${whose}are in flight.`, { 'retry-after': '1' }),
      );
    }
    const { live } = entered;
    // A client that went away wants no answer: the work behind it ends too.
    response.once('close', () => live.abort());
    const deadline = setTimeout(() => live.abort(), limits.call_ms_max);
    try {
      await answer(request, reply, live, caller, server);
    } finally {
      clearTimeout(deadline);
      requests.leave(live);
    }
  }

  async function answer(
    request: IncomingMessage,
    reply: Reply,
    live: LiveRequest,
    caller: AgentCaller,
    route: string | null,
  ): Promise<void> {
    const body = await readBody(request, limits);
    if (body.kind === 'gone') return;
    if (body.kind === 'refused') return reply.refuse(body.refusal);
    const read = readMessage(body.bytes, limits);
    if (!read.ok) return reply.refuse(read.refusal);
    const { message } = read;
    if (message.kind === 'result' || message.kind === 'error') return reply.refuse(unasked(message));

    const reading = readSpoken(message, request.headers);
    if (!reading.ok) return reply.refuse(reading.refusal);
    const { spoken } = reading;
    const found = findSession(sessions, message, spoken, request, caller, route);
    if ('refusal' in found) return reply.refuse(found.refusal);
    const { session } = found;
    if (message.kind === 'notification') return take(message, session, reply);

    reply.lastWords(cutShort(message.id));
    const exchange = { caller, route, request: message, spoken, session, live, reply };
    const release = noteRequest(session, message, live);
    if (release === null)
      return reply.refuse({
        status: 400,
        code: ERROR_CODE.invalid_request,
        message: 'This id is in use.',
        id: message.id,
      });
    try {
      await dispatch(deps, sessions, request, exchange);
    } finally {
      release();
    }
  }

  function endSession(request: IncomingMessage, reply: Reply, caller: AgentCaller, route: string | null): void {
    const session = sessions.find(headerOf(request.headers, HEADER.sessionId) ?? '', caller, route);
    if (session === undefined) return reply.refuse(NO_SESSION);
    sessions.end(session);
    for (const abort of session.requests.values()) abort();
    reply.acknowledge(204);
  }

  return {
    handle(request, response, server) {
      serve(request, response, server).catch((error: unknown) => {
        deps.log.error(
          { event: 'mcp_fault', error: String(error) },
          'An MCP request met an internal fault and is denied.',
        );
        const reply = openReply(request, response, limits);
        if (response.headersSent) reply.cut();
        else
          reply.refuse({
            status: 500,
            code: ERROR_CODE.internal,
            message: 'A fault inside the gateway; the request is denied.',
            data: { code: 'internal' },
          });
      });
    },
    cut(ended) {
      sessions.cut(ended);
      requests.cut(ended);
    },
    streamsOf: (agent) => requests.countOf(agent),
    stats: () => ({ in_flight: requests.count(), sessions: sessions.count() }),
    async close() {
      closing = true;
      const late = setTimeout(() => requests.cutAll(), limits.drain_ms_max);
      await requests.idle();
      clearTimeout(late);
    },
  };
}

function acceptFault(request: IncomingMessage): Refusal | null {
  const accepts = acceptsOf(request.headers.accept);
  return accepts.json || accepts.stream
    ? null
    : httpRefusal(406, 'input.invalid', 'Accept must take application/json or text/event-stream.');
}

/** Nothing is ever asked of a client, so an answer belongs to no question. */
function unasked(message: Extract<McpMessage, { kind: 'result' | 'error' }>): Refusal {
  return {
    status: 400,
    code: ERROR_CODE.invalid_request,
    message: 'No question is open.',
    ...(message.id === null ? {} : { id: message.id }),
  };
}

/** What a client reads of a call whose stream was cut: without it, it would wait for its answer to its own deadline. */
function cutShort(id: RequestId): JsonObject {
  const message =
    'Ended by the gateway before its answer: what the call ran under was revoked, or the gateway is stopping. ' +
    'It may have run: check before you repeat it.';
  return { jsonrpc: '2.0', id, error: { code: CONNECTION_CLOSED, message } };
}

/** JSON-RPC 2.0 §5.1 leaves it to the implementation; the official clients give this one to a closed connection. */
const CONNECTION_CLOSED = -32_000;
