import { forwardedParams, type Action } from '../core/action.ts';
import type { Approval } from '../core/approval.ts';
import { isLive } from '../core/credential.ts';
import type { Decision } from '../core/decision.ts';
import type { ActorId, ApprovalId, CredentialId, TaskId } from '../core/ids.ts';
import type { JsonObject } from '../core/json.ts';
import { mintPermit, type Permit } from '../core/permit.ts';
import { reason, type Reason } from '../core/reasons.ts';
import { isOpen } from '../core/task.ts';
import type { EvidenceReceipt } from '../ports/evidence-log.ts';
import type { Hasher } from '../ports/hasher.ts';
import type { TaskMemory } from '../ports/task-memory.ts';
import { askApproval } from './ask-approval.ts';
import { append, begin, decided, denyAfterFault, type Attempt, type Outcome } from './attempt.ts';
import {
  askPolicy,
  clientOf,
  decide,
  digestOf,
  grantOf,
  type BudgetRoom,
  type Next,
  type PolicyAnswer,
} from './decide.ts';
import { definitionAgeMsMax } from './definition-age.ts';
import type { Control } from './make-change.ts';
import type { PolicyInForce } from './policy-in-force.ts';
import { preconditions, type AskedAction, type Standing } from './preconditions.ts';
import { decisionOf } from './record-decision.ts';
import { requestersOf } from './requesters-of.ts';
import { useApproval } from './use-approval.ts';

export interface AuthorizeDeps extends Control {
  readonly hasher: Hasher;
  readonly memory: TaskMemory;
  readonly policy: PolicyInForce;
  /** A fault that became a deny, for whoever runs this: nobody else sees its inside. Must not throw. */
  report(fault: unknown): void;
}

export interface AuthorizeRequest {
  /** From the verified credential, never from the request. */
  readonly agent: ActorId;
  readonly credential: CredentialId;
  readonly task: TaskId | null;
  readonly action: Action;
  /** What the client said about itself: recorded, never believed. */
  readonly claims: JsonObject;
}

export type Authorized =
  | {
      readonly effect: 'allow';
      readonly decision: Decision;
      readonly receipt: EvidenceReceipt;
      readonly permit: Permit;
    }
  | {
      readonly effect: 'deny';
      readonly decision: Decision;
      /** Null when evidence could not be written. */
      readonly receipt: EvidenceReceipt | null;
    }
  | {
      readonly effect: 'hold';
      readonly decision: Decision;
      readonly receipt: EvidenceReceipt;
      readonly approval: Approval;
    };

/**
 * One fresh decision on one action: preconditions, budget, policy, approval, evidence, permit. Never throws for a reason
 * of its own: whatever goes wrong is a deny.
 */
export async function authorize(deps: AuthorizeDeps, request: AuthorizeRequest): Promise<Authorized> {
  const attempt = begin(deps, request);
  try {
    return await decideAndRecord(deps, attempt);
  } catch (fault) {
    return { effect: 'deny', ...(await denyAfterFault(deps, attempt, fault)) };
  }
}

async function decideAndRecord(deps: AuthorizeDeps, attempt: Attempt): Promise<Authorized> {
  const next = decide(deps, attempt.asked, takingOf(deps, attempt), attempt.at);
  switch (next.step) {
    case 'refused':
      attempt.found = next.found;
      return refuse(deps, attempt, next.why, next.answer);
    case 'settled':
      attempt.found = next.standing;
      return conclude(deps, attempt, next.standing, next.answer, null);
    case 'use':
      attempt.found = next.standing;
      return useAnswer(deps, attempt, next.known, next.digest);
    case 'hold':
      attempt.found = next.standing;
      return hold(deps, attempt, next);
  }
}

/** Room is reserved before policy is asked, so that parallel calls do not pass it together. */
function takingOf(deps: AuthorizeDeps, attempt: Attempt): BudgetRoom {
  return {
    take: (standing) => {
      attempt.found = standing;
      attempt.reservation = deps.memory.reserve(standing.task.id, standing.task.budget);
      return attempt.reservation !== null;
    },
    spent: attempt.spent,
  };
}

