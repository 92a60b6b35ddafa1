import { approvalState, type Approval } from '../core/approval.ts';
import type { ActorId, CredentialId } from '../core/ids.ts';
import type { Instant } from '../core/instant.ts';
import type { PolicyRef } from '../core/policy-set.ts';
import { reason, type Reason } from '../core/reasons.ts';
import type { PolicyVerdict } from '../policy/engine.ts';
import type { Hasher } from '../ports/hasher.ts';
import { approvalDigest } from './approval-digest.ts';
import type { PolicyInForce } from './policy-in-force.ts';
import { preconditions, type AskedAction, type Standing } from './preconditions.ts';
import type { Snapshot } from './snapshot.ts';

export interface DecideDeps {
  readonly snapshot: Snapshot;
  readonly policy: PolicyInForce;
  readonly hasher: Hasher;
}

/** The budget of the task, as the one who asks keeps it: a call takes of it, a dry run only looks. */
export interface BudgetRoom {
  /** False when there is no room for one more call. */
  take(standing: Standing): boolean;
  spent(): { readonly calls: number };
}

/** What policy said, with what it saw; `policy` is null when no set is in force. */
export interface PolicyAnswer {
  readonly verdict: PolicyVerdict;
  readonly saw: string | null;
  readonly policy: PolicyRef | null;
}

type HoldAnswer = PolicyAnswer & { readonly verdict: Extract<PolicyVerdict, { effect: 'hold' }> };

/** What comes next for an action. `refused`: one of our own rules; `settled`: policy allows or denies by itself. */
export type Next =
  | {
      readonly step: 'refused';
      readonly why: Reason;
      readonly found: Partial<Standing>;
      readonly answer: PolicyAnswer | null;
    }
  | { readonly step: 'settled'; readonly standing: Standing; readonly answer: PolicyAnswer }
  /** A person answered exactly this: the approval is used up, and all is decided again. */
  | { readonly step: 'use'; readonly standing: Standing; readonly known: Approval; readonly digest: string }
  /** A person must be asked. */
  | { readonly step: 'hold'; readonly standing: Standing; readonly answer: HoldAnswer; readonly digest: string };

/**
 * The one order in which an action is decided, for calls and for dry runs alike: preconditions, budget, policy, and what
 * people answered. It changes nothing but what `budget.take` takes.
 */
export function decide(deps: DecideDeps, asked: AskedAction, budget: BudgetRoom, now: Instant): Next {
  const checked = preconditions(deps.snapshot, asked, now);
  if (!checked.ok) return { step: 'refused', why: checked.reason, found: checked.found, answer: null };
  const { standing } = checked;
  const refused = (why: Reason, answer: PolicyAnswer | null): Next => ({
    step: 'refused',
    why,
    found: standing,
    answer,
  });
  if (asked.action.kind === 'call' && !budget.take(standing)) return refused(reason('budget.exhausted'), null);

  const answer = askPolicy(deps, { asked, standing, approval: NOT_APPROVED, spent: budget.spent(), now });
  if (!isHold(answer)) return { step: 'settled', standing, answer };
  const digest = digestOf(deps, asked, standing);
  if (digest === null) return refused(reason('approval.required'), answer);
  const known = deps.snapshot.approvalByDigest(digest);
  const state = known === undefined ? null : approvalState(known, now);
  if (known !== undefined && state === 'denied') return refused(refusalOf(known), answer);
  if (known !== undefined && (state === 'approved' || state === 'confirmed'))
    return { step: 'use', standing, known, digest };
  return { step: 'hold', standing, answer, digest };
}

export interface Granted {
  readonly granted: boolean;
  readonly confirmed: boolean;
  readonly approvers: number;
}

const NOT_APPROVED: Granted = { granted: false, confirmed: false, approvers: 0 };

/** What an answered approval is worth to a policy. A confirmation is never an approval. */
export function grantOf(approval: Approval): Granted {
  const approvers = approval.votes.filter((vote) => vote.verdict === 'approve').length;
  const confirmed = approval.votes.some((vote) => vote.verdict === 'confirm');
  return { granted: approvers >= approval.quorum, confirmed, approvers };
}

/** The verdict on what stands. Without a set in force everything is denied. */
export function askPolicy(
  { policy }: Pick<DecideDeps, 'policy'>,
  question: {
    readonly asked: AskedAction;
    readonly standing: Standing;
    readonly approval: Granted;
    readonly spent: { readonly calls: number };
    readonly now: Instant;
  },
): PolicyAnswer {
  const engine = policy.current();
  if (engine === null) {
    return {
      verdict: { effect: 'deny', determining: [], reasons: [reason('policy.unavailable')] },
      saw: null,
      policy: null,
    };
  }
  const { asked, standing, approval, spent, now } = question;
  const { verdict, saw } = engine.decide({ ...standing, action: asked.action, approval, spent, now });
  return { verdict, saw, policy: engine.ref };
}

/** What an approval of this call is bound to; null for what is no call. */
export function digestOf(
  { hasher, snapshot }: Pick<DecideDeps, 'hasher' | 'snapshot'>,
  { action, credential }: AskedAction,
  standing: Standing,
): string | null {
  if (standing.tool === null) return null;
  const client_of = clientOf(snapshot, credential);
  return approvalDigest(hasher, {
    action,
    definition_digest: standing.tool.digest,
    agent: standing.agent.id,
    task: standing.task.id,
    revision: standing.task.revision,
    ...(client_of === null ? {} : { client_of }),
  });
}

/**
 * Whose client a call comes from: the human who issued its connection key. Such a call has no human who asked for its
 * task, and yet it is that person's own; null for every other credential.
 */
export function clientOf(snapshot: Snapshot, credential: CredentialId | undefined): ActorId | null {
  const key = credential === undefined ? undefined : snapshot.credential(credential);
  if (key?.kind !== 'connection_key' || key.issued_by === null) return null;
  return snapshot.human(key.issued_by)?.id ?? null;
}

function isHold(answer: PolicyAnswer): answer is HoldAnswer {
  return answer.verdict.effect === 'hold';
}

function refusalOf(known: Approval): Reason {
  const why = known.votes.find((vote) => vote.verdict === 'deny')?.reason ?? '';
  return reason('approval.denied', why === '' ? {} : { message: `A person refused exactly this action: ${why}` });
}
