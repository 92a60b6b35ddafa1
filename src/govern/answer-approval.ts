import { answerApproval as answered, confirmApproval, type Answer, type Approval } from '../core/approval.ts';
import type { Caller } from '../core/caller.ts';
import type { ChangeKind } from '../core/change.ts';
import { hasSteppedUp } from '../core/credential.ts';
import { isInChain } from '../core/delegation.ts';
import { MandateError } from '../core/errors.ts';
import type { Instant } from '../core/instant.ts';
import { mayAct } from '../core/lifecycle.ts';
import { isOpen } from '../core/task.ts';
import { checkedReason } from './checked-text.ts';
import { currentCaller } from './current-caller.ts';
import { makeChange, type Control } from './make-change.ts';
import { requireHuman } from './require-role.ts';
import type { Snapshot } from './snapshot.ts';

export interface AnswerRequest {
  readonly caller: Caller;
  readonly approval: string;
  /** Of what the person read. */
  readonly digest: string;
  readonly verdict: 'approve' | 'deny' | 'confirm';
  readonly reason: string;
}

/**
 * A person's answer to one exact question. Only a human, who proved themselves again within the last minutes, for each
 * of the verdicts: the admin token answers nothing.
 * @throws auth.forbidden, auth.step_up, not_found, approval.digest, approval.ineligible, approval.decided, input.invalid
 */
export function answerApproval(control: Control, request: AnswerRequest): Promise<Approval> {
  return control.exclusively(async () => {
    const now = control.clock.now();
    const { snapshot } = control;
    const caller = requireHuman(currentCaller(snapshot, request.caller, now));
    const reason = reasonOf(request);
    const approval = snapshot.approval(request.approval);
    if (approval === undefined) throw new MandateError('not_found', 'There is no such approval.');
    requireStepUp(caller.stepped_up_at, now);
    if (!stillWanted(snapshot, approval, now))
      throw new MandateError('approval.decided', 'What it was asked for has ended.');
    const answer = { human: caller.human, digest: request.digest, reason };
    const result =
      request.verdict === 'confirm'
        ? confirm(snapshot, approval, answer, now)
        : answered(approval, { ...answer, verdict: request.verdict }, now);
    if (!result.ok) throw new MandateError(result.code, result.message);
    await makeChange(control, {
      caller,
      kind: KINDS[request.verdict],
      subject: { noun: 'approval', id: approval.id },
      reason,
      details: {
        about: approval.subject.kind,
        agent: approval.agent,
        digest: approval.digest,
        state: result.approval.state,
        votes: result.approval.votes.length,
        quorum: approval.quorum,
      },
      writes: [{ noun: 'approval', value: result.approval }],
      now,
    });
    return result.approval;
  });
}

/** Who approves may leave the question to speak for itself; who refuses or confirms says why. */
function reasonOf({ verdict, reason }: AnswerRequest): string {
  return verdict === 'approve' && reason.trim() === '' ? '' : checkedReason(reason);
}

const KINDS: Readonly<Record<AnswerRequest['verdict'], ChangeKind>> = {
  approve: 'approved',
  deny: 'refused',
  confirm: 'confirmed',
};

function requireStepUp(stepped_up_at: Instant | null, now: Instant): void {
  if (!hasSteppedUp(stepped_up_at, now)) throw new MandateError('auth.step_up');
}

/** An answer to a question that nobody asks any more would be an approval lying about. */
function stillWanted(snapshot: Snapshot, approval: Approval, now: Instant): boolean {
  const agent = snapshot.agent(approval.agent);
  if (agent === undefined || !mayAct(agent.lifecycle)) return false;
  if (approval.subject.kind !== 'action') return true;
  const task = snapshot.task(approval.subject.task);
  return task !== undefined && isOpen(task, now) && task.revision === approval.subject.revision;
}

function confirm(
  snapshot: Snapshot,
  approval: Approval,
  answer: Parameters<typeof confirmApproval>[1],
  now: Instant,
): Answer {
  const { human } = answer;
  const concerned =
    approval.excluded.includes(human.id) ||
    isInChain(approval.chain, human.id) ||
    approval.steps.some((step) => step.asked.includes(human.id)) ||
    human.roles.some((role) => approval.roles.includes(role));
  if (!concerned)
    return { ok: false, code: 'approval.ineligible', message: 'Only whoever asked for it may confirm it.' };
  return confirmApproval(approval, answer, settingOf(snapshot, approval), now);
}

/** Whether this approval may be confirmed by whoever asked: one human, outside production. */
export function mayBeConfirmed(snapshot: Snapshot, approval: Approval): boolean {
  const { production, active_humans } = settingOf(snapshot, approval);
  return !production && active_humans === 1;
}

function settingOf(
  snapshot: Snapshot,
  approval: Approval,
): { readonly production: boolean; readonly active_humans: number } {
  let active_humans = 0;
  for (const actor of snapshot.actors()) if (actor.kind === 'human' && actor.lifecycle === 'active') active_humans += 1;
  return { production: snapshot.isProduction(approval.environment), active_humans };
}
