import { MandateError } from '../core/errors.ts';

const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** `90s`, `30m`, `2h`, `1d` in seconds. @throws input.invalid */
export function seconds(text: string): number {
  const [, count, unit] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  const each = SECONDS[unit ?? ''];
  if (count !== undefined && each !== undefined && Number(count) > 0) return Number(count) * each;
  throw new MandateError('input.invalid', `${JSON.stringify(text)} is not a duration such as 90s, 30m or 2h.`);
}
