import type { Chain } from './delegation.ts';
import type { ActorId, EnvironmentId, TaskId } from './ids.ts';
import type { Instant } from './instant.ts';
import type { Budget, Scope } from './scope.ts';

/** Where the words of a purpose came from: always the authenticated caller, never the body of a request. */
export const PURPOSE_SOURCES = ['human', 'schedule', 'event', 'parent', 'agent'] as const;
export type PurposeSource = (typeof PURPOSE_SOURCES)[number];

/** `operator` is the holder of the admin token. */
export const TRIGGER_KINDS = ['human', 'workload', 'agent', 'operator'] as const;
export type TriggerKind = (typeof TRIGGER_KINDS)[number];

/** Who or what set the task going. */
export interface Trigger {
  readonly kind: TriggerKind;
  readonly id: string;
}

export interface Revision {
  readonly revision: number;
  readonly purpose: string;
  readonly purpose_source: PurposeSource;
  readonly set_by: string;
  readonly at: Instant;
}

export const TASK_STATES = ['open', 'closed', 'expired', 'ended'] as const;
export type TaskState = (typeof TASK_STATES)[number];

/** What authority hangs on: a purpose, a scope, budgets and an end. */
export interface Task {
  readonly id: TaskId;
  readonly agent: ActorId;
  readonly environment: EnvironmentId;
  /** The current one; every earlier one stays in `revisions`. */
  readonly purpose: string;
  readonly purpose_source: PurposeSource;
  readonly revision: number;
  readonly revisions: readonly Revision[];
  readonly trigger: Trigger;
  /** On whose authority, through whom, to the agent of this task. */
  readonly chain: Chain;
  readonly scope: Scope;
  readonly budget: Budget;
  readonly parent: TaskId | null;
  readonly state: TaskState;
  /** True for the task of an agent that connected before anyone stated a purpose: it may only read. */
  readonly purpose_unstated: boolean;
  readonly opened_at: Instant;
  readonly expires_at: Instant;
  readonly ended_at: Instant | null;
  readonly ended_reason: string | null;
  readonly version: number;
}

export const PURPOSE_CHARS_MAX = 2000;
export const TASK_MS_MAX = 12 * 3_600_000;
/** For an agent that calls before a purpose exists. */
export const PURPOSE_NOT_STATED = 'purpose not stated';

/** Open and not past its end. Expiry counts from the moment, not from when somebody noticed. */
export function isOpen(task: Pick<Task, 'state' | 'expires_at'>, now: Instant): boolean {
  return task.state === 'open' && now < task.expires_at;
}

/** The task with a new purpose: a new revision, to which earlier approvals and credentials no longer apply. */
export function revisePurpose(
  task: Task,
  next: {
    readonly purpose: string;
    readonly purpose_source: PurposeSource;
    readonly set_by: string;
    readonly at: Instant;
  },
): Task {
  const revision = task.revision + 1;
  return {
    ...task,
    purpose: next.purpose,
    purpose_source: next.purpose_source,
    purpose_unstated: false,
    revision,
    revisions: [...task.revisions, { revision, ...next }],
    version: task.version + 1,
  };
}

export function endTask(task: Task, state: Exclude<TaskState, 'open'>, reason: string, now: Instant): Task {
  return { ...task, state, ended_at: now, ended_reason: reason, version: task.version + 1 };
}
