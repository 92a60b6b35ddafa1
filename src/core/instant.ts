import type { Brand } from './brand.ts';

/** A moment: whole milliseconds since 1970-01-01T00:00:00Z. Core never reads a clock; it is handed one of these. */
export type Instant = Brand<number, 'Instant'>;

export function instant(epochMs: number): Instant {
  if (!Number.isSafeInteger(epochMs)) throw new RangeError(`not whole milliseconds: ${epochMs}`);
  return epochMs as Instant; // the one place that brands
}

export function plusMs(at: Instant, ms: number): Instant {
  return instant(at + ms);
}

/** RFC 3339 in UTC with milliseconds, as every outside interface prints times. Years 1970 to 9999. */
export function toRfc3339(at: Instant): string {
  const days = Math.floor(at / MS_PER_DAY);
  const ms = at - days * MS_PER_DAY;
  const [year, month, day] = civilFromDays(days);
  const two = (n: number): string => String(Math.floor(n)).padStart(2, '0');
  const time = `${two(ms / 3_600_000)}:${two((ms / 60_000) % 60)}:${two((ms / 1000) % 60)}.${String(ms % 1000).padStart(3, '0')}`;
  return `${String(year).padStart(4, '0')}-${two(month)}-${two(day)}T${time}Z`;
}

const MS_PER_DAY = 86_400_000;

/** Days since 1970-01-01 to a proleptic Gregorian date, in 400-year eras that start on 1 March. */
function civilFromDays(daysSinceEpoch: number): readonly [year: number, month: number, day: number] {
  const z = daysSinceEpoch + 719_468;
  const era = Math.floor(z / 146_097);
  const dayOfEra = z - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const marchMonth = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * marchMonth + 2) / 5) + 1;
  const month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9;
  return [yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day];
}
