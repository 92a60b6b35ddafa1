import type { Caller } from '../../core/caller.ts';
import { SESSION_COOKIE } from '../../core/session-cookie.ts';
import { MandateError } from '../../core/errors.ts';
import { authenticateSession } from '../../govern/authenticate.ts';
import { readCredential } from '../../standards/http-request/credential.ts';
import { foreignPage } from '../../standards/http-request/site.ts';
import type { PagesDeps } from './deps.ts';

export type Viewer = Extract<Caller, { kind: 'human' }>;

/**
 * The human who looks at a page; null when nobody is signed in (any more), so that a page can ask them to.
 * @throws auth.both, auth.invalid for a credential that is no cookie of ours, auth.origin for what another site sends
 */
export function viewerOf(deps: PagesDeps, request: Request): Viewer | null {
  const credential = readCredential(request.headers, SESSION_COOKIE);
  switch (credential.kind) {
    case 'none':
      return null;
    case 'both':
      throw new MandateError('auth.both');
    case 'bearer':
    case 'malformed':
      throw new MandateError('auth.invalid', 'Pages are for people who signed in; programs use the API.');
    case 'cookie': {
      const why = foreignPage({ method: request.method, headers: request.headers }, deps.origins);
      if (why !== null) throw new MandateError('auth.origin', why);
      return sessionOrNull(deps, credential.secret);
    }
  }
}

/** A session that is over is nobody's; any other fault stays a fault. */
function sessionOrNull(deps: PagesDeps, cookie: string): Viewer | null {
  try {
    return authenticateSession(deps, cookie);
  } catch (error) {
    if (error instanceof MandateError && error.code === 'auth.invalid') return null;
    throw error;
  }
}
