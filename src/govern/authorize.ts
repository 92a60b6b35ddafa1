import { forwardedParams, type Action } from '../core/action.ts';
import { approvalState, type Approval } from '../core/approval.ts';
import { isLive } from '../core/credential.ts';
import type { Decision } from '../core/decision.ts';
import { isMandateError } from '../core/errors.ts';
import { actorId, type ActorId, type ApprovalId, type CredentialId, type TaskId } from '../core/ids.ts';
import type { JsonObject } from '../core/json.ts';
import { mintPermit, type Permit } from '../core/permit.ts';
import { reason, type Reason } from '../core/reasons.ts';
import { isOpen } from '../core/task.ts';
import type { PolicyVerdict } from '../policy/engine.ts';
import type { EvidenceReceipt } from '../ports/evidence-log.ts';
import type { Hasher } from '../ports/hasher.ts';
import type { Reservation, TaskMemory } from '../ports/task-memory.ts';
import { approvalDigest } from './approval-digest.ts';
import { askApproval } from './ask-approval.ts';
import type { Control } from './make-change.ts';
import type { PolicyInForce } from './policy-in-force.ts';
import { preconditions, type Asked, type Standing } from './preconditions.ts';
import { decisionOf, decisionRecord, type Decided } from './record-decision.ts';
import { useApproval } from './use-approval.ts';

export interface AuthorizeDeps extends Control {
  readonly hasher: Hasher;
  readonly memory: TaskMemory;
  readonly policy: PolicyInForce;
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
      /** Null when evidence could not be written. */ readonly receipt: EvidenceReceipt | null;
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
    return await decideAndRecord(deps, request, attempt);
  } catch (error) {
    const code =
      isMandateError(error) && error.code === 'evidence.unavailable' ? 'evidence.unavailable' : 'internal.fault';
    attempt.reservation?.release();
    // What the budget says may be what failed.
    const decided = denied({ ...attempt, spent: () => ({ calls: 0 }) }, reason(code), attempt.found, null);
    return {
      effect: 'deny',
      decision: decisionOf(decided),
      receipt: code === 'internal.fault' ? await appendQuietly(deps, decided) : null,
    };
  }
}

interface Attempt {
  readonly asked: Asked;
  readonly request: AuthorizeRequest;
  readonly id: Decided['id'];
  readonly at: Decided['at'];
  readonly elapsedUs: () => number;
  readonly spent: () => { readonly calls: number };
  found: Partial<Standing>;
  reservation: Reservation | null;
}

function begin(deps: AuthorizeDeps, request: AuthorizeRequest): Attempt {
  const startedUs = deps.clock.monotonicUs();
  return {
    asked: { agent: request.agent, task: request.task, action: request.action },
    request,
    id: deps.random.id('dec'),
    at: deps.clock.now(),
    elapsedUs: () => Math.round(deps.clock.monotonicUs() - startedUs),
    spent: () => (request.task === null ? { calls: 0 } : deps.memory.spent(request.task)),
    found: {},
    reservation: null,
  };
}

async function decideAndRecord(deps: AuthorizeDeps, request: AuthorizeRequest, attempt: Attempt): Promise<Authorized> {
  const checked = preconditions(deps.snapshot, attempt.asked, attempt.at);
  if (!checked.ok) return refuse(deps, attempt, denied(attempt, checked.reason, checked.found, null));
  const { standing } = checked;
  attempt.found = standing;

  if (request.action.kind === 'call') {
    attempt.reservation = deps.memory.reserve(standing.task.id, standing.task.budget);
    if (attempt.reservation === null)
      return refuse(deps, attempt, denied(attempt, reason('budget.exhausted'), standing, null));
  }
  const first = askPolicy(deps, attempt, standing, NOT_APPROVED);
  if (first.verdict.effect !== 'hold') return conclude(deps, attempt, standing, first, null);

  const digest = digestOf(deps, attempt, standing);
  if (digest === null) return refuse(deps, attempt, denied(attempt, reason('approval.required'), standing, first));
  const known = deps.snapshot.approvalByDigest(digest);
  const state = known === undefined ? null : approvalState(known, attempt.at);
  if (known !== undefined && state === 'denied') {
    const why = known.votes.find((vote) => vote.verdict === 'deny')?.reason ?? '';
    const message = why === '' ? undefined : `A person refused exactly this action: ${why}`;
    return refuse(
      deps,
      attempt,
      denied(attempt, reason('approval.denied', message === undefined ? {} : { message }), standing, first),
    );
  }
  if (known !== undefined && (state === 'approved' || state === 'confirmed')) {
    return useAnswer(deps, attempt, standing, known, digest);
  }
  return hold(deps, attempt, standing, first, digest);
}

