import type { Reservation, TaskMemory } from '../../ports/task-memory.ts';

interface Spent {
  calls: number;
  reserved: number;
}

/** The memory of the tasks that live in this process; what they have spent is read from the evidence at start. */
export function openTaskMemory(): TaskMemory {
  const tasks = new Map<string, Spent>();

  return {
    load(task, spent) {
      if (!tasks.has(task)) tasks.set(task, { calls: spent.calls, reserved: 0 });
    },
    has: (task) => tasks.has(task),
    reserve(task, budget) {
      const entry = tasks.get(task);
      if (entry === undefined) return null;
      if (budget.calls !== undefined && entry.calls + entry.reserved >= budget.calls) return null;
      entry.reserved += 1;
      return settleOnce(entry);
    },
    spent: (task) => ({ calls: tasks.get(task)?.calls ?? 0 }),
    forget: (task) => {
      tasks.delete(task);
    },
  };
}

function settleOnce(entry: Spent): Reservation {
  let settled = false;
  const settle = (kept: number): void => {
    if (settled) return;
    settled = true;
    entry.reserved -= 1;
    entry.calls += kept;
  };
  return { keep: () => settle(1), release: () => settle(0) };
}
