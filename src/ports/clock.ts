import type { Instant } from '../core/instant.ts';

export interface Clock {
  /** Now, by the wall. May step; durations are measured with `monotonicUs`. */
  now(): Instant;
  /** Microseconds since some fixed moment; never steps back. */
  monotonicUs(): number;
}
