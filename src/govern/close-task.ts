import type { Caller } from '../core/caller.ts';
import { MandateError } from '../core/errors.ts';
import { isOwner } from '../core/ownership.ts';
import type { Task } from '../core/task.ts';
import { checkedReason } from './checked-text.ts';
import { currentCaller } from './current-caller.ts';
import { countsOf, gatherEndings } from './end-work.ts';
import { makeChange, type ChangeMade, type Control } from './make-change.ts';
import { openTaskOf } from './open-task-of.ts';
import { holdsRole } from './require-role.ts';
import type { Snapshot } from './snapshot.ts';

export interface TaskClosed {
  readonly task: Task;
  readonly ended: { readonly tasks: number; readonly credentials: number; readonly approvals: number };
  readonly in_force_ms: number;
}

/**
 * Closes a task and ends its children, tokens and unused approvals. For its own agent, whoever triggered it, the agent's
 * owners, admins, security and the operator.
 * @throws auth.forbidden, not_found, task.closed, input.invalid
 */
export function closeTask(
  control: Control,
  request: { readonly caller: Caller; readonly task: string; readonly reason: string },
): Promise<TaskClosed> {
  return control.exclusively(async () => {
    const now = control.clock.now();
    const caller = currentCaller(control.snapshot, request.caller, now);
    const task = openTaskOf(control.snapshot, request.task, now);
    if (!mayClose(control.snapshot, caller, task)) {
      throw new MandateError(
        'auth.forbidden',
        'Only its agent, whoever triggered it, an owner, an admin or security may close a task.',
      );
    }
    const reason = checkedReason(request.reason);
    const endings = gatherEndings(control.snapshot, now);
    endings.task(task, 'closed', reason);
    const ended = endings.counts();
    const made: ChangeMade = await makeChange(control, {
      caller,
      kind: 'task_closed',
      subject: { noun: 'task', id: task.id },
      reason,
      details: { agent: task.agent, ...countsOf(ended) },
      writes: endings.writes(),
      now,
    });
    return { task: control.snapshot.task(task.id) ?? task, ended, in_force_ms: made.in_force_ms };
  }, request.caller.kind);
}

/** Its agent, whoever triggered it, an owner, an admin, security, the operator. */
export function mayClose(snapshot: Snapshot, caller: Caller, task: Task): boolean {
  if (holdsRole(caller, 'admin', 'security')) return true;
  if (caller.kind === 'agent') return caller.agent === task.agent && caller.task === task.id;
  if (caller.kind !== 'human') return false;
  if (task.trigger.kind === 'human' && task.trigger.id === caller.human.id) return true;
  const owners = snapshot.agent(task.agent)?.owners;
  return owners !== undefined && isOwner(owners, caller.human.id);
}
