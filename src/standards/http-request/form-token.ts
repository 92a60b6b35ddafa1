import { timingSafeEqual } from 'node:crypto';

interface Keyed {
  keyed(text: string): string;
}

/**
 * The token of one form for one holder, which a page of another origin cannot know (OWASP: HMAC-based CSRF token).
 * @param hasher whose `keyed` is an HMAC under a key of this installation
 * @param holder what the browser's cookie stands for: a session's id, or the cookie itself before there is a session
 */
export function formToken(hasher: Keyed, holder: string, form: string): string {
  return hasher.keyed(JSON.stringify(['form', holder, form]));
}

export function isFormToken(hasher: Keyed, holder: string, form: string, given: string | null | undefined): boolean {
  const expected = Buffer.from(formToken(hasher, holder, form));
  const offered = Buffer.from(given ?? '');
  return offered.length === expected.length && timingSafeEqual(offered, expected);
}
