import type { Approval } from '../../core/approval.ts';
import type { Decision } from '../../core/decision.ts';
import type { MandateError } from '../../core/errors.ts';
import { toRfc3339 } from '../../core/instant.ts';
import { approvalUrl } from '../../core/page-url.ts';
import type { ReasonCode } from '../../core/reasons.ts';
import { shownReasons } from './decision-meta.ts';

/** What a model reads of a deny: what was refused, by which rule, and what would be allowed. */
export function deniedText(decision: Decision, shownTool: string): string {
  const why = shownReasons(decision).map(
    ({ code, policy, message }) => `${message} [${policy === null ? code : `policy ${policy}`}]`,
  );
  const [first] = decision.reasons;
  return `Refused: ${shownTool} was not called. ${why.join(' ')} ${adviceFor(first?.code)} Decision ${decision.id}.`;
}

/** What a model reads of a hold. */
export function heldText(approval: Approval, shownTool: string, publicUrl: string): string {
  return (
    `Held for approval: ${shownTool} was not called yet. A person must approve exactly this call at ` +
    `${approvalUrl(publicUrl, approval.id)} until ${toRfc3339(approval.expires_at)}. ` +
    'Once it is approved, call again with the same arguments; until then the same call gets the same answer. ' +
    `Approval ${approval.id}.`
  );
}

/** What a person reads before they open the approval page. */
export function elicitationText(decision: Decision, shownTool: string): string {
  return `${decision.actor} wants to call ${shownTool}. Open the page to see exactly what would run, and to approve or refuse it.`;
}

/** What a model reads when an allowed call did not come back. */
export function failedText(error: MandateError, shownTool: string): string {
  const happened =
    error.may_have_run === true
      ? 'It may have run: check before you repeat it.'
      : 'It did not run, so it may be repeated.';
  return `Failed: ${shownTool} was allowed, but gave no result. ${error.message} [${error.code}] ${happened}`;
}

function adviceFor(code: ReasonCode | undefined): string {
  switch (code) {
    case 'task.closed':
    case 'task.expired':
    case 'task.unknown':
      return 'Nothing more runs in this task; continue in a new one.';
    case 'task.purpose_unstated':
    case 'task.self_opened':
      return 'Tools that only read are allowed; anything else needs a task that a person opened with a purpose.';
    case 'budget.exhausted':
      return 'A new task with a larger budget is needed for more calls.';
    case 'approval.denied':
      return 'Do not repeat it; find another way, or ask the person who refused.';
    case 'approval.flood':
      return 'Wait until the approvals that are pending are answered.';
    case 'tool.quarantined':
    case 'tool.changed':
    case 'tool.refused':
      return 'A person has to accept the tool first; the other tools of tools/list can be called.';
    case 'environment.crossing':
      return "Only servers of the agent's own environment can be called.";
    case 'evidence.unavailable':
    case 'policy.unavailable':
    case 'policy.error':
    case 'internal.fault':
    case 'limit.reached':
      return 'Nothing is wrong with the call itself; it can be repeated later.';
    case 'actor.unknown':
    case 'actor.suspended':
    case 'actor.not_active':
    case 'chain.inactive':
    case 'revoked.meanwhile':
      return "Nothing is allowed until the agent's owners act.";
    default:
      return 'Other arguments or another tool of tools/list may be allowed; a repetition of this call is not.';
  }
}
