import type { Human, Role } from './actor.ts';
import { isInChain, type Chain } from './delegation.ts';
import type { ErrorCode } from './errors.ts';
import type { ActorId, ApprovalId, DecisionId, EnvironmentId, ServerId, TaskId } from './ids.ts';
import { plusMs, type Instant } from './instant.ts';
import type { OwnerRole, Owners } from './ownership.ts';
import type { PolicyRef } from './policy-set.ts';

/** The exact question. `shown` is the canonical text a person reads; for an action, the bytes that will be forwarded. */
export type ApprovalSubject =
  | {
      readonly kind: 'action';
      readonly server: ServerId;
      readonly tool: string;
      readonly definition_digest: string;
      readonly task: TaskId;
      readonly revision: number;
      readonly shown: string;
    }
  | { readonly kind: 'transition'; readonly to: 'active'; readonly shown: string };

export const APPROVAL_STATES = ['pending', 'approved', 'confirmed', 'denied', 'expired', 'consumed', 'void'] as const;
export type ApprovalState = (typeof APPROVAL_STATES)[number];

export const VERDICTS = ['approve', 'deny', 'confirm'] as const;
export type Verdict = (typeof VERDICTS)[number];

export interface Vote {
  readonly human: ActorId;
  readonly verdict: Verdict;
  readonly reason: string;
  readonly at: Instant;
}

/** Whom to ask, and from when on they may answer: owner, then deputy, then escalation. */
export interface ApprovalStep {
  readonly asked: readonly ActorId[];
  readonly from: Instant;
}

/** One named person outside the chain answers one exact question, once, before it expires. */
export interface Approval {
  readonly id: ApprovalId;
  readonly subject: ApprovalSubject;
  /** `sha256:` over what must be the same when it is used; see govern/approval-digest. */
  readonly digest: string;
  readonly agent: ActorId;
  readonly environment: EnvironmentId;
  readonly chain: Chain;
  /** May not answer: who asked, and whoever is in the chain. */
  readonly excluded: readonly ActorId[];
  readonly steps: readonly ApprovalStep[];
  /** Holders of one of these roles may answer at any time. */
  readonly roles: readonly Role[];
  readonly quorum: number;
  readonly votes: readonly Vote[];
  readonly state: ApprovalState;
  /** The sentence a person is asked, of the policy that holds the action or of the move. */
  readonly message: string;
  readonly decision: DecisionId | null;
  readonly policy: PolicyRef | null;
  readonly nonce: string;
  readonly created_at: Instant;
  readonly expires_at: Instant;
  readonly version: number;
}

export const APPROVAL_MS = 15 * 60_000;
/** An owner reads weeks of evidence before promoting an agent; a day is enough to find the time. */
export const PROMOTION_APPROVAL_MS = 24 * 3_600_000;
export const APPROVALS_PENDING_PER_AGENT_MAX = 20;
export const QUORUM_MAX = 5;

/** The state a reader should see: an expired one is expired from the moment on, whoever noticed. */
export function approvalState(approval: Approval, now: Instant): ApprovalState {
  const open = approval.state === 'pending' || approval.state === 'approved' || approval.state === 'confirmed';
  return open && now >= approval.expires_at ? 'expired' : approval.state;
}

/**
 * Owner, then deputy, then escalation, each a third of the time it lives. Who may not answer anyway (whoever asked, or
 * is not active) is not waited for: those after take their turn.
 */
export function routeApproval(
  owners: Owners,
  answerer: OwnerRole,
  deputyOf: (human: ActorId) => ActorId | null,
  created_at: Instant,
  ttl_ms: number,
  mayAnswer: (human: ActorId) => boolean = () => true,
): readonly ApprovalStep[] {
  const owner = owners[answerer].human;
  const deputy = deputyOf(owner);
  const third = Math.floor(ttl_ms / 3);
  let waits = 0;
  return [[owner], deputy === null ? [] : [deputy], [owners.escalation.human]].map((asked, turn) => {
    const from = plusMs(created_at, waits);
    if (asked.some(mayAnswer)) waits = (turn + 1) * third;
    return { asked, from };
  });
}

