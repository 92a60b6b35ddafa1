import type { IncomingMessage } from 'node:http';
import { ERROR_CODE } from '../../standards/mcp/error-code.ts';
import { HEADER } from '../../standards/mcp/header.ts';
import type { McpNotification, McpRequest } from '../../standards/mcp/message.ts';
import type { AgentCaller } from './admit.ts';
import type { LiveRequest } from './live-requests.ts';
import type { Refusal } from './refusal.ts';
import type { Reply } from './reply.ts';
import type { Session, Sessions } from './sessions.ts';
import { headerOf, type Spoken } from './spoken.ts';

/** Legacy requests after `initialize` name their session; any other holder of its id learns that there is none. */
export function findSession(
  sessions: Sessions,
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

export const NO_SESSION: Refusal = {
  status: 404,
  code: ERROR_CODE.invalid_request,
  message: 'There is no such session; begin with initialize.',
};

/** Keeps the request where its client can cancel it; null when the id is that of another one. */
export function noteRequest(session: Session | null, message: McpRequest, live: LiveRequest): (() => void) | null {
  if (session === null) return () => undefined;
  if (session.requests.has(message.id)) return null;
  session.requests.set(message.id, () => live.abort());
  return () => session.requests.delete(message.id);
}

/** A client's notification. Only a cancellation does anything, and only to a request of the same session. */
export function take(message: McpNotification, session: Session | null, reply: Reply): void {
  const id = message.method === 'notifications/cancelled' ? message.params?.['requestId'] : undefined;
  if (typeof id === 'string' || typeof id === 'number') session?.requests.get(id)?.();
  reply.acknowledge(202);
}
