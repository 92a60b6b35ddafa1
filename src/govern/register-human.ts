import { ROLES, type Human, type Role } from '../core/actor.ts';
import { callerName, type Caller } from '../core/caller.ts';
import type { Write } from '../core/change.ts';
import { endCredential, type Credential } from '../core/credential.ts';
import type { Entitlement } from '../core/entitlement.ts';
import { MandateError } from '../core/errors.ts';
import type { ActorId } from '../core/ids.ts';
import { plusMs, type Instant } from '../core/instant.ts';
import type { Hasher } from '../ports/hasher.ts';
import { checkedName } from './checked-text.ts';
import { currentCaller } from './current-caller.ts';
import { knownTools } from './known-tools.ts';
import { makeChange, type Control } from './make-change.ts';
import { newActorId } from './new-actor-id.ts';
import { newLink } from './new-link.ts';
import { requireRole } from './require-role.ts';
import { mayVouch, requireVoucher } from './vouch-for.ts';
import type { Snapshot } from './snapshot.ts';

export interface RegisterHumanRequest {
  readonly caller: Caller;
  readonly id: string;
  readonly name?: string;
  readonly roles: readonly Role[];
  /** What tasks this human asks for may reach; left out: all that the agent itself may. */
  readonly tools?: readonly string[];
  readonly deputy?: string;
}

export interface Invited {
  readonly human: Human;
  /** Of the single-use sign-in link; shown once, to the caller. */
  readonly sign_in_secret: string;
}

/** Humans are reviewed once a year. */
const REVIEW_MS = 365 * 86_400_000;

/**
 * A new human, who becomes active by using the link.
 * @throws auth.forbidden, input.invalid, conflict.exists, task.scope
 */
export function registerHuman(
  deps: Control & { readonly hasher: Hasher },
  request: RegisterHumanRequest,
): Promise<Invited> {
  return deps.exclusively(async () => {
    const now = deps.clock.now();
    const caller = currentCaller(deps.snapshot, request.caller, now);
    requireRole(caller, 'admin');
    const id = newActorId(deps.snapshot, request.id);
    const human: Human = {
      id,
      kind: 'human',
      name: checkedName(request.name ?? request.id, '/name'),
      lifecycle: 'registered',
      roles: checkedRoles(request.roles),
      deputy: checkedDeputy(deps.snapshot, id, request.deputy),
      vouched_by: mayVouch(caller, now) ? callerName(caller) : null,
      entitlement: entitlementOf(deps.snapshot, request.tools, caller, now),
      created_at: now,
      updated_at: now,
      version: 1,
    };
    const { credential, secret } = newLink(deps, { actor: id, issued_by: callerName(caller) }, now);
    await makeChange(deps, {
      caller,
      kind: 'registered',
      subject: { noun: 'human', id },
      reason: null,
      details: {
        roles: human.roles,
        vouched_by: human.vouched_by,
        tools: human.entitlement?.tools ?? null,
        deputy: human.deputy,
        link: credential.id,
      },
      writes: [
        { noun: 'actor', value: human },
        { noun: 'credential', value: credential },
      ],
      now,
    });
    return { human, sign_in_secret: secret };
  });
}

/**
 * Another sign-in link for a human; every older one ends. An active human still needs their passphrase to use it, unless
 * an admin asked for `reset`: then the passphrase and all sessions end too. Who could become someone that may answer
 * approvals must have proved their own second factor.
 * @throws auth.forbidden, auth.step_up, not_found, conflict.state
 */
export function newSignInLink(
  deps: Control & { readonly hasher: Hasher },
  request: { readonly caller: Caller; readonly human: string; readonly reset?: boolean },
): Promise<Invited> {
  return deps.exclusively(async () => {
    const now = deps.clock.now();
    const caller = currentCaller(deps.snapshot, request.caller, now);
    requireRole(caller, 'admin');
    const reset = request.reset === true;
    const human = deps.snapshot.human(request.human);
    if (human === undefined)
      throw new MandateError('not_found', `There is no human ${JSON.stringify(request.human.slice(0, 40))}.`);
    if (human.lifecycle !== 'registered' && human.lifecycle !== 'active') {
      throw new MandateError('conflict.state', `${human.id} is ${human.lifecycle} and cannot sign in.`);
    }
    // Whoever gets such a link becomes that person, with all the standing that the person was given.
    if (human.vouched_by !== null && (reset || human.lifecycle === 'registered')) requireVoucher(caller, now);
    else if (reset && caller.kind === 'operator') {
      throw new MandateError('auth.forbidden', 'Only a human with the role admin may reset a passphrase.');
    }
    const { credential, secret } = newLink(deps, { actor: human.id, issued_by: callerName(caller) }, now);
    const old = deps.snapshot
      .credentialsOf(human.id)
      .filter((one) => one.ended_at === null && (reset || one.kind === 'sign_in_link'));
    await makeChange(deps, {
      caller,
      kind: 'issued',
      subject: { noun: 'human', id: human.id },
      reason: reset ? 'The passphrase was reset.' : null,
      details: { kind: 'sign_in_link', link: credential.id, reset, ended: old.map((one) => one.id) },
      writes: [...endAll(old, 'Another sign-in link was made.', now), { noun: 'credential', value: credential }],
      now,
    });
    return { human, sign_in_secret: secret };
  });
}

/** Ends these, for one reason. */
export function endAll(credentials: readonly Credential[], reason: string, now: Instant): readonly Write[] {
  return credentials.map((one) => ({ noun: 'credential', value: endCredential(one, reason, now) }));
}

function checkedRoles(roles: readonly Role[]): readonly Role[] {
  const distinct = ROLES.filter((role) => roles.includes(role));
  if (distinct.length === 0 || roles.some((role) => !ROLES.includes(role))) {
    throw new MandateError('input.invalid', `A human needs at least one of the roles ${ROLES.join(', ')}.`, {
      at: '/roles',
    });
  }
  return distinct;
}

function checkedDeputy(snapshot: Snapshot, id: ActorId, deputy: string | undefined): ActorId | null {
  if (deputy === undefined) return null;
  const human = snapshot.human(deputy);
  if (human === undefined || human.id === id || human.lifecycle === 'decommissioned') {
    throw new MandateError('input.invalid', 'The deputy must be another human who is registered.', { at: '/deputy' });
  }
  return human.id;
}

function entitlementOf(
  snapshot: Snapshot,
  tools: readonly string[] | undefined,
  caller: Caller,
  now: Instant,
): Entitlement | null {
  if (tools === undefined) return null;
  return {
    tools: knownTools(snapshot, tools, '/tools'),
    set_by: callerName(caller),
    reason: 'Set at registration.',
    approved_by: null,
    review_by: plusMs(now, REVIEW_MS),
  };
}
