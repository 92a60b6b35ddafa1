import { approvalState, voidApproval, type Approval } from '../core/approval.ts';
import type { Write } from '../core/change.ts';
import { endCredential, type Credential } from '../core/credential.ts';
import { isInChain } from '../core/delegation.ts';
import type { ActorId, TaskId } from '../core/ids.ts';
import type { Instant } from '../core/instant.ts';
import { endTask, isOpen, type Task, type TaskState } from '../core/task.ts';
import type { Snapshot } from './snapshot.ts';

/** Gathers all that one change ends, each record once, so that it ends together. */
export interface Endings {
  /** The task, its children, their tokens and their unused approvals. */
  task(task: Task, state: Exclude<TaskState, 'open'>, reason: string): void;
  /** What hangs on a task, but not the task: a revised purpose ends it. */
  workOf(task: Task, reason: string): void;
  /** Every open task that the actor holds or stands in the chain of. */
  tasksThrough(actor: ActorId, reason: string): void;
  credential(credential: Credential, reason: string): void;
  approval(approval: Approval, state: 'expired' | 'void'): void;
  writes(): readonly Write[];
  counts(): { readonly tasks: number; readonly credentials: number; readonly approvals: number };
}

export function gatherEndings(snapshot: Snapshot, now: Instant): Endings {
  const tasks = new Map<TaskId, Write>();
  const credentials = new Map<string, Write>();
  const approvals = new Map<string, Write>();

  const endings: Endings = {
    task(task, state, reason) {
      if (task.state !== 'open' || tasks.has(task.id)) return;
      tasks.set(task.id, { noun: 'task', value: endTask(task, state, reason, now) });
      endings.workOf(task, reason);
    },
    workOf(task, reason) {
      for (const child of snapshot.openTasks())
        if (child.parent === task.id) endings.task(child, isOpen(child, now) ? 'ended' : 'expired', reason);
      for (const credential of snapshot.credentialsOf(task.agent)) {
        if (credential.task === task.id) endings.credential(credential, reason);
      }
      for (const approval of snapshot.approvalsOf(task.agent)) {
        if (approval.subject.kind === 'action' && approval.subject.task === task.id) endings.approval(approval, 'void');
      }
    },
    tasksThrough(actor, reason) {
      for (const task of snapshot.openTasks()) {
        if (task.agent === actor || isInChain(task.chain, actor)) endings.task(task, 'ended', reason);
      }
    },
    credential(credential, reason) {
      if (credential.ended_at !== null) return;
      credentials.set(credential.id, { noun: 'credential', value: endCredential(credential, reason, now) });
    },
    approval(approval, state) {
      if (!UNUSED.has(approval.state)) return;
      const expired = state === 'expired' || approvalState(approval, now) === 'expired';
      approvals.set(approval.id, { noun: 'approval', value: voidApproval(approval, expired ? 'expired' : 'void') });
    },
    writes: () => [...tasks.values(), ...credentials.values(), ...approvals.values()],
    counts: () => ({ tasks: tasks.size, credentials: credentials.size, approvals: approvals.size }),
  };
  return endings;
}

const UNUSED: ReadonlySet<Approval['state']> = new Set(['pending', 'approved', 'confirmed']);

/** Counts for a record, under names that redaction does not take for secrets. */
export function countsOf(counts: { readonly tasks: number; readonly credentials: number; readonly approvals: number }) {
  return { tasks_ended: counts.tasks, credentials_ended: counts.credentials, approvals_ended: counts.approvals };
}
