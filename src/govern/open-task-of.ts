import { MandateError } from '../core/errors.ts';
import type { Instant } from '../core/instant.ts';
import { isOpen, type Task } from '../core/task.ts';
import type { Snapshot } from './snapshot.ts';

/** The task of this id, still open. @throws not_found, task.closed */
export function openTaskOf(snapshot: Snapshot, id: string, now: Instant): Task {
  const task = snapshot.task(id);
  if (task === undefined) throw new MandateError('not_found', 'There is no such task.');
  if (!isOpen(task, now))
    throw new MandateError(
      'task.closed',
      task.ended_reason === null ? undefined : `The task is not open: ${task.ended_reason}`,
    );
  return task;
}
