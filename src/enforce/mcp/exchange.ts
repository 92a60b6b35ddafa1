import type { Action } from '../../core/action.ts';
import type { ServerId, TaskId } from '../../core/ids.ts';
import type { Json, JsonObject } from '../../core/json.ts';
import type { AuthorizeRequest } from '../../govern/authorize.ts';
import type { PerformDeps } from '../../govern/perform.ts';
import { ERROR_CODE, httpStatusOf } from '../../standards/mcp/error-code.ts';
import type { McpRequest } from '../../standards/mcp/message.ts';
import type { AgentCaller } from './admit.ts';
import { DECISION_KEY, decisionMeta, type Shown } from './decision-meta.ts';
import type { Log } from './log.ts';
import type { McpLimits } from './limits.ts';
import type { LiveRequest } from './live-requests.ts';
import type { Reply } from './reply.ts';
import type { Session } from './sessions.ts';
import type { Spoken } from './spoken.ts';

/** What the methods need to be answered. */
export interface AnswerDeps extends PerformDeps {
  /** The origin under which people reach the pages, without a slash at the end. */
  readonly publicUrl: string;
  readonly limits: McpLimits;
  readonly log: Log;
  /** Of Mandate, as clients show it. */
  readonly version: string;
}

/** One admitted request on its way to its answer. */
export interface Exchange {
  readonly caller: AgentCaller;
  /** The server of the address; null on the common one. */
  readonly route: string | null;
  readonly request: McpRequest;
  readonly spoken: Spoken;
  /** Of a legacy client; null in the modern era, and for `initialize`. */
  readonly session: Session | null;
  /** The caller's own task, or the one found for its connection key; null when there is none to be had. */
  readonly task: TaskId | null;
  readonly claims: JsonObject;
  readonly live: LiveRequest;
  readonly reply: Reply;
}

/** JSON-RPC code of a refused action whose method has no `isError`; `error.data` is the decision. */
export const REFUSED = 4030;

export function sendResult(
  exchange: Exchange,
  result: JsonObject,
  headers: Readonly<Record<string, string>> = {},
): void {
  const said = exchange.spoken.era === 'modern' ? { resultType: 'complete', ...result } : result;
  exchange.reply.send(200, { jsonrpc: '2.0', id: exchange.request.id, result: said }, headers);
}

/** An error of the exchange itself: in the modern era its code also sets the HTTP status. */
export function sendError(exchange: Exchange, code: number, message: string, data?: Json, status = 200): void {
  const error = { code, message, ...(data === undefined ? {} : { data }) };
  exchange.reply.send(status, { jsonrpc: '2.0', id: exchange.request.id, error });
}

export function sendMethodNotFound(exchange: Exchange): void {
  const status = exchange.spoken.era === 'modern' ? httpStatusOf(ERROR_CODE.method_not_found) : 200;
  sendError(exchange, ERROR_CODE.method_not_found, 'This method is not known here.', undefined, status);
}

/** A refused action of a method whose results have no `isError`. */
export function sendRefused(deps: AnswerDeps, exchange: Exchange, shown: Shown, message: string): void {
  sendError(exchange, REFUSED, message, decisionMeta(shown, deps.publicUrl));
}

/** The question for govern. The action's server is noted, so that its removal cuts this request. */
export function askFor(exchange: Exchange, action: Action): AuthorizeRequest {
  exchange.live.server = action.server;
  const { caller, task, claims } = exchange;
  return { agent: caller.agent, credential: caller.credential, task, action, claims };
}

/** `_meta` with the decision on an action. */
export function withDecision(deps: AnswerDeps, meta: JsonObject | undefined, shown: Shown): JsonObject {
  return { ...meta, [DECISION_KEY]: decisionMeta(shown, deps.publicUrl) };
}

/** An action on a server that has no arguments of its own. */
export function actionOn(server: ServerId, kind: Action['kind'], method: string, params: JsonObject = {}): Action {
  return { kind, server, tool: null, method, params };
}
