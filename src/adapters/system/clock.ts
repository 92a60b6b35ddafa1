import { instant } from '../../core/instant.ts';
import type { Clock } from '../../ports/clock.ts';

/** The clock of this machine. */
export function systemClock(): Clock {
  return {
    now: () => instant(Date.now()),
    monotonicUs: () => Number(process.hrtime.bigint() / 1000n),
  };
}
