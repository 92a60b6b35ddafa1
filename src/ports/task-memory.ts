import type { TaskId } from '../core/ids.ts';
import type { Budget } from '../core/scope.ts';

/**
 * What happened so far in each open task. Budgets are reserved before a decision and settled after it, so that parallel
 * calls neither exceed a budget nor are falsely denied, and denied calls consume nothing.
 */
export interface TaskMemory {
  /** Loads what a task has spent, once, before its first call on this process. */
  load(task: TaskId, spent: { readonly calls: number }): void;
  has(task: TaskId): boolean;
  /** Null when the budget has no room left. Unknown tasks have no room. */
  reserve(task: TaskId, budget: Budget): Reservation | null;
  spent(task: TaskId): { readonly calls: number };
  forget(task: TaskId): void;
}

/** Settled exactly once; a second time does nothing. */
export interface Reservation {
  keep(): void;
  release(): void;
}
