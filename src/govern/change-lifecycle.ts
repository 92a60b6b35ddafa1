import type { Actor, Agent } from '../core/actor.ts';
import { approvalState, consumeApproval, PROMOTION_APPROVAL_MS } from '../core/approval.ts';
import { callerName, type Caller } from '../core/caller.ts';
import { canonicalJson } from '../core/canonical-json.ts';
import type { Write } from '../core/change.ts';
import { MandateError } from '../core/errors.ts';
import type { ActorId } from '../core/ids.ts';
import type { Instant } from '../core/instant.ts';
import { move, type Lifecycle, type Need } from '../core/lifecycle.ts';
import { acceptedBy, OWNER_ROLES, ownersOf, ownershipGaps } from '../core/ownership.ts';
import type { Hasher } from '../ports/hasher.ts';
import { askApproval } from './ask-approval.ts';
import { checkedReason } from './checked-text.ts';
import { currentCaller } from './current-caller.ts';
import { countsOf } from './end-work.ts';
import { makeChange, type Control } from './make-change.ts';
import { moveWrites } from './move-actor.ts';
import { holdsRole, requireRole, requireRoleOrBeing } from './require-role.ts';

export interface LifecycleRequest {
  readonly caller: Caller;
  readonly actor: string;
  readonly to: Lifecycle;
  readonly reason: string;
}

export interface LifecycleChanged {
  readonly actor: Actor;
  readonly ended: {
    readonly tasks: number;
    readonly credentials: number;
    readonly approvals: number;
    readonly streams: number;
  };
  readonly in_force_ms: number;
}

export interface LifecycleDeps extends Control {
  readonly hasher: Hasher;
  /** How many streams of this actor are open, where someone counts them; asked before they are cut. */
  readonly streamsOf?: (actor: ActorId) => number;
}

/**
 * Moves an actor along its lifecycle; all that the move ends, ends in the same change. A promotion to active first asks
 * for an approval and throws lifecycle.needs with its id in `at`; asked again once it is approved, it uses it up.
 * @throws auth.forbidden, not_found, lifecycle.impossible, lifecycle.needs, owners.*, input.invalid
 */
export function changeLifecycle(deps: LifecycleDeps, request: LifecycleRequest): Promise<LifecycleChanged> {
  return deps.exclusively(async () => {
    const now = deps.clock.now();
    const { snapshot } = deps;
    const caller = currentCaller(snapshot, request.caller, now);
    const actor = snapshot.actor(request.actor);
    if (actor === undefined)
      throw new MandateError('not_found', `There is no actor ${JSON.stringify(request.actor.slice(0, 40))}.`);
    requireMayMove(caller, actor, request.to);
    const next = move(actor.kind, actor.lifecycle, request.to);
    if (!next.possible) throw new MandateError('lifecycle.impossible', next.why);
    const reason =
      request.reason.trim() === '' && !next.needs.includes('reason') ? null : checkedReason(request.reason);
    for (const need of next.needs) requireNeed(deps, caller, actor, need);
    const used: readonly Write[] =
      next.needs.includes('promotion_approved') && actor.kind === 'agent'
        ? [await promotion(deps, caller, actor, now)]
        : [];

    const streams = next.ends.includes('streams') ? (deps.streamsOf?.(actor.id) ?? 0) : 0;
    const moved = moveWrites(snapshot, { actors: [actor], to: request.to, by: callerName(caller), reason, now });
    const made = await makeChange(deps, {
      caller,
      kind: 'transitioned',
      subject: { noun: actor.kind, id: actor.id },
      reason,
      details: {
        from: actor.lifecycle,
        to: request.to,
        ...countsOf(moved.counts),
        also_suspended: moved.alsoSuspended,
      },
      writes: [...used, ...moved.writes],
      now,
    });
    return {
      actor: snapshot.actor(actor.id) ?? actor,
      ended: { ...moved.counts, streams },
      in_force_ms: made.in_force_ms,
    };
  });
}

