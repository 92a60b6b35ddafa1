import type { Decision } from '../../core/decision.ts';
import { isJsonObject, type Json, type JsonObject } from '../../core/json.ts';
import { MandateError } from '../../core/errors.ts';
import { approvalUrl } from '../../core/page-url.ts';
import type { EvidenceReceipt } from '../../ports/evidence-log.ts';
import type { Performed } from '../../govern/perform.ts';
import { ERROR_CODE } from '../../standards/mcp/error-code.ts';
import { offersUrlElicitation, resultTypeOf, type UrlElicitation } from '../../standards/mcp/input-required.ts';
import { isRawNumber } from '../../standards/strict-json/raw-number.ts';
import { DECISION_KEY, decisionMeta, isHidden, type Shown } from './decision-meta.ts';
import { REFUSED, sendError, sendResult, withDecision, type AnswerDeps, type Exchange } from './exchange.ts';
import { deniedText, elicitationText, failedText, heldText } from './refusal-text.ts';
import { sealState } from './request-state.ts';
import type { ToolAddress } from './tool-address.ts';

export interface Call {
  readonly performed: Performed;
  readonly address: ToolAddress;
  /** As the client wrote it. */
  readonly named: string;
  /** The client repeats it after it was asked to show a page; it is not asked the same twice. */
  readonly again: boolean;
}

/** The answer to a `tools/call`, as it was decided and as it came back. */
export function sendPerformed(deps: AnswerDeps, exchange: Exchange, call: Call): void {
  const { performed } = call;
  switch (performed.kind) {
    case 'answered':
      return performed.answer.kind === 'result'
        ? sendServerResult(deps, exchange, call, performed, performed.answer.result)
        : sendServerError(deps, exchange, call, performed, performed.answer.error);
    case 'denied':
      if (isHidden(performed.decision)) return sendUnknown(deps, exchange, call.named, performed);
      return sendText(deps, exchange, deniedText(performed.decision, call.named), performed);
    case 'held':
      return sendHeld(deps, exchange, call, performed);
    case 'failed':
      return sendText(deps, exchange, failedText(performed.error, call.named), performed);
  }
}

/** A fault of our own on the way: denied, and recorded where that was possible. */
export function sendFault(deps: AnswerDeps, exchange: Exchange, shown: Shown): void {
  sendError(exchange, ERROR_CODE.internal, 'A fault inside the gateway; the call is denied.', {
    code: 'internal',
    [DECISION_KEY]: decisionMeta(shown, deps.publicUrl),
  });
}

/** Also for a tool that is there but not for this task: the two answers have the same words. */
function sendUnknown(deps: AnswerDeps, exchange: Exchange, named: string, shown: Shown): void {
  sendError(
    exchange,
    ERROR_CODE.invalid_params,
    `Unknown tool: ${named.slice(0, NAME_CHARS_SHOWN_MAX).toWellFormed()}`,
    {
      [DECISION_KEY]: decisionMeta(shown, deps.publicUrl),
    },
  );
}

const NAME_CHARS_SHOWN_MAX = 128;

function sendText(deps: AnswerDeps, exchange: Exchange, text: string, shown: Shown): void {
  sendResult(exchange, {
    content: [{ type: 'text', text }],
    isError: true,
    _meta: withDecision(deps, undefined, shown),
  });
}

/** Where the client can show a page it is asked to; else the model reads where a person has to go. */
function sendHeld(
  deps: AnswerDeps,
  exchange: Exchange,
  call: Call,
  performed: Extract<Performed, { kind: 'held' }>,
): void {
  const { approval, decision } = performed;
  const url = approvalUrl(deps.publicUrl, approval.id);
  const message = elicitationText(decision, call.named);
  const { spoken, session, caller, task } = exchange;
  if (spoken.era === 'modern' && !call.again && task !== null && offersUrlElicitation(spoken.capabilities)) {
    const approve: UrlElicitation = { method: 'elicitation/create', params: { mode: 'url', message, url } };
    return sendResult(exchange, {
      resultType: 'input_required',
      inputRequests: { approval: { method: approve.method, params: { ...approve.params } } },
      requestState: sealState(deps.hasher, approval, { agent: caller.agent, task }),
      _meta: withDecision(deps, undefined, performed),
    });
  }
  if (spoken.era === 'legacy' && session?.offers_url === true) {
    // 2025-11-25, Elicitation: "the request cannot proceed until an elicitation is completed", then it is sent again.
    return sendError(exchange, ERROR_CODE.url_elicitation_required, heldText(approval, call.named, deps.publicUrl), {
      elicitations: [{ mode: 'url', elicitationId: approval.id, url, message }],
      [DECISION_KEY]: decisionMeta(performed, deps.publicUrl),
    });
  }
  return sendText(deps, exchange, heldText(approval, call.named, deps.publicUrl), performed);
}

interface Recorded {
  readonly decision: Decision;
  readonly receipt: EvidenceReceipt;
}

/** The server's result with our word on it, in the words of the client's era. */
function sendServerResult(
  deps: AnswerDeps,
  exchange: Exchange,
  call: Call,
  recorded: Recorded,
  result: JsonObject,
): void {
  if (resultTypeOf(result) !== 'complete') return sendText(deps, exchange, wantedInput(call.named), recorded);
  const meta = result['_meta'];
  const { resultType: _said, ...rest } = result;
  sendResult(exchange, {
    ...(exchange.spoken.era === 'modern' ? rest : legacyResult(rest)),
    _meta: withDecision(deps, isPlainObject(meta) ? meta : undefined, recorded),
  });
}

/** Legacy `structuredContent` is an object; a client would refuse the whole result over another one. */
function legacyResult(result: JsonObject): JsonObject {
  const structured = result['structuredContent'];
  if (structured === undefined || isPlainObject(structured)) return result;
  const { structuredContent: _dropped, ...rest } = result;
  return rest;
}

/** Codes by which a server could speak in our name, or send a person to a page of its choice. */
const NOT_ITS_OWN: ReadonlySet<number> = new Set([
  REFUSED,
  ERROR_CODE.url_elicitation_required,
  ERROR_CODE.header_mismatch,
  ERROR_CODE.missing_client_capability,
  ERROR_CODE.unsupported_protocol_version,
]);

function sendServerError(
  deps: AnswerDeps,
  exchange: Exchange,
  call: Call,
  recorded: Recorded,
  error: { readonly code: number; readonly message: string; readonly data?: Json },
): void {
  if (error.code === ERROR_CODE.url_elicitation_required)
    return sendText(deps, exchange, wantedInput(call.named), recorded);
  const code = NOT_ITS_OWN.has(error.code) ? ERROR_CODE.internal : error.code;
  const decision = { [DECISION_KEY]: decisionMeta(recorded, deps.publicUrl) };
  if (error.data === undefined || NOT_ITS_OWN.has(error.code))
    return sendError(exchange, code, error.message, decision);
  // Data that is no object has no room for more; it is passed on as it is.
  sendError(exchange, code, error.message, isPlainObject(error.data) ? { ...error.data, ...decision } : error.data);
}

function isPlainObject(value: Json | undefined): value is JsonObject {
  return isJsonObject(value) && !isRawNumber(value);
}

function wantedInput(named: string): string {
  const error = new MandateError(
    'upstream.protocol',
    'The server asked the user for something, which it may not do here.',
    { may_have_run: true },
  );
  return failedText(error, named);
}
