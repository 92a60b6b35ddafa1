import type { Decision } from '../core/decision.ts';
import { reason, type ReasonCode } from '../core/reasons.ts';
import type { EvidenceReceipt } from '../ports/evidence-log.ts';
import type { AuthorizeDeps, AuthorizeRequest } from './authorize.ts';
import { preconditions, type Standing } from './preconditions.ts';
import { decisionOf, decisionRecord, type Decided } from './record-decision.ts';

/**
 * A recorded deny of something that no policy is asked about: a kind of request that is not supported, or a fault on the
 * way. Never throws; the receipt is null when it could not be recorded.
 */
export async function refuseAction(
  deps: AuthorizeDeps,
  request: AuthorizeRequest,
  code: ReasonCode,
): Promise<{ readonly decision: Decision; readonly receipt: EvidenceReceipt | null }> {
  const startedUs = deps.clock.monotonicUs();
  const at = deps.clock.now();
  const asked = { agent: request.agent, task: request.task, action: request.action };
  const checked = preconditions(deps.snapshot, asked, at);
  const found: Partial<Standing> = checked.ok ? checked.standing : checked.found;
  const decided: Decided = {
    id: deps.random.id('dec'),
    at,
    effect: 'deny',
    reasons: [reason(code)],
    determining: [],
    policy: null,
    approval: null,
    asked,
    credential: request.credential,
    found,
    saw: null,
    spent: request.task === null ? { calls: 0 } : deps.memory.spent(request.task),
    claims: request.claims,
    latency_us: Math.round(deps.clock.monotonicUs() - startedUs),
  };
  const { record, facts } = decisionRecord(deps.hasher, deps.node, decided);
  try {
    return { decision: decisionOf(decided), receipt: await deps.evidence.append(record, facts) };
  } catch {
    return { decision: decisionOf(decided), receipt: null }; // a deny stands whether or not it could be recorded
  }
}
