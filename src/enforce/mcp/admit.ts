import type { IncomingMessage } from 'node:http';
import type { Caller } from '../../core/caller.ts';
import { isMandateError } from '../../core/errors.ts';
import { bearerChallenge } from '../../standards/http-request/challenge.ts';
import { bearerOf } from '../../standards/http-request/credential.ts';
import { isHostAllowed } from '../../standards/http-request/host.ts';
import { isForeignPage } from '../../standards/http-request/site.ts';
import { HEADER } from '../../standards/mcp/header.ts';
import type { Log } from './log.ts';
import { httpRefusal, type Refusal } from './refusal.ts';

export interface AdmitDeps {
  /** Values of `Host` that name this process, lower case, with the port as clients write it. */
  readonly hosts: readonly string[];
  /** Values of `Origin` that may call; requests without one come from programs. */
  readonly origins: readonly string[];
  authenticate(bearer: string): Caller;
  readonly log: Log;
}

export type AgentCaller = Extract<Caller, { kind: 'agent' }>;

export type Admission =
  | { readonly ok: true; readonly caller: AgentCaller }
  | { readonly ok: false; readonly refusal: Refusal };

/**
 * Who sends this request, from its head alone. The same rules hold on loopback: a page of another site can reach it, and
 * so can every program of the machine.
 */
export function admit(deps: AdmitDeps, request: IncomingMessage): Admission {
  const head = headFault(deps, request);
  if (head !== null) return { ok: false, refusal: head };
  const authorization = request.headers.authorization;
  if (authorization === undefined) return refuse('auth.missing', 'A bearer token is needed.');
  if (request.headers.cookie !== undefined) {
    return { ok: false, refusal: httpRefusal(400, 'auth.both', 'A cookie and a bearer were sent together; send one.') };
  }
  const bearer = bearerOf(authorization);
  if (bearer === undefined) return refuse('auth.invalid', 'Authorization must be Bearer and a token.');
  let caller: Caller;
  try {
    caller = deps.authenticate(bearer);
  } catch (error) {
    if (!isMandateError(error)) throw error;
    // One that we knew: somebody uses what was taken away.
    if (error.at !== undefined) {
      deps.log.warn({ event: 'mcp_dead_credential', credential: error.at }, 'A credential that ended was used.');
    }
    return refuse('auth.invalid', 'The token is unknown, expired or revoked.');
  }
  if (caller.kind !== 'agent') {
    return refuse('auth.invalid', 'Only the token or the connection key of an agent is accepted here.');
  }
  return { ok: true, caller };
}

/** Read by Mandate or by something before it: twice means that two readers may see different ones. */
const SINGLE: readonly string[] = [
  'host',
  'authorization',
  'origin',
  'content-type',
  'content-length',
  'content-encoding',
  'transfer-encoding',
  ...[HEADER.protocolVersion, HEADER.sessionId, HEADER.method, HEADER.name].map((name) => name.toLowerCase()),
];

function headFault(deps: AdmitDeps, request: IncomingMessage): Refusal | null {
  const { headers, headersDistinct } = request;
  for (const name of Object.keys(headersDistinct)) {
    const repeated = (headersDistinct[name]?.length ?? 0) > 1;
    const single = SINGLE.includes(name) || name.startsWith(HEADER.paramPrefix.toLowerCase());
    if (repeated && single) return httpRefusal(400, 'input.invalid', 'A header that may stand once was sent twice.');
  }
  if (!isHostAllowed(headers.host ?? null, deps.hosts)) {
    return httpRefusal(403, 'auth.origin', 'The Host header does not name this gateway.');
  }
  const [site] = headersDistinct['sec-fetch-site'] ?? [];
  if (isForeignPage({ origin: headers.origin, site }, deps.origins)) {
    return httpRefusal(403, 'auth.origin', 'The request comes from a page of another origin.');
  }
  const target = request.url ?? '';
  if (!target.startsWith('/')) return httpRefusal(400, 'input.invalid', 'The request target must be a path.');
  if (target.includes('?')) {
    // RFC 6750 §2.3: a token in the query ends up in logs and in Referer.
    return httpRefusal(
      400,
      'input.invalid',
      'This address takes no query; a token belongs in the Authorization header.',
    );
  }
  return null;
}

/** The challenge names no `resource_metadata` (RFC 9728 §5.1): a client would look for an authorization server there. */
function refuse(code: 'auth.missing' | 'auth.invalid', message: string): Admission {
  const challenge = bearerChallenge('mandate', code === 'auth.missing' ? 'missing' : 'invalid');
  return { ok: false, refusal: httpRefusal(401, code, message, { 'www-authenticate': challenge }) };
}
