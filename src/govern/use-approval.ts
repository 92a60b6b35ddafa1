import { consumeApproval, type Approval } from '../core/approval.ts';
import { isMandateError } from '../core/errors.ts';
import type { ApprovalId, DecisionId } from '../core/ids.ts';
import { makeChange, type Control } from './make-change.ts';

/**
 * Uses an approval up for the one decision it was given for. Of any number of uses at the same time, on this process or
 * another, exactly one gets it.
 * @returns the used approval; null when there is none to use: unknown, not approved, expired, another digest, used already
 */
export function useApproval(
  control: Control,
  request: { readonly approval: ApprovalId; readonly digest: string; readonly decision: DecisionId },
): Promise<Approval | null> {
  return control.exclusively(async () => {
    const now = control.clock.now();
    const approval = control.snapshot.approval(request.approval);
    const used = approval === undefined ? null : consumeApproval(approval, request.digest, now);
    if (used === null) return null;
    try {
      await makeChange(control, {
        caller: { kind: 'mandate' },
        kind: 'approval_used',
        subject: { noun: 'approval', id: used.id },
        reason: null,
        details: { agent: used.agent, digest: used.digest, decision: request.decision },
        writes: [{ noun: 'approval', value: used }],
        now,
      });
    } catch (error) {
      // Another process was first; anything else is a fault, and the caller denies.
      if (isMandateError(error) && error.code === 'conflict.version') return null;
      throw error;
    }
    return used;
  }, 'agent');
}
