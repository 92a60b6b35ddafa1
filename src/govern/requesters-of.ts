import type { ActorId } from '../core/ids.ts';
import { callerName } from '../core/caller.ts';
import type { Task } from '../core/task.ts';
import type { Snapshot } from './snapshot.ts';

const OPERATOR = callerName({ kind: 'operator' });

/**
 * The humans who asked for what a task does, and so may not approve any of it: who triggered it, who gave it each of its
 * purposes, and whose client calls. Behind the admin token may be any admin, so what it asked for no admin approves.
 * @param client the human to whom the connection key of the call was issued, if it has one
 */
export function requestersOf(snapshot: Snapshot, task: Task, client: ActorId | null): readonly ActorId[] {
  const asked = new Set<string>(task.revisions.map((revision) => revision.set_by));
  asked.add(task.trigger.kind === 'operator' ? OPERATOR : task.trigger.id);
  if (client !== null) asked.add(client);
  const requesters: ActorId[] = [];
  for (const actor of snapshot.actors()) {
    if (actor.kind !== 'human') continue;
    if (asked.has(actor.id) || (asked.has(OPERATOR) && actor.roles.includes('admin'))) requesters.push(actor.id);
  }
  return requesters;
}
