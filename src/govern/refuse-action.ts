import type { Decision } from '../core/decision.ts';
import { reason, type ReasonCode } from '../core/reasons.ts';
import type { EvidenceReceipt } from '../ports/evidence-log.ts';
import { append, begin, decided, denyAfterFault } from './attempt.ts';
import type { AuthorizeDeps, AuthorizeRequest } from './authorize.ts';
import { preconditions } from './preconditions.ts';
import { decisionOf } from './record-decision.ts';

/**
 * A recorded deny of something that no policy is asked about: a kind of request that is not supported, or a fault on the
 * way. Whatever fails, it is a deny for this reason; the receipt is null when it could not be recorded.
 */
export async function refuseAction(
  deps: AuthorizeDeps,
  request: AuthorizeRequest,
  code: ReasonCode,
): Promise<{ readonly decision: Decision; readonly receipt: EvidenceReceipt | null }> {
  const attempt = begin(deps, request);
  const why = reason(code);
  try {
    const checked = preconditions(deps.snapshot, attempt.asked, attempt.at);
    attempt.found = checked.ok ? checked.standing : checked.found;
    const made = decided(attempt, { effect: 'deny', reasons: [why] });
    return { decision: decisionOf(made), receipt: await append(deps, made) };
  } catch (fault) {
    return denyAfterFault(deps, attempt, fault, why);
  }
}