/** An answered approval is used up first, then everything is decided again from the top, then the call may run. */
async function useAnswer(
  deps: AuthorizeDeps,
  attempt: Attempt,
  standing: Standing,
  known: Approval,
  digest: string,
): Promise<Authorized> {
  const used = await useApproval(deps, { approval: known.id, digest, decision: attempt.id });
  if (used === null) return refuse(deps, attempt, denied(attempt, reason('approval.required'), standing, null));
  const again = preconditions(deps.snapshot, attempt.asked, deps.clock.now());
  if (!again.ok) return refuse(deps, attempt, denied(attempt, again.reason, again.found, null));
  attempt.found = again.standing;
  // The tool or the task may have changed while the approval was consumed.
  if (digestOf(deps, attempt, again.standing) !== digest) {
    return refuse(deps, attempt, denied(attempt, reason('revoked.meanwhile'), again.standing, null));
  }
  const approvers = used.votes.filter((vote) => vote.verdict === 'approve').length;
  const confirmed = used.votes.some((vote) => vote.verdict === 'confirm');
  const second = askPolicy(deps, attempt, again.standing, { granted: approvers >= used.quorum, confirmed, approvers });
  if (second.verdict.effect === 'hold') {
    return refuse(
      deps,
      attempt,
      denied(
        attempt,
        reason('approval.required', { message: 'This approval is not enough for the policy in force now.' }),
        again.standing,
        second,
      ),
    );
  }
  return conclude(deps, attempt, again.standing, second, used.id);
}

async function hold(
  deps: AuthorizeDeps,
  attempt: Attempt,
  standing: Standing,
  asked: PolicyAnswer,
  digest: string,
): Promise<Authorized> {
  const { verdict } = asked;
  if (verdict.effect !== 'hold' || standing.tool === null)
    throw new TypeError('only a held call can ask for an approval');
  const { tool, task, agent } = standing;
  const asking = await deps.exclusively(() =>
    askApproval(deps, {
      subject: {
        kind: 'action',
        server: standing.server.id,
        tool: tool.name,
        definition_digest: tool.digest,
        task: task.id,
        revision: task.revision,
        shown: forwardedParams(attempt.request.action),
      },
      digest,
      agent: agent.id,
      environment: standing.server.environment,
      chain: task.chain,
      requester: task.trigger.kind === 'human' ? actorId(task.trigger.id) : null,
      ask: verdict.ask,
      decision: attempt.id,
      policy: asked.policy,
      now: attempt.at,
    }),
  );
  if (!asking.asked) return refuse(deps, attempt, denied(attempt, reason('approval.flood'), standing, asked));
  attempt.reservation?.release();
  attempt.reservation = null;
  const decided: Decided = {
    ...denied(attempt, reason('approval.required'), standing, asked),
    effect: 'hold',
    reasons: verdict.reasons,
    determining: verdict.determining,
    approval: asking.approval.id,
  };
  return {
    effect: 'hold',
    decision: decisionOf(decided),
    receipt: await append(deps, decided),
    approval: asking.approval,
  };
}

