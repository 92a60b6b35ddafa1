import type { Context, MiddlewareHandler } from 'hono';
import { MandateError } from '../../core/errors.ts';
import { isHostAllowed } from '../../standards/http-request/host.ts';
import type { PagesDeps } from './deps.ts';

/** There is no script on these pages, so none may run. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "style-src 'self'",
  "img-src 'self'",
  "form-action 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "require-trusted-types-for 'script'",
].join('; ');

const HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy': CONTENT_SECURITY_POLICY,
  // Not `no-referrer`: with it browsers send `Origin: null` with our own forms (Fetch §3.2), which then could not be
  // told from a foreign page's. Other sites see no referrer with either.
  'referrer-policy': 'same-origin',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=()',
  'cache-control': 'no-store',
};

/** Only under our own names, and never without these headers: also a refusal is a page. */
export function guardPage(deps: Pick<PagesDeps, 'hosts'>): MiddlewareHandler {
  return async (c, next) => {
    if (!isHostAllowed(c.req.header('host') ?? null, deps.hosts)) {
      throw new MandateError('auth.origin', 'This host name is not one that Mandate answers to.');
    }
    await next();
    secure(c);
  };
}

export function secure(c: Context): void {
  for (const [name, value] of Object.entries(HEADERS)) c.header(name, value);
}
