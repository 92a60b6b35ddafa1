import type { TaskMemory } from '../ports/task-memory.ts';
import type { Feed } from './feed.ts';
import type { Control } from './make-change.ts';
import type { Ended } from './snapshot.ts';

/** Cuts what this process still runs for what ended: streams, connections, processes. Must not throw, and not wait. */
export type Cut = (ended: Ended) => void;

export interface Listening {
  readonly memory: Pick<TaskMemory, 'load' | 'forget'>;
  /** In this order; more may be added while changes are announced. */
  readonly cuts: readonly Cut[];
  readonly feed: Pick<Feed, 'changed'>;
}

/**
 * What follows from a change in force, as the `announce` of a Control: an opened task may spend from now on, what ended is
 * cut, an ended task is forgotten (once nothing of it can still come), and whoever watches is told.
 */
export function announceTo({ memory, cuts, feed }: Listening): Control['announce'] {
  return (change, ended) => {
    for (const write of change.writes) {
      // Of a task that is known already, its memory keeps what was spent.
      if (write.noun === 'task' && write.value.state === 'open') memory.load(write.value.id, { calls: 0 });
    }
    for (const cut of cuts) cut(ended);
    for (const task of ended.tasks) memory.forget(task);
    feed.changed(change);
  };
}
