import type { Approval } from '../core/approval.ts';
import type { Decision } from '../core/decision.ts';
import { isMandateError, MandateError } from '../core/errors.ts';
import type { OutcomeRecord } from '../core/evidence.ts';
import type { JsonObject } from '../core/json.ts';
import { isSecretVariable } from '../core/redaction.ts';
import type { Server } from '../core/server.ts';
import { writeStrictJson } from '../standards/strict-json/write-json.ts';
import type { EvidenceReceipt } from '../ports/evidence-log.ts';
import type { Upstream, UpstreamAnswer } from '../ports/upstream.ts';
import { authorize, type Authorized, type AuthorizeDeps, type AuthorizeRequest } from './authorize.ts';
import { inspectNotification, inspectResult, type Answer } from './inspect-result.ts';
import { outcomeRecord } from './records.ts';
import { recordToolChanged } from './record-tools.ts';

export interface PerformDeps extends AuthorizeDeps {
  readonly upstream: Upstream;
}

export interface PerformRequest extends AuthorizeRequest {
  readonly signal: AbortSignal;
  readonly wants_progress: boolean;
  /** `_meta` for the server: trace context. */
  readonly meta: JsonObject;
  readonly onNotification: (method: string, params: JsonObject) => void;
  readonly onServerRequest: (method: string, params: JsonObject) => void;
}

export type Performed =
  | {
      readonly kind: 'answered';
      readonly decision: Decision;
      readonly receipt: EvidenceReceipt;
      readonly answer: Answer;
    }
  | { readonly kind: 'denied'; readonly decision: Decision; readonly receipt: EvidenceReceipt | null }
  | {
      readonly kind: 'held';
      readonly decision: Decision;
      readonly receipt: EvidenceReceipt;
      readonly approval: Approval;
    }
  /** Allowed, but the server failed or its answer could not be recorded; `error.may_have_run` says which. */
  | {
      readonly kind: 'failed';
      readonly decision: Decision;
      readonly receipt: EvidenceReceipt;
      readonly error: MandateError;
    };

/** One governed action, from the question to the released answer: decide, spend the permit, inspect, record, release. */
export async function perform(deps: PerformDeps, request: PerformRequest): Promise<Performed> {
  const authorized = await authorize(deps, request);
  if (authorized.effect !== 'allow') return refused(authorized);
  const sentUs = deps.clock.monotonicUs();
  const server = deps.snapshot.server(request.action.server);
  const { decision, receipt } = authorized;
  if (server === undefined)
    return fail(deps, decision, receipt, sentUs, new MandateError('not_found', 'The server was removed.'));
  const secrets = secretsOf(server);
  let answer: UpstreamAnswer;
  try {
    answer = await deps.upstream.send(authorized.permit, server, {
      signal: request.signal,
      wants_progress: request.wants_progress,
      meta: request.meta,
      onNotification: (method, params) => request.onNotification(method, inspectNotification(params, secrets)),
      onServerRequest: request.onServerRequest,
    });
  } catch (error) {
    return fail(deps, decision, receipt, sentUs, asMandateError(deps, error));
  }
  if (answer.kind === 'definition_changed') return toolChanged(deps, request, decision, server, answer.offered, sentUs);

  const released = inspectResult(answer, secrets);
  // An error object is plain JSON.
  const text = writeStrictJson(released.kind === 'result' ? released.result : (released.error as JsonObject));
  const failedAtServer = released.kind === 'error' || released.result['isError'] === true;
  try {
    await deps.evidence.append(
      outcome(deps, decision, sentUs, {
        status: failedAtServer ? 'failed' : 'completed',
        code: null,
        result_digest: deps.hasher.keyed(text),
        result_bytes: answer.bytes,
      }),
    );
  } catch (error) {
    // Nothing is released that is not on record.
    const fault = asMandateError(deps, error);
    if (fault === error) deps.report(error);
    return {
      kind: 'failed',
      decision,
      receipt,
      error: new MandateError(fault.code, fault.message, { cause: error, may_have_run: true }),
    };
  }
  return { kind: 'answered', decision, receipt, answer: released };
}

function refused(authorized: Exclude<Authorized, { effect: 'allow' }>): Performed {
  if (authorized.effect === 'hold') {
    return { kind: 'held', decision: authorized.decision, receipt: authorized.receipt, approval: authorized.approval };
  }
  return { kind: 'denied', decision: authorized.decision, receipt: authorized.receipt };
}

/** The tool is not what was decided on: nothing was sent, the pin is blocked, and the same request is decided again. */
async function toolChanged(
  deps: PerformDeps,
  request: PerformRequest,
  decision: Decision,
  server: Server,
  offered: Extract<UpstreamAnswer, { kind: 'definition_changed' }>['offered'],
  sentUs: number,
): Promise<Performed> {
  await deps.evidence.append(
    outcome(deps, decision, sentUs, { status: 'not_sent', code: 'tool.changed', result_digest: null, result_bytes: 0 }),
  );
  await recordToolChanged(deps, { server: server.id, tool: decision.tool ?? '', offered });
  const again = await authorize(deps, request);
  if (again.effect !== 'allow') return refused(again);
  const error = new MandateError('upstream.protocol', 'The server changed the tool while it was called.', {
    may_have_run: false,
  });
  return fail(deps, again.decision, again.receipt, sentUs, error);
}

async function fail(
  deps: PerformDeps,
  decision: Decision,
  receipt: EvidenceReceipt,
  sentUs: number,
  error: MandateError,
): Promise<Performed> {
  const status = error.may_have_run === true ? 'unknown' : 'not_sent';
  try {
    await deps.evidence.append(
      outcome(deps, decision, sentUs, { status, code: error.code, result_digest: null, result_bytes: 0 }),
    );
  } catch (cause) {
    deps.report(cause);
    return {
      kind: 'failed',
      decision,
      receipt,
      error: new MandateError('evidence.unavailable', undefined, { cause, may_have_run: status === 'unknown' }),
    };
  }
  return { kind: 'failed', decision, receipt, error };
}

function outcome(
  deps: PerformDeps,
  decision: Decision,
  sentUs: number,
  became: Pick<OutcomeRecord, 'status' | 'code' | 'result_digest' | 'result_bytes'>,
): OutcomeRecord {
  return outcomeRecord(deps, deps.clock.now(), {
    of: decision.id,
    ...became,
    duration_ms: Math.round((deps.clock.monotonicUs() - sentUs) / 1000),
  });
}

/** Settings that are no secrets stay readable: a region or a path may well stand in an honest answer. */
function secretsOf({ transport }: Server): readonly string[] {
  if (transport.type !== 'stdio') return [];
  return Object.entries(transport.env).flatMap(([name, value]) => (isSecretVariable(name, value) ? [value] : []));
}

/** An error that says nothing about it may have run: doubt counts as an effect. It is no fault that we know, so it is reported. */
function asMandateError(deps: PerformDeps, error: unknown): MandateError {
  if (isMandateError(error)) return error;
  deps.report(error);
  return new MandateError('internal', undefined, { cause: error, may_have_run: true });
}
