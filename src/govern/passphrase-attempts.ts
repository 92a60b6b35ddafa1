import { MandateError } from '../core/errors.ts';
import type { Instant } from '../core/instant.ts';

export const FAILURES_PER_HUMAN_PER_MINUTE_MAX = 5;
/** Against guessing one common passphrase for many humans; also what keeps the memory of attempts small. */
export const FAILURES_PER_MINUTE_MAX = 50;
/** Each costs about 100 ms of a thread and 32 MiB. */
export const CHECKS_AT_ONCE_MAX = 8;
const MINUTE_MS = 60_000;

/** Of each control plane, known by its one snapshot. */
const recent = new WeakMap<object, { failures: readonly Failure[]; checking: number }>();
interface Failure {
  readonly human: string;
  readonly at: Instant;
}

/**
 * Runs one check of a passphrase. It counts as a failure from its start, so that guesses made at the same time do not
 * slip in before the first is known to be wrong.
 * @param owner whatever these attempts are counted for, by identity
 * @throws auth.rate
 */
export async function limitedAttempt(
  owner: object,
  human: string,
  now: Instant,
  check: () => Promise<boolean>,
): Promise<boolean> {
  const state = recent.get(owner) ?? { failures: [], checking: 0 };
  recent.set(owner, state);
  state.failures = state.failures.filter((failure) => now - failure.at < MINUTE_MS && failure.at <= now);
  const ofHuman = state.failures.filter((failure) => failure.human === human).length;
  if (
    ofHuman >= FAILURES_PER_HUMAN_PER_MINUTE_MAX ||
    state.failures.length >= FAILURES_PER_MINUTE_MAX ||
    state.checking >= CHECKS_AT_ONCE_MAX
  ) {
    throw new MandateError('auth.rate');
  }
  const attempt: Failure = { human: human.slice(0, 40), at: now };
  state.failures = [...state.failures, attempt];
  state.checking += 1;
  try {
    const right = await check();
    if (right) state.failures = state.failures.filter((failure) => failure !== attempt);
    return right;
  } finally {
    state.checking -= 1;
  }
}
