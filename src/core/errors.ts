/**
 * Every fault that can leave Mandate has a code of this closed list. One place (api/problem.ts) maps codes to HTTP,
 * one (cli/exit.ts) to exit statuses. Refusals of an *action* are not errors: they are Decisions with a Reason.
 */
export const ERROR_CODES = {
  'input.invalid': 'The request is not valid.',
  'input.too_large': 'The request is larger than allowed.',
  'input.json': 'The body is not acceptable JSON.',
  'auth.missing': 'No credential was given.',
  'auth.invalid': 'The credential is unknown, expired or revoked.',
  'auth.both': 'A cookie and a bearer were sent together; send one.',
  'auth.forbidden': 'The caller may not do this.',
  'auth.origin': 'The request comes from a page of another origin.',
  'auth.step_up': 'Prove yourself again with your passphrase; the last time was more than five minutes ago.',
  'auth.rate': 'Too many attempts; wait and try again.',
  not_found: 'There is no such thing.',
  'conflict.exists': 'This id is taken; ids are never reused.',
  'conflict.version': 'It was changed meanwhile; read it again and repeat.',
  'conflict.state': 'It is not in a state that allows this.',
  'owners.missing': 'An agent needs a business owner, a technical owner and an escalation contact.',
  'owners.unknown': 'An owner must be a human who is registered.',
  'owners.inactive': 'An owner must be an active human.',
  'owners.unaccepted': 'Every named owner must accept first.',
  'owners.same_person': 'In a production environment the business and the technical owner must be two people.',
  'lifecycle.impossible': 'The lifecycle has no such move.',
  'lifecycle.needs': 'This move needs something that is missing.',
  'task.agent_state': 'The agent may not hold a task in its lifecycle state.',
  'task.scope': 'The scope names something that does not exist or is wider than allowed.',
  'task.purpose': 'A purpose is needed, in words.',
  'task.closed': 'The task is not open.',
  'task.elsewhere': 'The task lives on another node; try again.',
  'server.command': 'The server command cannot be started.',
  'server.definition': 'The server offers a tool that cannot be registered.',
  'approval.digest': 'The digest is not the one that was asked about; read the approval again.',
  'approval.ineligible': 'This person may not decide this approval.',
  'approval.decided': 'The approval is no longer pending.',
  'approval.rate': 'Too many approvals are pending for this agent.',
  'policy.invalid': 'The policy set does not pass its checks.',
  'config.invalid': 'The configuration is not valid.',
  'data.unreadable': 'The data directory cannot be read or written.',
  'data.locked': 'Another mandate process is using this data directory.',
  'data.damaged': 'The data directory holds something that cannot be understood.',
  'data.newer': 'The data was written by a newer version of Mandate.',
  'store.unavailable': 'The store did not answer in time or refused the write.',
  'evidence.unavailable': 'Evidence cannot be written, so nothing runs.',
  'upstream.unreachable': 'The server cannot be reached.',
  'upstream.timeout': 'The server did not answer in time.',
  'upstream.too_large': 'The server answered with more than is allowed.',
  'upstream.protocol': 'The server did not speak the protocol.',
  'upstream.ended': 'The connection to the server was ended.',
  'permit.spent': 'A permit is spent once, and only while nothing was revoked.',
  'listen.taken': 'The address is already in use.',
  'limit.reached': 'A limit of this process is reached.',
  internal: 'An internal fault.',
} as const;

export type ErrorCode = keyof typeof ERROR_CODES;

/** The one error type: a code of the closed list, a sentence for a person, a cause for the log. Never a secret. */
export class MandateError extends Error {
  readonly code: ErrorCode;
  /** Where in the input, when that is known: a JSON pointer, a key, or `file:line:column`. */
  readonly at?: string;
  /** For `upstream.*`: whether the request may have reached the server, so that its effect is unknown. */
  readonly may_have_run?: boolean;

  constructor(code: ErrorCode, sentence?: string, more: { cause?: unknown; at?: string; may_have_run?: boolean } = {}) {
    super(sentence ?? ERROR_CODES[code], more.cause === undefined ? undefined : { cause: more.cause });
    this.name = 'MandateError';
    this.code = code;
    if (more.at !== undefined) this.at = more.at;
    if (more.may_have_run !== undefined) this.may_have_run = more.may_have_run;
  }
}

/** True for an error of ours, also when it was made by another copy of this module (instanceof would not see it). */
export function isMandateError(error: unknown): error is MandateError {
  return error instanceof Error && error.name === 'MandateError' && 'code' in error;
}
