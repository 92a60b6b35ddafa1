import { MandateError, type ErrorCode } from '../core/errors.ts';
import { isSlug } from '../core/ids.ts';
import { redactText } from '../core/redaction.ts';

export const NAME_CHARS_MAX = 200;
export const REASON_CHARS_MAX = 2000;

/** An id that people choose. @throws input.invalid */
export function checkedId(text: string): string {
  if (isSlug(text)) return text;
  throw new MandateError('input.invalid', 'An id is a small letter and up to 30 small letters, digits and hyphens.', {
    at: '/id',
  });
}

/** One line for people. @throws input.invalid */
export function checkedName(text: string, at: string): string {
  return checked(text, { at, chars_max: NAME_CHARS_MAX, unprintable: UNPRINTABLE_IN_A_LINE, code: 'input.invalid' });
}

/** Why someone did something; what looks like a secret is taken out. @throws input.invalid */
export function checkedReason(text: string, at = '/reason'): string {
  return redactText(
    checked(text, { at, chars_max: REASON_CHARS_MAX, unprintable: UNPRINTABLE, code: 'input.invalid' }),
  );
}

/** Words of some length; what looks like a secret is taken out, since they stand in records. @throws `code` */
export function checkedWords(text: string, at: string, chars_max: number, code: ErrorCode): string {
  return redactText(checked(text, { at, chars_max, unprintable: UNPRINTABLE, code }));
}

// Controls, and the marks that make text read in another order than it is stored (Unicode TR 36, §2.7).
const UNPRINTABLE_IN_A_LINE = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u;
const UNPRINTABLE = /(?![\t\n])[\p{Cc}\u202a-\u202e\u2066-\u2069]/u;

function checked(
  text: string,
  rule: { readonly at: string; readonly chars_max: number; readonly unprintable: RegExp; readonly code: ErrorCode },
): string {
  const { at, chars_max, unprintable, code } = rule;
  const words = text.trim();
  const what = at.slice(at.lastIndexOf('/') + 1);
  if (words === '') throw new MandateError(code, `The ${what} is empty.`, { at });
  if (words.length > chars_max)
    throw new MandateError(code, `The ${what} has more than ${chars_max} characters.`, { at });
  if (!words.isWellFormed() || unprintable.test(words)) {
    throw new MandateError(code, `The ${what} holds a character that cannot be shown.`, { at });
  }
  return words;
}
