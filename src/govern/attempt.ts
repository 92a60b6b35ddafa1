import { isMandateError } from '../core/errors.ts';
import { reason, type Reason } from '../core/reasons.ts';
import type { Decision } from '../core/decision.ts';
import type { EvidenceReceipt } from '../ports/evidence-log.ts';
import type { Reservation } from '../ports/task-memory.ts';
import type { AuthorizeDeps, AuthorizeRequest } from './authorize.ts';
import type { PolicyAnswer } from './decide.ts';
import type { AskedAction, Standing } from './preconditions.ts';
import { decisionOf, decisionRecord, type Decided } from './record-decision.ts';

/** One request on its way to its decision. */
export interface Attempt {
  readonly asked: AskedAction;
  readonly request: AuthorizeRequest;
  readonly id: Decided['id'];
  readonly at: Decided['at'];
  readonly elapsedUs: () => number;
  readonly spent: () => { readonly calls: number };
  /** What was found so far, so that a fault is recorded with it. */
  found: Partial<Standing>;
  reservation: Reservation | null;
}

export function begin(deps: AuthorizeDeps, request: AuthorizeRequest): Attempt {
  const startedUs = deps.clock.monotonicUs();
  return {
    asked: { agent: request.agent, task: request.task, action: request.action, credential: request.credential },
    request,
    id: deps.random.id('dec'),
    at: deps.clock.now(),
    elapsedUs: () => Math.round(deps.clock.monotonicUs() - startedUs),
    spent: () => (request.task === null ? { calls: 0 } : deps.memory.spent(request.task)),
    found: {},
    reservation: null,
  };
}

/** What a decision says beside what the attempt knows. */
export interface Outcome extends Pick<Decided, 'effect' | 'reasons'> {
  readonly answer?: PolicyAnswer | null;
  readonly approval?: Decided['approval'];
}

export function decided(attempt: Attempt, { effect, reasons, answer = null, approval = null }: Outcome): Decided {
  return {
    id: attempt.id,
    at: attempt.at,
    effect,
    reasons,
    determining: answer?.verdict.determining ?? [],
    policy: answer?.policy ?? null,
    approval,
    asked: attempt.asked,
    credential: attempt.request.credential,
    found: attempt.found,
    saw: answer?.saw ?? null,
    spent: attempt.spent(),
    claims: attempt.request.claims,
    latency_us: attempt.elapsedUs(),
  };
}

/** @throws evidence.unavailable */
export function append(deps: AuthorizeDeps, made: Decided): Promise<EvidenceReceipt> {
  const { record, facts } = decisionRecord(deps.hasher, deps.node, made);
  return deps.evidence.append(record, facts);
}

/**
 * The deny that a fault ends in: reported, and recorded when the log still takes records. Without a receipt it says
 * that nothing was recorded; it stands either way.
 * @param why what the caller is told; left out: the code of the fault
 */
export async function denyAfterFault(
  deps: AuthorizeDeps,
  attempt: Attempt,
  fault: unknown,
  why?: Reason,
): Promise<{ readonly decision: Decision; readonly receipt: EvidenceReceipt | null }> {
  deps.report(fault);
  attempt.reservation?.release();
  const unrecordable = isMandateError(fault) && fault.code === 'evidence.unavailable';
  const told = why ?? reason(unrecordable ? 'evidence.unavailable' : 'internal.fault');
  // What the budget says may be what failed.
  const made = decided({ ...attempt, spent: () => ({ calls: 0 }) }, { effect: 'deny', reasons: [told] });
  const decision = decisionOf(made);
  if (unrecordable) return { decision, receipt: null };
  try {
    return { decision, receipt: await append(deps, made) };
  } catch (second) {
    deps.report(second);
    return { decision, receipt: null };
  }
}