/** Why this human may not answer now; null when they may. */
export function ineligible(approval: Approval, human: Human, now: Instant): string | null {
  if (human.lifecycle !== 'active') return 'Only an active human may answer.';
  if (human.vouched_by === null) return 'No admin has vouched for this person yet.';
  if (approval.excluded.includes(human.id) || isInChain(approval.chain, human.id)) {
    return 'Whoever asked for it, or is in the chain, may not answer.';
  }
  if (approval.votes.some((vote) => vote.human === human.id)) return 'This person has answered already.';
  if (human.roles.some((role) => approval.roles.includes(role))) return null;
  const step = approval.steps.find((candidate) => candidate.asked.includes(human.id));
  if (step === undefined) return 'This person is not asked.';
  return now >= step.from ? null : 'This person is asked later, when those before have not answered.';
}

export type Answer =
  | { readonly ok: true; readonly approval: Approval }
  | { readonly ok: false; readonly code: ErrorCode; readonly message?: string };

/** One person's answer. A single `deny` decides; `quorum` approvals approve. */
export function answerApproval(
  approval: Approval,
  answer: {
    readonly human: Human;
    readonly verdict: 'approve' | 'deny';
    readonly digest: string;
    readonly reason: string;
  },
  now: Instant,
): Answer {
  if (approvalState(approval, now) !== 'pending') return { ok: false, code: 'approval.decided' };
  if (answer.digest !== approval.digest) return { ok: false, code: 'approval.digest' };
  const why = ineligible(approval, answer.human, now);
  if (why !== null) return { ok: false, code: 'approval.ineligible', message: why };
  const vote: Vote = { human: answer.human.id, verdict: answer.verdict, reason: answer.reason, at: now };
  const votes = [...approval.votes, vote];
  const approvals = votes.filter((given) => given.verdict === 'approve').length;
  const state = answer.verdict === 'deny' ? 'denied' : approvals >= approval.quorum ? 'approved' : 'pending';
  return { ok: true, approval: { ...approval, votes, state, version: approval.version + 1 } };
}

/**
 * The requester's own confirmation, where nobody else could answer: a non-production environment with a single active
 * human. It is recorded as confirmed and never counts as an approval of a second person.
 */
export function confirmApproval(
  approval: Approval,
  answer: { readonly human: Human; readonly digest: string; readonly reason: string },
  setting: { readonly production: boolean; readonly active_humans: number },
  now: Instant,
): Answer {
  if (approvalState(approval, now) !== 'pending') return { ok: false, code: 'approval.decided' };
  if (answer.digest !== approval.digest) return { ok: false, code: 'approval.digest' };
  if (setting.production)
    return { ok: false, code: 'approval.ineligible', message: 'In production nobody confirms their own request.' };
  if (setting.active_humans !== 1) {
    return { ok: false, code: 'approval.ineligible', message: 'There is another human who can approve.' };
  }
  if (answer.human.lifecycle !== 'active' || answer.human.vouched_by === null)
    return { ok: false, code: 'approval.ineligible' };
  const vote: Vote = { human: answer.human.id, verdict: 'confirm', reason: answer.reason, at: now };
  return {
    ok: true,
    approval: { ...approval, votes: [...approval.votes, vote], state: 'confirmed', version: approval.version + 1 },
  };
}

/** The approval as used by the one call it was given for; null when it is not usable for this digest. */
export function consumeApproval(approval: Approval, digest: string, now: Instant): Approval | null {
  const state = approvalState(approval, now);
  if (approval.digest !== digest || (state !== 'approved' && state !== 'confirmed')) return null;
  return { ...approval, state: 'consumed', version: approval.version + 1 };
}

/** Ends an approval that was not used: expiry, a stopped agent, an ended task, a revised purpose. */
export function voidApproval(approval: Approval, state: 'expired' | 'void'): Approval {
  return { ...approval, state, version: approval.version + 1 };
}
