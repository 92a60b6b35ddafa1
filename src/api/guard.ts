import type { Context, MiddlewareHandler } from 'hono';
import type { Caller } from '../core/caller.ts';
import { SESSION_COOKIE } from '../core/session-cookie.ts';
import { MandateError } from '../core/errors.ts';
import { authenticate, authenticateSession } from '../govern/authenticate.ts';
import { readCredential } from '../standards/http-request/credential.ts';
import { isFormToken } from '../standards/http-request/form-token.ts';
import { isHostAllowed } from '../standards/http-request/host.ts';
import { foreignPage, isForeignPage } from '../standards/http-request/site.ts';
import { API_FORM, FORM_HEADER, type ApiDeps, type ApiEnv } from './deps.ts';

/** Answers only under our own names, so that a page cannot point its own name here (DNS rebinding). */
export function guardHost(deps: Pick<ApiDeps, 'hosts'>): MiddlewareHandler {
  return async (c, next) => {
    if (!isHostAllowed(c.req.header('host') ?? null, deps.hosts)) {
      throw new MandateError('auth.origin', 'This host name is not one that Mandate answers to.');
    }
    await next();
  };
}

/** Refuses what a page of another origin sends, whatever credential it has. */
export function guardOrigin(deps: Pick<ApiDeps, 'origins'>): MiddlewareHandler {
  return async (c, next) => {
    const said = { origin: c.req.header('origin'), site: c.req.header('sec-fetch-site') };
    if (isForeignPage(said, deps.origins)) throw new MandateError('auth.origin');
    await next();
  };
}

/** The one authenticator of the API: a caller or a refusal, never a default. Routes of `open` take no credential. */
export function guardCaller(deps: ApiDeps, open: readonly string[]): MiddlewareHandler<ApiEnv> {
  return async (c, next) => {
    if (open.includes(`${c.req.method} ${c.req.path}`)) return next();
    const credential = readCredential(c.req.raw.headers, SESSION_COOKIE);
    switch (credential.kind) {
      case 'none':
        throw new MandateError('auth.missing');
      case 'both':
        throw new MandateError('auth.both');
      case 'malformed':
        throw new MandateError('auth.invalid');
      case 'bearer':
        c.set('via', 'bearer');
        c.set('caller', authenticate(deps, credential.secret));
        break;
      case 'cookie':
        c.set('via', 'cookie');
        c.set('caller', ofOurPage(deps, c, credential.secret));
        break;
    }
    guardKind(c, c.get('caller'));
    await next();
  };
}

function ofOurPage(deps: ApiDeps, c: Context, cookie: string): Caller {
  const caller = authenticateSession(deps, cookie);
  const why = foreignPage({ method: c.req.method, headers: c.req.raw.headers }, deps.origins);
  if (why !== null) throw new MandateError('auth.origin', why);
  if (isRead(c) || isFormToken(deps.hasher, caller.credential, API_FORM, c.req.header(FORM_HEADER))) return caller;
  throw new MandateError('auth.origin', `A request with a cookie that changes something needs ${FORM_HEADER}.`);
}

/** What a kind of caller may never reach, whatever a use case behind it would say. */
function guardKind(c: Context, caller: Caller): void {
  if (caller.kind === 'agent' && !mayAgent(c, caller.task)) {
    throw new MandateError(
      'auth.forbidden',
      'An agent may renew, close and read its own task, and read its own decisions.',
    );
  }
  if (caller.kind !== 'human' || isRead(c) || OF_AUDITORS_TOO.includes(c.req.path)) return;
  if (caller.human.roles.every((role) => role === 'auditor')) {
    throw new MandateError('auth.forbidden', 'An auditor reads everything and changes nothing.');
  }
}

/** Their own session, and a decision that changes nothing. */
const OF_AUDITORS_TOO: readonly string[] = ['/v1/step-up', '/v1/sign-out', '/v1/decide'];

/** A task token reaches its own task alone. Which decisions are its own is for the decisions to say. */
function mayAgent(c: Context, task: string | null): boolean {
  if (task === null) return false;
  const asked = `${c.req.method} ${c.req.path}`;
  const own = `/v1/tasks/${task}`;
  if ([`GET ${own}`, `POST ${own}/token`, `POST ${own}/close`].includes(asked)) return true;
  return /^GET \/v1\/decisions(?:\/[^/]+)?$/.test(asked);
}

function isRead(c: Context): boolean {
  return c.req.method === 'GET' || c.req.method === 'HEAD';
}
