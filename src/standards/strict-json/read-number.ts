import { refuseAt, type Cursor } from './cursor.ts';
import { NUMBER_CHARS_MAX } from './limits.ts';
import { rawNumber, type RawNumber } from './raw-number.ts';
import type { StrictJsonCode } from './refusal.ts';

/** Reads the number at the cursor; `undefined` means refused, also when there is no number at all. */
export function readNumber(cursor: Cursor): number | RawNumber | undefined {
  const { text } = cursor;
  const start = cursor.at;
  const end = endOfNumber(text, start);
  if (end < 0) return refuseAt(cursor, 'syntax', start);
  if (end - start > NUMBER_CHARS_MAX) return refuseAt(cursor, 'number_too_long', start);

  const literal = text.slice(start, end);
  const value = Number(literal);
  const fault = faultOf(literal, value);
  if (fault === undefined) {
    cursor.at = end;
    return value;
  }
  if (fault === 'number_out_of_range' || cursor.numbers === 'refuse') return refuseAt(cursor, fault, start);
  cursor.at = end;
  return rawNumber(literal);
}

/**
 * RFC 8259 §6: `[ minus ] int [ frac ] [ exp ]`. Returns the index after the number, or -1.
 * What follows the number is judged by the caller, so `01` and `1x` fail there.
 */
function endOfNumber(text: string, start: number): number {
  let at = text.charCodeAt(start) === 0x2d ? start + 1 : start;
  if (text.charCodeAt(at) === 0x30) at += 1;
  else if ((at = afterDigits(text, at)) < 0) return -1;

  if (text.charCodeAt(at) === 0x2e && (at = afterDigits(text, at + 1)) < 0) return -1;

  // Setting bit 0x20 makes 'E' and 'e' one case; no other character becomes 'e'.
  if ((text.charCodeAt(at) | 0x20) === 0x65) {
    at += 1;
    const sign = text.charCodeAt(at);
    if (sign === 0x2b || sign === 0x2d) at += 1;
    at = afterDigits(text, at);
  }
  return at;
}

/** The index after one or more digits, or -1 when there is none. */
function afterDigits(text: string, start: number): number {
  let at = start;
  for (;;) {
    const code = text.charCodeAt(at);
    if (!(code >= 0x30 && code <= 0x39)) return at === start ? -1 : at;
    at += 1;
  }
}

/** Decimal digits that every normal double can repeat (C's DBL_DIG). */
const DIGITS_ALWAYS_EXACT = 15;
/** Decimal digits that tell any two doubles apart; no honest writer prints more. */
const DIGITS_MAX = 17;
/** 2^-1022: below it a double has fewer bits and cannot repeat even 15 digits. */
const NORMAL_MIN = 2.2250738585072014e-308;

/** Why `value` does not speak for `literal`, or `undefined` when it does. */
function faultOf(literal: string, value: number): StrictJsonCode | undefined {
  if (!Number.isFinite(value)) return 'number_out_of_range';
  // However it is written: 1e20 is written back as an integer beyond 2^53, and every double up here is an integer.
  if (Math.abs(value) > Number.MAX_SAFE_INTEGER) return 'number_unsafe';
  if (value === 0) {
    if (/[1-9]/.test(mantissa(literal))) return 'number_out_of_range';
    return literal.startsWith('-') ? 'number_negative_zero' : undefined;
  }
  if (literal.length <= DIGITS_ALWAYS_EXACT && Math.abs(value) >= NORMAL_MIN) return undefined;

  const digits = significantDigits(literal);
  if (digits.length > DIGITS_MAX) return 'number_imprecise';
  if (digits.length <= DIGITS_ALWAYS_EXACT && Math.abs(value) >= NORMAL_MIN) return undefined;
  // Faithful when the double, printed with as many digits, says the same. The shortest form is asked too:
  // next to a power of two it can differ from the nearest decimal of its length.
  if (digits === significantDigits(value.toPrecision(digits.length))) return undefined;
  return digits === significantDigits(String(value)) ? undefined : 'number_imprecise';
}

function mantissa(literal: string): string {
  const exponent = literal.search(/e/i);
  return exponent < 0 ? literal : literal.slice(0, exponent);
}

/** The digits without sign, point, exponent, leading and trailing zeros. */
function significantDigits(literal: string): string {
  const digits = mantissa(literal).replace(/[-.]/g, '');
  let start = 0;
  let end = digits.length;
  // Not a regular expression: /0+$/ is quadratic on long runs of zeros.
  while (digits[start] === '0') start += 1;
  while (end > start && digits[end - 1] === '0') end -= 1;
  return digits.slice(start, end);
}
