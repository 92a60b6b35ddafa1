import type { Actor } from '../core/actor.ts';
import { callerName, type Caller } from '../core/caller.ts';
import type { Credential } from '../core/credential.ts';
import { MandateError } from '../core/errors.ts';
import type { Instant } from '../core/instant.ts';
import { mayAct, move } from '../core/lifecycle.ts';
import { ownersOf } from '../core/ownership.ts';
import { requireMayMove } from './change-lifecycle.ts';
import { checkedReason } from './checked-text.ts';
import { mayClose } from './close-task.ts';
import { currentCaller } from './current-caller.ts';
import { countsOf, gatherEndings } from './end-work.ts';
import { makeChange, type ChangeRequest, type Control } from './make-change.ts';
import { moveWrites } from './move-actor.ts';
import { openTaskOf } from './open-task-of.ts';
import { serverRemoval } from './remove-server.ts';
import { requireRole, requireRoleOrBeing } from './require-role.ts';

export const REVOCATION_KINDS = ['agent', 'workload', 'human', 'task', 'token', 'server', 'all'] as const;
export type RevocationKind = (typeof REVOCATION_KINDS)[number];

export interface Revoked {
  readonly ended: {
    readonly agents: number;
    readonly tasks: number;
    readonly credentials: number;
    readonly approvals: number;
  };
  readonly in_force_ms: number;
}

/**
 * Stops something now: an actor is suspended, a task or a token ends, a server is removed, `all` suspends every agent
 * (its id is not read). One change, so it is in force everywhere or nowhere.
 * @throws auth.forbidden, not_found, lifecycle.impossible, task.closed, conflict.state, input.invalid
 */
export function revoke(
  control: Control,
  request: { readonly caller: Caller; readonly kind: RevocationKind; readonly id: string; readonly reason: string },
): Promise<Revoked> {
  return control.exclusively(async () => {
    const now = control.clock.now();
    const caller = currentCaller(control.snapshot, request.caller, now);
    const reason = checkedReason(request.reason);
    const { change, counts, agents } = revocation(control, { ...request, caller, reason }, now);
    if (change.writes.length === 0) return { ended: { agents, ...counts }, in_force_ms: 0 };
    const made = await makeChange(control, change);
    return { ended: { agents, ...counts }, in_force_ms: made.in_force_ms };
  });
}

type Asked = Parameters<typeof revoke>[1];
interface Revocation {
  readonly change: ChangeRequest;
  readonly counts: { readonly tasks: number; readonly credentials: number; readonly approvals: number };
  readonly agents: number;
}

function revocation(control: Control, asked: Asked, now: Instant): Revocation {
  const { snapshot } = control;
  const { caller, kind, id, reason } = asked;
  switch (kind) {
    case 'agent':
    case 'workload':
    case 'human': {
      const actor = snapshot.actor(id);
      if (actor?.kind !== kind) throw new MandateError('not_found', `There is no such ${kind}.`);
      requireMayMove(caller, actor, 'suspended');
      const next = move(actor.kind, actor.lifecycle, 'suspended');
      if (!next.possible) throw new MandateError('lifecycle.impossible', next.why);
      return suspension(control, asked, [actor], now);
    }
    case 'all': {
      requireRole(caller, 'admin', 'security');
      return suspension(
        control,
        asked,
        [...snapshot.actors()].filter((actor) => actor.kind === 'agent' && mayAct(actor.lifecycle)),
        now,
      );
    }
    case 'task': {
      const task = openTaskOf(snapshot, id, now);
      if (!mayClose(snapshot, caller, task))
        throw new MandateError('auth.forbidden', 'Only those who may close the task may revoke it.');
      const endings = gatherEndings(snapshot, now);
      endings.task(task, 'ended', reason);
      return { change: changeOf(asked, endings.writes(), endings.counts(), now), counts: endings.counts(), agents: 0 };
    }
    case 'token': {
      const credential = snapshot.credential(id);
      if (credential === undefined || credential.kind === 'passphrase')
        throw new MandateError('not_found', 'There is no such credential.');
      requireMayRevoke(control, caller, credential);
      if (credential.ended_at !== null) throw new MandateError('conflict.state', 'It has ended already.');
      const endings = gatherEndings(snapshot, now);
      endings.credential(credential, reason);
      return { change: changeOf(asked, endings.writes(), endings.counts(), now), counts: endings.counts(), agents: 0 };
    }
    case 'server':
      return { change: serverRemoval(control, { caller, server: id, reason }, now), counts: NOTHING, agents: 0 };
  }
}

const NOTHING = { tasks: 0, credentials: 0, approvals: 0 } as const;

function suspension({ snapshot }: Control, asked: Asked, actors: readonly Actor[], now: Instant): Revocation {
  const moved = moveWrites(snapshot, {
    actors,
    to: 'suspended',
    by: callerName(asked.caller),
    reason: asked.reason,
    now,
  });
  const stopped = [
    ...actors.filter((actor) => actor.kind === 'agent').map((actor) => actor.id),
    ...moved.alsoSuspended,
  ];
  const change = changeOf(asked, moved.writes, moved.counts, now);
  return {
    change: { ...change, details: { ...change.details, agents: stopped } },
    counts: moved.counts,
    agents: stopped.length,
  };
}

function changeOf(
  { caller, kind, id, reason }: Asked,
  writes: ChangeRequest['writes'],
  counts: Revocation['counts'],
  now: Instant,
): ChangeRequest {
  return {
    caller,
    kind: 'revoked',
    subject: { noun: kind === 'token' ? 'credential' : kind, id: kind === 'all' ? 'all' : id },
    reason,
    details: countsOf(counts),
    writes,
    now,
  };
}

/** Its own holder, the owners of its agent, admins and security. */
function requireMayRevoke({ snapshot }: Control, caller: Caller, credential: Credential): void {
  const owners = snapshot.agent(credential.actor)?.owners;
  const people = owners === undefined ? [credential.actor] : ownersOf(owners);
  requireRoleOrBeing(caller, people, 'admin', 'security');
}
