import { MandateError } from '../core/errors.ts';
import type { Instant } from '../core/instant.ts';

/** In each lane; a passphrase has at least twelve characters, so this is hopeless to guess and no burden to mistype. */
export const FAILURES_PER_LANE_PER_MINUTE_MAX = 5;
/** Names that nobody has share one lane: guessing names costs work too, but must not keep out those who exist. */
export const FAILURES_OF_UNKNOWN_PER_MINUTE_MAX = 50;
/** Each costs about 100 ms of a thread and 32 MiB. */
export const CHECKS_AT_ONCE_MAX = 8;
/** Of those, at most so many for whoever is not signed in. */
export const CHECKS_AT_THE_DOOR_MAX = 6;
/** Humans and sessions that failed within a minute; more than this is no typing any more. */
export const LANES_MAX = 1000;
const MINUTE_MS = 60_000;

/**
 * Whose attempts are counted together. Proving the second factor in a session has a lane of its own, and so has a link:
 * whoever guesses at the door cannot keep those out who are in already.
 */
export type AttemptLane =
  | { readonly kind: 'human'; readonly id: string }
  | { readonly kind: 'credential'; readonly id: string }
  | { readonly kind: 'unknown' };

interface Attempts {
  readonly failures: Map<string, readonly Instant[]>;
  checking: number;
}

/** Of each control plane, known by its one snapshot. */
const recent = new WeakMap<object, Attempts>();

/**
 * Runs one check of a passphrase. It counts as a failure from its start, so that guesses made at the same time do not
 * slip in before the first is known to be wrong.
 * @param owner whatever these attempts are counted for, by identity
 * @throws auth.rate
 */
export async function limitedAttempt(
  owner: object,
  lane: AttemptLane,
  now: Instant,
  check: () => Promise<boolean>,
): Promise<boolean> {
  const state = recent.get(owner) ?? { failures: new Map<string, readonly Instant[]>(), checking: 0 };
  recent.set(owner, state);
  forgetOld(state, now);
  const key = lane.kind === 'unknown' ? lane.kind : `${lane.kind} ${lane.id}`;
  const failed = state.failures.get(key) ?? [];
  const most = lane.kind === 'unknown' ? FAILURES_OF_UNKNOWN_PER_MINUTE_MAX : FAILURES_PER_LANE_PER_MINUTE_MAX;
  const noRoom = failed.length === 0 && state.failures.size >= LANES_MAX;
  const checks = lane.kind === 'credential' ? CHECKS_AT_ONCE_MAX : CHECKS_AT_THE_DOOR_MAX;
  if (failed.length >= most || noRoom || state.checking >= checks) throw new MandateError('auth.rate');
  state.failures.set(key, [...failed, now]);
  state.checking += 1;
  try {
    const right = await check();
    if (right) takeBack(state, key, now);
    return right;
  } finally {
    state.checking -= 1;
  }
}

/** Only this attempt was none; what others guessed meanwhile still counts. */
function takeBack({ failures }: Attempts, key: string, at: Instant): void {
  const counted = failures.get(key) ?? [];
  const own = counted.lastIndexOf(at);
  failures.set(
    key,
    counted.filter((_, index) => index !== own),
  );
}

function forgetOld({ failures }: Attempts, now: Instant): void {
  for (const [key, times] of failures) {
    const kept = times.filter((at) => now - at < MINUTE_MS && at <= now);
    if (kept.length === 0) failures.delete(key);
    else failures.set(key, kept);
  }
}
