import type { Caller } from '../core/caller.ts';
import { isLive, type Credential } from '../core/credential.ts';
import { MandateError } from '../core/errors.ts';
import { mayAct } from '../core/lifecycle.ts';
import { isOpen } from '../core/task.ts';
import type { Clock } from '../ports/clock.ts';
import type { Hasher } from '../ports/hasher.ts';
import type { Snapshot } from './snapshot.ts';

export interface Authentication {
  readonly snapshot: Snapshot;
  readonly hasher: Hasher;
  readonly clock: Clock;
  /** Of the admin token, as `Hasher.sha256` prints it. */
  readonly operatorHash: string;
}

/** Longer than any secret of ours; what is longer is not worth hashing. */
export const BEARER_CHARS_MAX = 200;

/**
 * Who holds this bearer: the operator, a human's CLI session, an agent's task token or connection key. There is no
 * caller by default: it returns one or throws.
 * @throws auth.missing; auth.invalid, with the id of the credential in `at` when it is one we knew
 */
export function authenticate(deps: Authentication, bearer: string): Caller {
  if (bearer === '') throw new MandateError('auth.missing');
  if (bearer.length > BEARER_CHARS_MAX) throw new MandateError('auth.invalid');
  const hash = deps.hasher.sha256(bearer);
  // Hashes of 32 random bytes are compared: how long that takes says nothing about the secret.
  if (hash === deps.operatorHash) return { kind: 'operator' };
  const credential = deps.snapshot.credentialByHash(hash);
  switch (credential?.kind) {
    case 'cli_session':
      return humanOf(deps, credential);
    case 'task_token':
    case 'connection_key':
      return agentOf(deps, credential);
    case 'session': // a cookie is no bearer
    case 'sign_in_link':
    case 'passphrase':
    case undefined:
      throw new MandateError('auth.invalid');
  }
}

/**
 * The human whose cookie this is.
 * @throws auth.missing, auth.invalid
 */
export function authenticateSession(deps: Authentication, cookie: string): Extract<Caller, { kind: 'human' }> {
  if (cookie === '') throw new MandateError('auth.missing');
  if (cookie.length > BEARER_CHARS_MAX) throw new MandateError('auth.invalid');
  const credential = deps.snapshot.credentialByHash(deps.hasher.sha256(cookie));
  if (credential?.kind !== 'session') throw new MandateError('auth.invalid');
  return humanOf(deps, credential);
}

function humanOf(deps: Authentication, credential: Credential): Extract<Caller, { kind: 'human' }> {
  requireLive(deps, credential);
  const human = deps.snapshot.human(credential.actor);
  if (human?.lifecycle !== 'active') throw dead(credential);
  return { kind: 'human', human, credential: credential.id, stepped_up_at: credential.stepped_up_at };
}

function agentOf(deps: Authentication, credential: Credential): Caller {
  requireLive(deps, credential);
  const agent = deps.snapshot.agent(credential.actor);
  if (agent === undefined || !mayAct(agent.lifecycle)) throw dead(credential);
  if (credential.kind === 'task_token') {
    const task = credential.task === null ? undefined : deps.snapshot.task(credential.task);
    if (task === undefined || task.agent !== agent.id || !isOpen(task, deps.clock.now())) throw dead(credential);
  }
  return { kind: 'agent', agent: agent.id, task: credential.task, credential: credential.id };
}

function requireLive(deps: Authentication, credential: Credential): void {
  if (!isLive(credential, deps.clock.now())) throw dead(credential);
}

/** Names the credential, so that the attempt can be recorded with whose it was. */
function dead(credential: Credential): MandateError {
  return new MandateError('auth.invalid', undefined, { at: credential.id });
}
