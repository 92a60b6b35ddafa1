import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Caller } from '../../core/caller.ts';
import { isMandateError } from '../../core/errors.ts';
import type { JsonObject } from '../../core/json.ts';
import type { ActorId, TaskId } from '../../core/ids.ts';
import { unstatedTask } from '../../govern/open-unstated-task.ts';
import type { PerformDeps } from '../../govern/perform.ts';
import type { Ended } from '../../govern/snapshot.ts';
import { ERROR_CODE } from '../../standards/mcp/error-code.ts';
import { HEADER } from '../../standards/mcp/header.ts';
import type { McpMessage, McpNotification, McpRequest, RequestId } from '../../standards/mcp/message.ts';
import { admit, type AgentCaller } from './admit.ts';
import { callTool } from './call-tool.ts';
import { claimsOf, clientClaims } from './claims.ts';
import { sendResult, type Exchange } from './exchange.ts';
import { discover, initialize } from './introduce.ts';
import { MCP_LIMITS, type McpLimits } from './limits.ts';
import type { Log } from './log.ts';
import { listTools } from './list-tools.ts';
import { openLiveRequests, type LiveRequest } from './live-requests.ts';
import { bodyHeadFault, readBody } from './read-body.ts';
import { readMessage } from './read-message.ts';
import { httpRefusal, type Refusal } from './refusal.ts';
import { acceptsOf, openReply, type Reply } from './reply.ts';
import { openSessions, type Session } from './sessions.ts';
import { headerOf, readSpoken, type Spoken } from './spoken.ts';
import { refuseUnsupported } from './unsupported.ts';

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
    const found = sessionFor(message, spoken, request, caller, route);
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
      await dispatch(request, exchange);
    } finally {
      release();
    }
  }

  async function dispatch(request: IncomingMessage, begun: Omit<Exchange, 'task' | 'claims'>): Promise<void> {
    const { spoken, session, request: message } = begun;
    const client = spoken.era === 'modern' ? clientClaims(spoken.clientInfo) : session?.client;
    const claims = claimsOf(deps.hasher, { headers: request.headers, era: spoken.era, client, params: message.params });
    const exchange = (task: TaskId | null): Exchange => ({ ...begun, task, claims });
    const { caller } = begun;
    if (spoken.era === 'modern' && message.method === 'server/discover') return discover(deps, exchange(caller.task));
    if (spoken.era === 'legacy' && message.method === 'initialize')
      return initialize(deps, sessions, exchange(caller.task));
    if (spoken.era === 'legacy' && message.method === 'ping') return sendResult(exchange(caller.task), {});
    const task = await taskOf(caller);
    begun.live.task = task;
    if (message.method === 'tools/list') return listTools(deps, exchange(task));
    if (message.method === 'tools/call') return callTool(deps, exchange(task), request.headers);
    return refuseUnsupported(deps, exchange(task));
  }

  /** A connection key names no task: its calls belong to the one without a purpose. Null leads to a recorded deny. */
  async function taskOf(caller: AgentCaller): Promise<TaskId | null> {
    if (caller.task !== null) return caller.task;
    try {
      return (await unstatedTask(deps, { agent: caller.agent, credential: caller.credential })).id;
    } catch (error) {
      if (!isMandateError(error)) throw error;
      deps.log.warn(
        { event: 'mcp_no_task', agent: caller.agent, code: error.code },
        'No task could be opened for a connection key.',
      );
      return null;
    }
  }

  /** Legacy requests after `initialize` name their session; any other holder of its id learns that there is none. */
  function sessionFor(
    message: McpRequest | McpNotification,
    spoken: Spoken,
    request: IncomingMessage,
    caller: AgentCaller,
    route: string | null,
  ): { readonly session: Session | null } | { readonly refusal: Refusal } {
    if (spoken.era === 'modern' || message.method === 'initialize') return { session: null };
    const asked = message.kind === 'request' ? { id: message.id } : {};
    const id = headerOf(request.headers, HEADER.sessionId);
    if (id === undefined) {
      return {
        refusal: {
          status: 400,
          code: ERROR_CODE.invalid_request,
          message: `The ${HEADER.sessionId} header is missing; begin with initialize.`,
          ...asked,
        },
      };
    }
    const session = sessions.find(id, caller, route);
    if (session === undefined) return { refusal: { ...NO_SESSION, ...asked } };
    if (spoken.revision !== undefined && spoken.revision !== session.revision) {
      return {
        refusal: {
          status: 400,
          code: ERROR_CODE.header_mismatch,
          message: 'The MCP-Protocol-Version header is not the version of this session.',
          ...asked,
        },
      };
    }
    return { session };
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

const NO_SESSION: Refusal = {
  status: 404,
  code: ERROR_CODE.invalid_request,
  message: 'There is no such session; begin with initialize.',
};

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

/** Keeps the request where its client can cancel it; null when the id is that of another one. */
function noteRequest(session: Session | null, message: McpRequest, live: LiveRequest): (() => void) | null {
  if (session === null) return () => undefined;
  if (session.requests.has(message.id)) return null;
  session.requests.set(message.id, () => live.abort());
  return () => session.requests.delete(message.id);
}

/** A client's notification. Only a cancellation does anything, and only to a request of the same session. */
function take(message: McpNotification, session: Session | null, reply: Reply): void {
  const id = message.method === 'notifications/cancelled' ? message.params?.['requestId'] : undefined;
  if (typeof id === 'string' || typeof id === 'number') session?.requests.get(id)?.();
  reply.acknowledge(202);
}