async function conclude(
  deps: AuthorizeDeps,
  attempt: Attempt,
  standing: Standing,
  answer: PolicyAnswer,
  approval: ApprovalId | null,
): Promise<Authorized> {
  const { verdict } = answer;
  if (verdict.effect !== 'allow') {
    return refuse(deps, attempt, {
      ...denied(attempt, reason('policy.forbidden'), standing, answer),
      reasons: verdict.reasons,
      determining: verdict.determining,
      approval,
    });
  }
  const reasons: readonly Reason[] =
    approval === null ? verdict.reasons : [reason('approval.used'), ...verdict.reasons];
  const decided: Decided = {
    ...denied(attempt, reason('policy.permitted'), standing, answer),
    effect: 'allow',
    reasons,
    determining: verdict.determining,
    approval,
  };
  const receipt = await append(deps, decided);
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
    },
    () => stillStands(deps, attempt.asked, standing, credential),
  );
  return { effect: 'allow', decision: decisionOf(decided), receipt, permit };
}

/** Asked again at the moment the request is written: nothing the decision stood on may have been revoked meanwhile. */
function stillStands(deps: AuthorizeDeps, asked: Asked, standing: Standing, credential: CredentialId): boolean {
  const now = deps.clock.now();
  const bearer = deps.snapshot.credential(credential);
  if (bearer === undefined || !isLive(bearer, now)) return false;
  const checked = preconditions(deps.snapshot, asked, now);
  if (!checked.ok || !isOpen(checked.standing.task, now)) return false;
  return (
    checked.standing.task.revision === standing.task.revision && checked.standing.tool?.digest === standing.tool?.digest
  );
}

interface PolicyAnswer {
  readonly verdict: PolicyVerdict;
  readonly saw: string | null;
  readonly policy: Decided['policy'];
}

const NOT_APPROVED = { granted: false, confirmed: false, approvers: 0 } as const;

function askPolicy(
  deps: AuthorizeDeps,
  attempt: Attempt,
  standing: Standing,
  approval: { readonly granted: boolean; readonly confirmed: boolean; readonly approvers: number },
): PolicyAnswer {
  const engine = deps.policy.current();
  if (engine === null) {
    return {
      verdict: { effect: 'deny', determining: [], reasons: [reason('policy.unavailable')] },
      saw: null,
      policy: null,
    };
  }
  const { verdict, saw } = engine.decide({
    ...standing,
    action: attempt.request.action,
    approval,
    spent: attempt.spent(),
    now: attempt.at,
  });
  return { verdict, saw, policy: engine.ref };
}

function digestOf(deps: AuthorizeDeps, attempt: Attempt, standing: Standing): string | null {
  if (standing.tool === null) return null;
  return approvalDigest(deps.hasher, {
    action: attempt.request.action,
    definition_digest: standing.tool.digest,
    agent: standing.agent.id,
    task: standing.task.id,
    revision: standing.task.revision,
  });
}

function denied(attempt: Attempt, why: Reason, found: Partial<Standing>, answer: PolicyAnswer | null): Decided {
  return {
    id: attempt.id,
    at: attempt.at,
    effect: 'deny',
    reasons: [why],
    determining: answer?.verdict.determining ?? [],
    policy: answer?.policy ?? null,
    approval: null,
    asked: attempt.asked,
    credential: attempt.request.credential,
    found,
    saw: answer?.saw ?? null,
    spent: attempt.spent(),
    claims: attempt.request.claims,
    latency_us: attempt.elapsedUs(),
  };
}

/** A denied call consumes nothing of a budget. */
async function refuse(deps: AuthorizeDeps, attempt: Attempt, decided: Decided): Promise<Authorized> {
  attempt.reservation?.release();
  return { effect: 'deny', decision: decisionOf(decided), receipt: await append(deps, decided) };
}

async function append(deps: AuthorizeDeps, decided: Decided): Promise<EvidenceReceipt> {
  const { record, facts } = decisionRecord(deps.hasher, deps.node, decided);
  return deps.evidence.append(record, facts);
}

/** The record of a fault, when the log still takes one; the deny stands either way. */
async function appendQuietly(deps: AuthorizeDeps, decided: Decided): Promise<EvidenceReceipt | null> {
  try {
    return await append(deps, decided);
  } catch {
    return null; // the answer is a deny without a receipt, which says that nothing was recorded
  }
}
