import { canonicalJson } from '../core/canonical-json.ts';
import { reason } from '../core/reasons.ts';
import type { PinnedTool } from '../core/tool.ts';
import { authorize, type Authorized, type AuthorizeDeps, type AuthorizeRequest } from './authorize.ts';
import { outcomeRecord } from './records.ts';
import { visibleTools } from './visible-tools.ts';

export interface VisibleList {
  readonly authorized: Authorized;
  /** By name; empty unless the list was allowed. */
  readonly tools: readonly PinnedTool[];
}

/**
 * The tools of one server for one task, decided and recorded like a call, and answered from the pins: the permit is
 * never spent, since nothing is asked of the server. No list is released before its outcome is durable; where that
 * fails, it is a deny without a receipt. Never throws.
 */
export async function listVisible(deps: AuthorizeDeps, request: AuthorizeRequest): Promise<VisibleList> {
  const startedUs = deps.clock.monotonicUs();
  const authorized = await authorize(deps, request);
  if (authorized.effect !== 'allow') return { authorized, tools: [] };
  try {
    const task = request.task === null ? undefined : deps.snapshot.task(request.task);
    const tools = task === undefined ? [] : visibleTools(deps.snapshot, task, request.action.server);
    await deps.evidence.append(
      outcomeRecord(deps, deps.clock.now(), {
        of: authorized.decision.id,
        status: 'completed',
        result_digest: deps.hasher.keyed(canonicalJson(tools.map(({ name, digest }) => [name, digest]))),
        duration_ms: Math.round((deps.clock.monotonicUs() - startedUs) / 1000),
      }),
    );
    return { authorized, tools };
  } catch (fault) {
    deps.report(fault);
    const reasons = [reason('evidence.unavailable')];
    return {
      authorized: { effect: 'deny', decision: { ...authorized.decision, effect: 'deny', reasons }, receipt: null },
      tools: [],
    };
  }
}
