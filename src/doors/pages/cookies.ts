import type { Context } from 'hono';
import { deleteCookie, setCookie } from 'hono/cookie';
import type { CookieOptions } from 'hono/utils/cookie';
import { SESSION_MS } from '../../core/credential.ts';
import { SESSION_COOKIE } from '../../core/session-cookie.ts';
import { FORM_COOKIE, type PagesDeps } from './deps.ts';

export function giveSession(deps: PagesDeps, c: Context, secret: string): void {
  setCookie(c, SESSION_COOKIE, secret, { ...attributes(deps), maxAge: SESSION_MS / 1000 });
  deleteCookie(c, FORM_COOKIE, attributes(deps));
}

export function takeSession(deps: PagesDeps, c: Context): void {
  deleteCookie(c, SESSION_COOKIE, attributes(deps));
}

export function giveFormHolder(deps: PagesDeps, c: Context, holder: string): void {
  setCookie(c, FORM_COOKIE, holder, attributes(deps));
}

/** No script reads it, no other site sends it. */
function attributes(deps: PagesDeps): CookieOptions {
  return { path: '/', httpOnly: true, sameSite: 'Strict', secure: deps.publicUrl.startsWith('https:') };
}