/** An answered approval is used up first, then everything is decided again from the top, then the call may run. */
async function useAnswer(deps: AuthorizeDeps, attempt: Attempt, known: Approval, digest: string): Promise<Authorized> {
  const { asked } = attempt;
  const used = await useApproval(deps, { approval: known.id, digest, decision: attempt.id });
  if (used === null) return refuse(deps, attempt, reason('approval.required'), null);
  const again = preconditions(deps.snapshot, asked, deps.clock.now());
  attempt.found = again.ok ? again.standing : again.found;
  if (!again.ok) return refuse(deps, attempt, again.reason, null);
  const { standing } = again;
  // The tool or the task may have changed while the approval was consumed.
  if (digestOf(deps, asked, standing) !== digest) return refuse(deps, attempt, reason('revoked.meanwhile'), null);
  const approval = grantOf(used);
  const answer = askPolicy(deps, { asked, standing, approval, spent: attempt.spent(), now: attempt.at });
  if (answer.verdict.effect === 'hold') {
    const message = 'This approval is not enough for the policy in force now.';
    return refuse(deps, attempt, reason('approval.required', { message }), answer);
  }
  return conclude(deps, attempt, standing, answer, used.id);
}

async function hold(
  deps: AuthorizeDeps,
  attempt: Attempt,
  { standing, answer, digest }: Extract<Next, { step: 'hold' }>,
): Promise<Authorized> {
  const { tool, task, agent, server } = standing;
  if (tool === null) throw new TypeError('only a call can ask for an approval');
  const asking = await deps.exclusively(
    () =>
      askApproval(deps, {
        subject: {
          kind: 'action',
          server: server.id,
          tool: tool.name,
          definition_digest: tool.digest,
          task: task.id,
          revision: task.revision,
          shown: forwardedParams(attempt.request.action),
        },
        digest,
        agent: agent.id,
        environment: server.environment,
        chain: task.chain,
        requesters: requestersOf(deps.snapshot, task, clientOf(deps.snapshot, attempt.asked.credential)),
        ask: answer.verdict.ask,
        decision: attempt.id,
        policy: answer.policy,
        now: attempt.at,
      }),
    'agent',
  );
  if (!asking.asked) return refuse(deps, attempt, reason('approval.flood'), answer);
  attempt.reservation?.release();
  attempt.reservation = null;
  const { approval } = asking;
  const { reasons } = answer.verdict;
  const made = decided(attempt, { effect: 'hold', reasons, answer, approval: approval.id });
  return { effect: 'hold', decision: decisionOf(made), receipt: await append(deps, made), approval };
}

async function conclude(
  deps: AuthorizeDeps,
  attempt: Attempt,
  standing: Standing,
  answer: PolicyAnswer,
  approval: ApprovalId | null,
): Promise<Authorized> {
  const { effect, reasons } = answer.verdict;
  if (effect !== 'allow') return deny(deps, attempt, { reasons, answer, approval });
  const used = approval === null ? [] : [reason('approval.used')];
  const made = decided(attempt, { effect, reasons: [...used, ...reasons], answer, approval });
  const receipt = await append(deps, made);
  attempt.reservation?.keep();
  const { action, credential } = attempt.request;
  const permit = mintPermit(
    {
      under: attempt.id,
      server: standing.server.id,
      task: standing.task.id,
      agent: standing.agent.id,
      action,
      definition_digest: standing.tool?.digest ?? null,
      definition_age_ms_max: definitionAgeMsMax(standing, approval),
    },
    () => stillStands(deps, attempt.asked, standing, credential),
  );
  return { effect, decision: decisionOf(made), receipt, permit };
}

function refuse(deps: AuthorizeDeps, attempt: Attempt, why: Reason, answer: PolicyAnswer | null): Promise<Authorized> {
  return deny(deps, attempt, { reasons: [why], answer });
}

/** A denied call consumes nothing of a budget. */
async function deny(deps: AuthorizeDeps, attempt: Attempt, why: Omit<Outcome, 'effect'>): Promise<Authorized> {
  attempt.reservation?.release();
  const made = decided(attempt, { effect: 'deny', ...why });
  return { effect: 'deny', decision: decisionOf(made), receipt: await append(deps, made) };
}

/** Asked again at the moment the request is written: nothing the decision stood on may have been revoked meanwhile. */
function stillStands(deps: AuthorizeDeps, asked: AskedAction, standing: Standing, credential: CredentialId): boolean {
  const now = deps.clock.now();
  const bearer = deps.snapshot.credential(credential);
  if (bearer === undefined || !isLive(bearer, now)) return false;
  const checked = preconditions(deps.snapshot, asked, now);
  if (!checked.ok || !isOpen(checked.standing.task, now)) return false;
  return (
    checked.standing.task.revision === standing.task.revision && checked.standing.tool?.digest === standing.tool?.digest
  );
}
