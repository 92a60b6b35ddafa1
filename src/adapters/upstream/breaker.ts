import type { Clock } from '../../ports/clock.ts';
import { unreachable } from './fault.ts';
import type { UpstreamLimits } from './limits.ts';

/** Leaves a server alone for a while after it failed several times in a row; each server has its own. */
export interface Breaker {
  /** @throws upstream.unreachable without trying while it is open; after that time lets one call try. */
  enter(): void;
  succeeded(): void;
  failed(): void;
  /** Failures in a row. */
  failures(): number;
}

export function openBreaker(
  clock: Pick<Clock, 'monotonicUs'>,
  limits: Pick<UpstreamLimits, 'breaker_failures_max' | 'breaker_open_ms'>,
): Breaker {
  let failures = 0;
  let openUntilUs = 0;
  return {
    enter() {
      if (failures < limits.breaker_failures_max) return;
      const now = clock.monotonicUs();
      if (now < openUntilUs) {
        throw unreachable('The server failed several times in a row; it is tried again in a few seconds.', {
          may_have_run: false,
        });
      }
      // This call is the trial; the others wait for its verdict, or for another such time.
      openUntilUs = now + limits.breaker_open_ms * 1000;
    },
    succeeded() {
      failures = 0;
    },
    failed() {
      failures += 1;
      if (failures >= limits.breaker_failures_max) openUntilUs = clock.monotonicUs() + limits.breaker_open_ms * 1000;
    },
    failures: () => failures,
  };
}