/** Who may ask for a move at all; what the move needs beside is looked at after. @throws auth.forbidden */
export function requireMayMove(caller: Caller, actor: Actor, to: Lifecycle): void {
  if (actor.kind === 'human')
    return to === 'decommissioned' ? requireRole(caller, 'admin') : requireRole(caller, 'admin', 'security');
  if (to === 'decommissioned')
    return requireRoleOrBeing(
      caller,
      acceptedBy(actor.kind === 'agent' ? actor.owners.business : actor.owner),
      'admin',
    );
  const owners = actor.kind === 'agent' ? ownersOf(actor.owners) : acceptedBy(actor.owner);
  return requireRoleOrBeing(caller, owners, 'admin', 'security');
}

function requireNeed(deps: LifecycleDeps, caller: Caller, actor: Actor, need: Need): void {
  switch (need) {
    case 'reason': // checked where it is read
    case 'promotion_approved': // looked at last, since it asks people
      return;
    case 'security':
      if (holdsRole(caller, 'security', 'admin')) return;
      throw new MandateError('lifecycle.needs', 'Someone with the role security or admin must do this.');
    case 'signed_in':
      throw new MandateError('lifecycle.needs', 'A human becomes active by signing in with their link.');
    case 'owners_accepted': {
      const [gap] = gapsOf(deps, actor);
      if (gap !== undefined) throw gap;
    }
  }
}

function gapsOf({ snapshot }: LifecycleDeps, actor: Actor): readonly MandateError[] {
  if (actor.kind === 'human') return [];
  if (actor.kind === 'agent') {
    const environment = { production: snapshot.isProduction(actor.environment) };
    return ownershipGaps(actor.owners, (id) => snapshot.human(id), environment).map((code) => new MandateError(code));
  }
  if (snapshot.human(actor.owner.human)?.lifecycle !== 'active') return [new MandateError('owners.inactive')];
  return actor.owner.accepted_at === null ? [new MandateError('owners.unaccepted')] : [];
}

/** The used-up approval of exactly this promotion. @throws lifecycle.needs, with the approval's id in `at` */
async function promotion(deps: LifecycleDeps, caller: Caller, agent: Agent, now: Instant): Promise<Write> {
  // Whatever of the agent is changed after the question makes it another question.
  const shown = canonicalJson({
    agent: agent.id,
    from: agent.lifecycle,
    to: 'active',
    name: agent.name,
    purpose: agent.purpose,
    owners: Object.fromEntries(OWNER_ROLES.map((role) => [role, agent.owners[role].human])),
    environment: agent.environment,
    tools: agent.entitlement.tools,
    autonomy: agent.autonomy,
    version: agent.version,
  });
  const digest = deps.hasher.sha256(canonicalJson({ kind: 'transition', shown }));
  const asking = await askApproval(deps, {
    subject: { kind: 'transition', to: 'active', shown },
    digest,
    agent: agent.id,
    environment: agent.environment,
    chain: [{ actor: agent.id, kind: 'agent' }],
    requesters: caller.kind === 'human' ? [caller.human.id] : [],
    ask: {
      answerer: 'business',
      roles: ['approver'],
      quorum: 1,
      ttl_ms: PROMOTION_APPROVAL_MS,
      message: `Promote ${agent.id} to active?`,
    },
    decision: null,
    policy: null,
    caller,
    now,
  });
  if (!asking.asked) throw new MandateError('approval.rate');
  const { approval } = asking;
  const state = approvalState(approval, now);
  const used = consumeApproval(approval, digest, now);
  if (used !== null) return { noun: 'approval', value: used };
  const why = state === 'denied' ? 'was refused' : 'must be approved first';
  throw new MandateError('lifecycle.needs', `The promotion ${why}: approval ${approval.id}.`, { at: approval.id });
}
