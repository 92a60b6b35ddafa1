/**
 * The closed list of reason codes of a decision, each with the sentence a person or a model reads. A policy may give
 * its own sentence (`@message`); the code then is `policy.forbidden` or `approval.required`.
 */
export const REASONS = {
  'policy.permitted': 'A policy permits this.',
  'policy.no_permit': 'No policy permits this; what nothing permits is denied.',
  'policy.forbidden': 'A policy forbids this.',
  'policy.error': 'A policy could not be evaluated, and any doubt is a deny.',
  'policy.unavailable': 'No policy set is in force.',
  'approval.required': 'A person must approve exactly this action first.',
  'approval.used': 'A person approved exactly this action.',
  'approval.denied': 'A person refused exactly this action.',
  'approval.flood': 'Too many approvals of this agent are waiting; it has to wait for them.',
  'actor.unknown': 'The agent is not registered.',
  'actor.suspended': 'The agent is suspended.',
  'actor.not_active': 'The agent is not in a state in which it may act.',
  'chain.inactive': 'Someone on whose behalf the agent acts is no longer active.',
  'task.unknown': 'There is no such task.',
  'task.closed': 'The task is closed; open another.',
  'task.expired': 'The task is past its end; open another.',
  'task.purpose_unstated': 'No purpose was stated for this task, so it may only read.',
  'task.self_opened': 'The agent opened this task for itself, so it may only read.',
  'scope.tool': 'The tool is outside what this task may use.',
  'scope.requester': 'Whoever asked for this task may not use this tool.',
  'scope.ceiling': 'The tool is outside what this agent may ever use.',
  'server.unknown': 'There is no such server.',
  'tool.unknown': 'The server has no such tool.',
  'tool.quarantined': 'The tool is new and waits for a person to accept it.',
  'tool.changed': 'The tool is no longer the one that was accepted.',
  'tool.refused': 'The name of the tool can be mistaken for another one.',
  'environment.crossing': 'The agent and the server are in different environments.',
  'budget.exhausted': 'The budget of this task is used up.',
  'limit.unverified':
    'The task carries a limit that this version cannot check by itself, so a person checks each call.',
  'flow.destination': 'The destination does not come from the task or a trusted source.',
  'lifecycle.probation': 'The agent is on probation: every action that is not a read is held.',
  'request.malformed': 'The request is not acceptable.',
  'request.unsupported': 'This kind of request is not supported.',
  'evidence.unavailable': 'Evidence cannot be written, so nothing runs.',
  'revoked.meanwhile': 'It was revoked while it was being decided.',
  'limit.reached': 'A limit of the gateway is reached.',
  'internal.fault': 'A fault inside the gateway; any doubt is a deny.',
} as const;

export type ReasonCode = keyof typeof REASONS;

/** Why a decision is what it is. `policy` is the id of the policy that says so, where one does. */
export interface Reason {
  readonly code: ReasonCode;
  readonly policy: string | null;
  readonly message: string;
}

export function reason(code: ReasonCode, more: { readonly policy?: string; readonly message?: string } = {}): Reason {
  return { code, policy: more.policy ?? null, message: more.message ?? REASONS[code] };
}
