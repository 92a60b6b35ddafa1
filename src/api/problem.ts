import type { Context } from 'hono';
import { HTTPException } from 'hono/http-exception';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { ERROR_CODES, isMandateError, MandateError, type ErrorCode } from '../core/errors.ts';
import { bearerChallenge } from '../standards/http-request/challenge.ts';

/** RFC 9457 problem details, with a code of the closed list. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: ErrorCode;
  /** Where in the input: a JSON pointer or a name. */
  readonly at?: string;
}

/** The one place that maps codes to HTTP. */
export function httpStatus(code: ErrorCode): ContentfulStatusCode {
  return STATUS[code];
}

/** What a caller may see of a fault. What is not one of ours says nothing of its inside. */
export function problemOf(fault: unknown): Problem {
  const error = asMandateError(fault);
  const { code } = error;
  const status = fault instanceof HTTPException && fault.status < 500 ? fault.status : STATUS[code];
  const detail = STATUS[code] === 500 ? ERROR_CODES[code] : error.message;
  const problem = { type: `urn:mandate:error:${code}`, title: ERROR_CODES[code], status, detail, code };
  // `at` of a refused credential names the credential: that is for our records, not for whoever holds it.
  return error.at === undefined || code.startsWith('auth.') ? problem : { ...problem, at: error.at };
}

export function problemResponse(c: Context, fault: unknown): Response {
  const problem = problemOf(fault);
  const headers: Record<string, string> = { 'content-type': 'application/problem+json' };
  if (problem.status === 401)
    headers['www-authenticate'] = bearerChallenge('mandate', problem.code === 'auth.missing' ? 'missing' : 'invalid');
  if (problem.status === 429 || problem.status === 503) headers['retry-after'] = RETRY_AFTER_S;
  return c.body(JSON.stringify(problem), problem.status as ContentfulStatusCode, headers); // the statuses of STATUS and of 4xx exceptions
}

const RETRY_AFTER_S = '5';

function asMandateError(fault: unknown): MandateError {
  if (isMandateError(fault)) return fault;
  // What is not JSON is refused before; the framework throws this for an empty body where one is needed.
  if (fault instanceof HTTPException && fault.status === 400)
    return new MandateError('input.json', 'A JSON body is needed.');
  if (fault instanceof HTTPException && fault.status < 500)
    return new MandateError('input.invalid', fault.message || undefined);
  return new MandateError('internal', undefined, { cause: fault });
}

const STATUS: Readonly<Record<ErrorCode, ContentfulStatusCode>> = {
  'input.invalid': 400,
  'input.too_large': 413,
  'input.json': 400,
  'auth.missing': 401,
  'auth.invalid': 401,
  'auth.both': 400,
  'auth.forbidden': 403,
  'auth.origin': 403,
  'auth.step_up': 403,
  'auth.rate': 429,
  not_found: 404,
  'conflict.exists': 409,
  'conflict.version': 409,
  'conflict.state': 409,
  'owners.missing': 400,
  'owners.unknown': 400,
  'owners.inactive': 409,
  'owners.unaccepted': 409,
  'owners.same_person': 409,
  'lifecycle.impossible': 409,
  'lifecycle.needs': 409,
  'task.agent_state': 409,
  'task.scope': 400,
  'task.purpose': 400,
  'task.closed': 409,
  'task.elsewhere': 503,
  'server.command': 400,
  'server.definition': 400,
  'approval.digest': 409,
  'approval.ineligible': 403,
  'approval.decided': 409,
  'approval.rate': 429,
  'policy.invalid': 400,
  'config.invalid': 400,
  'data.unreadable': 503,
  'data.locked': 503,
  'data.damaged': 503,
  'data.newer': 503,
  'store.unavailable': 503,
  'evidence.unavailable': 503,
  'upstream.unreachable': 502,
  'upstream.timeout': 504,
  'upstream.too_large': 502,
  'upstream.protocol': 502,
  'upstream.ended': 502,
  'permit.spent': 409,
  'listen.taken': 503,
  'limit.reached': 503,
  internal: 500,
};
