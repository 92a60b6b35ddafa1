import type { Budget, Scope } from '../core/scope.ts';
import type { Task } from '../core/task.ts';

/** A restriction that a task may carry. A new one does not compile until `VERIFIED` says whether it is checked. */
type Limit = keyof Scope | keyof Budget;

/** True when the gateway checks the limit by itself, before any policy is asked. */
const VERIFIED: Readonly<Record<Limit, boolean>> = {
  tools: true,
  calls: true,
  destinations: false,
  data_ceiling: false,
  spend: false,
  records: false,
};

/**
 * The limits of this task that nothing here can check, sorted. A limit of zero or an empty list is a limit. A child
 * carries its parent's limits or narrower ones, so its own are all there are.
 */
export function unverifiedLimits({ scope, budget }: Pick<Task, 'scope' | 'budget'>): readonly string[] {
  const carried = { ...scope, ...budget };
  return (Object.keys(VERIFIED) as Limit[]) // its keys by its type
    .filter((limit) => !VERIFIED[limit] && carried[limit] !== undefined)
    .toSorted();
}
