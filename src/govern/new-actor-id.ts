import { MandateError } from '../core/errors.ts';
import { actorId, isSlug, type ActorId } from '../core/ids.ts';
import type { Snapshot } from './snapshot.ts';

/** How records name callers that are not actors, and who wrote something down: an actor of this name could pose as them. */
const RESERVED: readonly string[] = ['operator', 'mandate', 'sample', 'system'];

/** An id that no actor of any kind ever had. @throws input.invalid, conflict.exists */
export function newActorId(snapshot: Snapshot, text: string): ActorId {
  if (!isSlug(text)) {
    throw new MandateError('input.invalid', 'An id is a small letter and up to 30 small letters, digits and hyphens.', {
      at: '/id',
    });
  }
  if (RESERVED.includes(text)) throw new MandateError('input.invalid', `The id ${text} is reserved.`, { at: '/id' });
  if (snapshot.actor(text) !== undefined)
    throw new MandateError('conflict.exists', `The id ${text} is taken; ids are never reused.`, { at: '/id' });
  return actorId(text);
}
