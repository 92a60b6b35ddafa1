import { AUTONOMY, type Agent, type Autonomy } from '../core/actor.ts';
import { callerName, type Caller } from '../core/caller.ts';
import { MandateError } from '../core/errors.ts';
import type { ActorId } from '../core/ids.ts';
import { plusMs } from '../core/instant.ts';
import { nameOwners, OWNER_ROLES, type OwnerRole } from '../core/ownership.ts';
import { PURPOSE_CHARS_MAX } from '../core/task.ts';
import { checkedName, checkedReason, checkedWords } from './checked-text.ts';
import { configuredEnvironment } from './configured-environment.ts';
import { currentCaller } from './current-caller.ts';
import { knownTools } from './known-tools.ts';
import { makeChange, type Control } from './make-change.ts';
import { newActorId } from './new-actor-id.ts';
import { requireRole } from './require-role.ts';
import type { Snapshot } from './snapshot.ts';

export interface RegisterAgentRequest {
  readonly caller: Caller;
  readonly id: string;
  readonly name: string;
  readonly purpose: string;
  readonly owners: Readonly<Record<OwnerRole, string>>;
  readonly environment: string;
  /** `server/tool` or `server/*`: the most it may ever reach. */
  readonly tools: readonly string[];
  readonly spiffe_id?: string;
  readonly autonomy: Autonomy;
  readonly reason?: string;
}

/** Agents are reviewed every quarter. */
const REVIEW_MS = 90 * 86_400_000;

/**
 * Files an agent: it may do nothing until its owners accepted and security approved.
 * @throws auth.forbidden, input.invalid, conflict.exists, owners.missing, owners.unknown, owners.inactive, task.scope, task.purpose
 */
export function registerAgent(control: Control, request: RegisterAgentRequest): Promise<Agent> {
  return control.exclusively(async () => {
    const now = control.clock.now();
    const { snapshot } = control;
    const caller = currentCaller(snapshot, request.caller, now);
    requireRole(caller, 'admin', 'security', 'approver', 'member');
    const environment = configuredEnvironment(snapshot, request.environment);
    if (!AUTONOMY.includes(request.autonomy)) {
      throw new MandateError('input.invalid', `The autonomy is one of ${AUTONOMY.join(', ')}.`, { at: '/autonomy' });
    }
    const agent: Agent = {
      id: newActorId(snapshot, request.id),
      kind: 'agent',
      name: checkedName(request.name, '/name'),
      purpose: checkedWords(request.purpose, '/purpose', PURPOSE_CHARS_MAX, 'task.purpose'),
      owners: nameOwners({
        business: namedOwner(snapshot, request.owners, 'business'),
        technical: namedOwner(snapshot, request.owners, 'technical'),
        escalation: namedOwner(snapshot, request.owners, 'escalation'),
      }),
      lifecycle: 'registered',
      environment: environment.id,
      entitlement: {
        tools: knownTools(snapshot, request.tools, '/tools'),
        set_by: callerName(caller),
        reason: request.reason === undefined ? 'Asked for at registration.' : checkedReason(request.reason),
        approved_by: null,
        review_by: plusMs(now, REVIEW_MS),
      },
      autonomy: request.autonomy,
      spiffe_id: checkedSpiffeId(snapshot, request.spiffe_id),
      probation_since: null,
      created_at: now,
      updated_at: now,
      version: 1,
    };
    await makeChange(control, {
      caller,
      kind: 'registered',
      subject: { noun: 'agent', id: agent.id },
      reason: agent.entitlement.reason,
      details: {
        purpose: agent.purpose,
        owners: Object.fromEntries(OWNER_ROLES.map((role) => [role, agent.owners[role].human])),
        environment: agent.environment,
        tools: agent.entitlement.tools,
        autonomy: agent.autonomy,
        spiffe_id: agent.spiffe_id,
      },
      writes: [{ noun: 'actor', value: agent }],
      now,
    });
    return agent;
  });
}

/** A human who is registered, whether or not they signed in yet. @throws owners.missing, owners.unknown, owners.inactive */
export function namedOwner(
  snapshot: Snapshot,
  owners: Readonly<Partial<Record<OwnerRole, string>>>,
  role: OwnerRole,
): ActorId {
  const named = owners[role];
  const at = `/owners/${role}`;
  if (named === undefined || named === '')
    throw new MandateError('owners.missing', `The ${role} owner is missing.`, { at });
  const human = snapshot.human(named);
  if (human === undefined) {
    throw new MandateError(
      'owners.unknown',
      `${JSON.stringify(named.slice(0, 40))} is not a human who is registered.`,
      { at },
    );
  }
  if (human.lifecycle === 'suspended' || human.lifecycle === 'decommissioned') {
    throw new MandateError('owners.inactive', `${human.id} is ${human.lifecycle} and cannot be an owner.`, { at });
  }
  return human.id;
}

/** SPIFFE-ID standard, §2: a trust domain of these characters, and path segments of these, none of them `.` or `..`. */
const SPIFFE_ID = /^spiffe:\/\/[a-z0-9._-]{1,255}(?:\/(?!\.{1,2}(?:\/|$))[A-Za-z0-9._-]+)*$/;
const SPIFFE_ID_CHARS_MAX = 2048;

/** A SPIFFE ID that names nobody else, or null. @throws input.invalid, conflict.exists */
export function checkedSpiffeId(snapshot: Snapshot, text: string | undefined): string | null {
  if (text === undefined) return null;
  const at = '/spiffe_id';
  if (text.length > SPIFFE_ID_CHARS_MAX || !SPIFFE_ID.test(text))
    throw new MandateError('input.invalid', 'This is not a SPIFFE ID.', { at });
  for (const actor of snapshot.actors()) {
    if (actor.kind !== 'human' && actor.spiffe_id === text && actor.lifecycle !== 'decommissioned') {
      throw new MandateError('conflict.exists', `${actor.id} has this SPIFFE ID.`, { at });
    }
  }
  return text;
}
