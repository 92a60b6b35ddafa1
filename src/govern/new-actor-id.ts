import { MandateError } from '../core/errors.ts';
import { actorId, type ActorId } from '../core/ids.ts';
import { checkedId } from './checked-text.ts';
import type { Snapshot } from './snapshot.ts';

/** How records name callers that are not actors, and who wrote something down: an actor of this name could pose as them. */
const RESERVED: readonly string[] = ['operator', 'mandate', 'sample', 'system'];

/** An id that no actor of any kind ever had. @throws input.invalid, conflict.exists */
export function newActorId(snapshot: Snapshot, text: string): ActorId {
  const id = actorId(checkedId(text));
  if (RESERVED.includes(text)) throw new MandateError('input.invalid', `The id ${text} is reserved.`, { at: '/id' });
  if (snapshot.actor(id) !== undefined)
    throw new MandateError('conflict.exists', `The id ${text} is taken; ids are never reused.`, { at: '/id' });
  return id;
}
