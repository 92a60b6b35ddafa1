import { MandateError } from '../../core/errors.ts';
import { readCookies } from '../../standards/http-request/credential.ts';
import { formToken, isFormToken } from '../../standards/http-request/form-token.ts';
import { foreignPage } from '../../standards/http-request/site.ts';
import { FORM_COOKIE, type PagesDeps } from './deps.ts';
import type { Viewer } from './viewer.ts';

/** The token of this form for this viewer. */
export function tokenFor(deps: PagesDeps, holder: string, form: string): string {
  return formToken(deps.hasher, holder, form);
}

/**
 * What a form before sign-in is bound to: a random cookie, made when there is none.
 * @returns `set` when the browser must be given it
 */
export function formHolder(deps: PagesDeps, request: Request): { readonly holder: string; readonly set: boolean } {
  const [known, ...more] = readCookies(request.headers, FORM_COOKIE);
  if (known !== undefined && more.length === 0 && HOLDER.test(known)) return { holder: known, set: false };
  return { holder: Buffer.from(deps.random.bytes(HOLDER_BYTES)).toString('base64url'), set: true };
}

/** A form that changes something comes from our own page and carries its own token. @throws auth.origin */
export function requireOwnForm(
  deps: PagesDeps,
  request: Request,
  holder: Viewer | string,
  form: string,
  token: string,
): void {
  const why = foreignPage({ method: request.method, headers: request.headers }, deps.origins);
  if (why !== null) throw new MandateError('auth.origin', why);
  const bound = typeof holder === 'string' ? holder : holder.credential;
  if (!isFormToken(deps.hasher, bound, form, token)) {
    throw new MandateError(
      'auth.origin',
      'This form is too old or belongs to another session; go back, reload the page and try again.',
    );
  }
}

const HOLDER_BYTES = 32;
const HOLDER = /^[A-Za-z0-9_-]{43}$/;
