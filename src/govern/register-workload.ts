import type { Workload } from '../core/actor.ts';
import type { Caller } from '../core/caller.ts';
import { checkedName } from './checked-text.ts';
import { currentCaller } from './current-caller.ts';
import { makeChange, type Control } from './make-change.ts';
import { newActorId } from './new-actor-id.ts';
import { checkedSpiffeId, namedOwner } from './register-agent.ts';
import { requireRole } from './require-role.ts';

export interface RegisterWorkloadRequest {
  readonly caller: Caller;
  readonly id: string;
  readonly name: string;
  /** The human who answers for it. */
  readonly owner: string;
  readonly spiffe_id?: string;
}

/**
 * Files software that does not choose its own tools or targets.
 * @throws auth.forbidden, input.invalid, conflict.exists, owners.missing, owners.unknown, owners.inactive
 */
export function registerWorkload(control: Control, request: RegisterWorkloadRequest): Promise<Workload> {
  return control.exclusively(async () => {
    const now = control.clock.now();
    const caller = currentCaller(control.snapshot, request.caller, now);
    requireRole(caller, 'admin', 'security', 'approver', 'member');
    const workload: Workload = {
      id: newActorId(control.snapshot, request.id),
      kind: 'workload',
      name: checkedName(request.name, '/name'),
      owner: { human: namedOwner(control.snapshot, { technical: request.owner }, 'technical'), accepted_at: null },
      spiffe_id: checkedSpiffeId(control.snapshot, request.spiffe_id),
      lifecycle: 'registered',
      created_at: now,
      updated_at: now,
      version: 1,
    };
    await makeChange(control, {
      caller,
      kind: 'registered',
      subject: { noun: 'workload', id: workload.id },
      reason: null,
      details: { owner: workload.owner.human, spiffe_id: workload.spiffe_id },
      writes: [{ noun: 'actor', value: workload }],
      now,
    });
    return workload;
  });
}
