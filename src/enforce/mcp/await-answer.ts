import { approvalState } from '../../core/approval.ts';
import type { ApprovalId } from '../../core/ids.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Snapshot } from '../../govern/snapshot.ts';
import type { McpLimits } from './limits.ts';

/** Often enough that a person does not notice, seldom enough to cost nothing. */
const LOOK_EVERY_MS = 200;

/**
 * Waits until a person has answered, for as long as the limit allows and the client stays. True when the approval is no
 * longer pending, so that the same call is worth deciding again.
 */
export function awaitAnswer(
  deps: {
    readonly snapshot: Snapshot;
    readonly clock: Pick<Clock, 'now'>;
    readonly limits: Pick<McpLimits, 'approval_wait_ms_max'>;
  },
  id: ApprovalId,
  signal: AbortSignal,
): Promise<boolean> {
  const answered = (): boolean => {
    const approval = deps.snapshot.approval(id);
    return approval === undefined || approvalState(approval, deps.clock.now()) !== 'pending';
  };
  return new Promise((resolve) => {
    const settle = (answer: boolean): void => {
      clearInterval(looking);
      clearTimeout(deadline);
      signal.removeEventListener('abort', onAbort);
      resolve(answer);
    };
    const onAbort = (): void => settle(false);
    const looking = setInterval(() => {
      if (answered()) settle(true);
    }, LOOK_EVERY_MS);
    const deadline = setTimeout(() => settle(answered()), deps.limits.approval_wait_ms_max);
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) settle(false);
  });
}
