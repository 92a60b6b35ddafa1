import type { Agent, Role } from '../core/actor.ts';
import {
  approvalState,
  APPROVALS_PENDING_PER_AGENT_MAX,
  QUORUM_MAX,
  routeApproval,
  type Approval,
  type ApprovalSubject,
} from '../core/approval.ts';
import type { Caller } from '../core/caller.ts';
import type { Chain } from '../core/delegation.ts';
import { MandateError } from '../core/errors.ts';
import type { ActorId, DecisionId, EnvironmentId } from '../core/ids.ts';
import { plusMs, toRfc3339, type Instant } from '../core/instant.ts';
import type { OwnerRole } from '../core/ownership.ts';
import type { PolicyRef } from '../core/policy-set.ts';
import { makeChange, type Control } from './make-change.ts';
import { moveWrites } from './move-actor.ts';
import { signalRecord } from './records.ts';
import type { Snapshot } from './snapshot.ts';

export interface ApprovalRequest {
  readonly subject: ApprovalSubject;
  readonly digest: string;
  readonly agent: ActorId;
  readonly environment: EnvironmentId;
  readonly chain: Chain;
  /** The humans who asked for the task, the call or the move; may not answer. */
  readonly requesters: readonly ActorId[];
  readonly ask: {
    readonly answerer: OwnerRole;
    readonly roles: readonly Role[];
    readonly quorum: number;
    readonly ttl_ms: number;
    readonly message: string;
  };
  readonly decision: DecisionId | null;
  readonly policy: PolicyRef | null;
  readonly now: Instant;
  /** Who asks, for the record: Mandate when it holds an action. */
  readonly caller?: Caller;
}

export type ApprovalAsked = { readonly asked: true; readonly approval: Approval } | { readonly asked: false };

/** Nobody reads more than this with care. */
export const APPROVALS_ASKED_PER_WINDOW_MAX = 60;
export const ASKED_WINDOW_MS = 10 * 60_000;

/**
 * The approval of this digest that waits or was answered, or a new one. Asking too often is itself a finding: nobody is
 * asked, a signal is recorded, and an active agent goes back to probation.
 *
 * To be called inside `exclusively`.
 */
export async function askApproval(control: Control, request: ApprovalRequest): Promise<ApprovalAsked> {
  const { snapshot } = control;
  const { now, ask } = request;
  const known = snapshot.approvalByDigest(request.digest);
  if (known !== undefined && known.agent === request.agent && !isOver(known, now))
    return { asked: true, approval: known };
  const agent = snapshot.agent(request.agent);
  if (agent === undefined) throw new MandateError('not_found', 'There is no such agent.');
  if (isFlood(snapshot, agent.id, now)) {
    await recordFlood(control, agent, now);
    return { asked: false };
  }
  const excluded = excludedFrom(request);
  const approval: Approval = {
    id: control.random.id('apr'),
    subject: request.subject,
    digest: request.digest,
    agent: agent.id,
    environment: request.environment,
    chain: request.chain,
    excluded,
    steps: routeApproval(
      agent.owners,
      ask.answerer,
      (human) => snapshot.human(human)?.deputy ?? null,
      now,
      ask.ttl_ms,
      (human) => snapshot.human(human)?.lifecycle === 'active' && !excluded.includes(human),
    ),
    roles: ask.roles,
    quorum: Math.min(Math.max(1, ask.quorum), QUORUM_MAX),
    votes: [],
    state: 'pending',
    message: ask.message,
    decision: request.decision,
    policy: request.policy,
    nonce: nonce(control),
    created_at: now,
    expires_at: plusMs(now, ask.ttl_ms),
    version: 1,
  };
  rememberAsked(snapshot, agent.id, now);
  await makeChange(control, {
    caller: request.caller ?? { kind: 'mandate' },
    kind: 'approval_asked',
    subject: { noun: 'approval', id: approval.id },
    reason: null,
    details: {
      about: approval.subject.kind,
      agent: agent.id,
      digest: approval.digest,
      decision: approval.decision,
      roles: approval.roles,
      quorum: approval.quorum,
      excluded: approval.excluded,
      asked: approval.steps.flatMap((step) => step.asked),
      expires_at: toRfc3339(approval.expires_at),
    },
    writes: [{ noun: 'approval', value: approval }],
    now,
  });
  return { asked: true, approval };
}

/** A refused action stays refused as long as its task; a refused promotion may be asked for again when its time is past. */
function isOver(approval: Approval, now: Instant): boolean {
  if (approval.state === 'denied') return approval.subject.kind === 'transition' && now >= approval.expires_at;
  return approvalState(approval, now) === 'expired';
}

/** Whoever asked, and every human on whose authority it runs. */
function excludedFrom({ requesters, chain }: ApprovalRequest): readonly ActorId[] {
  const humans = chain.filter((link) => link.kind === 'human').map((link) => link.actor);
  return [...new Set([...requesters, ...humans])];
}

function nonce(control: Control): string {
  return [...control.random.bytes(16)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** When each agent's last approvals were asked, for each control plane, known by its one snapshot. */
const askedAt = new WeakMap<Snapshot, Map<ActorId, readonly Instant[]>>();

function isFlood(snapshot: Snapshot, agent: ActorId, now: Instant): boolean {
  const pending = snapshot.approvalsOf(agent).filter((one) => approvalState(one, now) === 'pending').length;
  return (
    pending >= APPROVALS_PENDING_PER_AGENT_MAX ||
    recentlyAsked(snapshot, agent, now).length >= APPROVALS_ASKED_PER_WINDOW_MAX
  );
}

function recentlyAsked(snapshot: Snapshot, agent: ActorId, now: Instant): readonly Instant[] {
  return (askedAt.get(snapshot)?.get(agent) ?? []).filter((at) => now - at < ASKED_WINDOW_MS);
}

function rememberAsked(snapshot: Snapshot, agent: ActorId, now: Instant): void {
  const ofAgents = askedAt.get(snapshot) ?? new Map<ActorId, readonly Instant[]>();
  ofAgents.set(agent, [...recentlyAsked(snapshot, agent, now), now]);
  askedAt.set(snapshot, ofAgents);
}

/** When a flood of each agent was last recorded: five hundred refusals are one finding, not five hundred. */
const floodAt = new WeakMap<Snapshot, Map<ActorId, Instant>>();

async function recordFlood(control: Control, agent: Agent, now: Instant): Promise<void> {
  const recorded = floodAt.get(control.snapshot) ?? new Map<ActorId, Instant>();
  floodAt.set(control.snapshot, recorded);
  const last = recorded.get(agent.id);
  if (agent.lifecycle !== 'active' && last !== undefined && now - last < ASKED_WINDOW_MS) return;
  recorded.set(agent.id, now);
  await control.evidence.append(
    signalRecord(control, now, {
      signal: 'approval_flood',
      about: { noun: 'agent', id: agent.id },
      details: {
        pending_max: APPROVALS_PENDING_PER_AGENT_MAX,
        asked_max: APPROVALS_ASKED_PER_WINDOW_MAX,
        window_s: ASKED_WINDOW_MS / 1000,
      },
    }),
  );
  if (agent.lifecycle !== 'active') return;
  const reason = 'It asked for more approvals than people can read with care.';
  await makeChange(control, {
    caller: { kind: 'mandate' },
    kind: 'transitioned',
    subject: { noun: 'agent', id: agent.id },
    reason,
    details: { from: 'active', to: 'probationary' },
    writes: moveWrites(control.snapshot, { actors: [agent], to: 'probationary', by: 'mandate', reason, now }).writes,
    now,
  });
}
