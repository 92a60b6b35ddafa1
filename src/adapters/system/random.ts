import { randomBytes } from 'node:crypto';
import { recordId } from '../../core/ids.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Random } from '../../ports/random.ts';

const SECRET_BYTES = 32;
const ID_RANDOM_BYTES = 10;

/** Randomness of the operating system; ids also carry the time of `clock`. */
export function systemRandom(clock: Pick<Clock, 'now'>): Random {
  return {
    bytes: (count) => new Uint8Array(randomBytes(count)),
    id: (prefix) => recordId(prefix, clock.now(), randomBytes(ID_RANDOM_BYTES)),
    secret: (prefix) => `${prefix}_${randomBytes(SECRET_BYTES).toString('base64url')}`,
  };
}
