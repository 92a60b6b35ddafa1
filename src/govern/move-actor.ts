import type { Actor, Agent } from '../core/actor.ts';
import type { Write } from '../core/change.ts';
import type { CredentialKind } from '../core/credential.ts';
import type { Entitlement } from '../core/entitlement.ts';
import type { ActorId } from '../core/ids.ts';
import type { Instant } from '../core/instant.ts';
import { mayAct, move, type Lifecycle } from '../core/lifecycle.ts';
import { isNamed } from '../core/ownership.ts';
import { gatherEndings, type Endings } from './end-work.ts';
import type { Snapshot } from './snapshot.ts';

export interface Moved {
  readonly writes: readonly Write[];
  readonly counts: ReturnType<Endings['counts']>;
  /** Agents that stop with the human who answers for them. */
  readonly alsoSuspended: readonly ActorId[];
}

interface Moving {
  readonly actors: readonly Actor[];
  readonly to: Lifecycle;
  readonly by: string;
  readonly reason: string | null;
  readonly now: Instant;
}

/** All writes of a move that is possible and has what it needs: the actors, what ends with them, whom they take along. */
export function moveWrites(snapshot: Snapshot, { actors, to, by, reason, now }: Moving): Moved {
  const endings = gatherEndings(snapshot, now);
  const next = new Map<ActorId, Actor>();
  for (const actor of actors) {
    endWorkOf(snapshot, endings, actor, to, `${actor.id} is ${to}${reason === null ? '.' : `: ${reason}`}`);
    next.set(actor.id, moved(actor, to, by, now));
  }
  const alsoSuspended: ActorId[] = [];
  for (const human of mayAct(to) ? [] : actors.filter((actor) => actor.kind === 'human')) {
    for (const agent of agentsOwnedBy(snapshot, human.id)) {
      if (next.has(agent.id)) continue;
      endWorkOf(snapshot, endings, agent, 'suspended', `An owner of ${agent.id}, ${human.id}, is ${to}.`);
      next.set(agent.id, moved(agent, 'suspended', by, now));
      alsoSuspended.push(agent.id);
    }
  }
  return {
    writes: [...[...next.values()].map((value) => ({ noun: 'actor', value }) as const), ...endings.writes()],
    counts: endings.counts(),
    alsoSuspended,
  };
}

const SESSIONS: readonly CredentialKind[] = ['session', 'cli_session', 'sign_in_link'];

function endWorkOf(snapshot: Snapshot, endings: Endings, actor: Actor, to: Lifecycle, why: string): void {
  const next = move(actor.kind, actor.lifecycle, to);
  const ends = next.possible ? next.ends : [];
  if (ends.includes('tasks')) endings.tasksThrough(actor.id, why);
  for (const credential of snapshot.credentialsOf(actor.id)) {
    if (
      (credential.kind === 'task_token' && ends.includes('task_tokens')) ||
      (SESSIONS.includes(credential.kind) && ends.includes('sessions')) ||
      // Whoever is suspended may resume with the keys they had; whoever is decommissioned never comes back.
      (credential.kind === 'connection_key' && ends.includes('connection_keys')) ||
      (credential.kind === 'passphrase' && to === 'decommissioned')
    ) {
      endings.credential(credential, why);
    }
  }
  if (!ends.includes('approvals')) return;
  for (const approval of snapshot.liveApprovals()) {
    const answered = approval.votes.some((vote) => vote.human === actor.id);
    if (approval.agent === actor.id || answered) endings.approval(approval, 'void');
  }
}

function moved<A extends Actor>(actor: A, to: Lifecycle, by: string, now: Instant): A {
  const next = { ...actor, lifecycle: to, updated_at: now, version: actor.version + 1 };
  if (next.kind === 'human')
    return to === 'decommissioned' ? { ...next, entitlement: nothing(next.entitlement, by, now) } : next;
  if (next.kind === 'workload') return next;
  const agent: Agent = next;
  const entitlement =
    to === 'decommissioned'
      ? nothing(agent.entitlement, by, now)
      : to === 'probationary' && actor.lifecycle !== 'active'
        ? { ...agent.entitlement, approved_by: by }
        : agent.entitlement;
  return { ...next, entitlement, probation_since: to === 'probationary' ? now : agent.probation_since };
}

/** For a human a missing entitlement restricts nothing, so an ended one is an empty list and not null. */
function nothing(before: Entitlement | null, by: string, now: Instant): Entitlement {
  return { tools: [], set_by: by, reason: 'Decommissioned.', approved_by: null, review_by: before?.review_by ?? now };
}

function agentsOwnedBy(snapshot: Snapshot, human: ActorId): readonly Agent[] {
  return [...snapshot.actors()].filter(
    (actor): actor is Agent => actor.kind === 'agent' && mayAct(actor.lifecycle) && isNamed(actor.owners, human),
  );
}
