import type { ActorId, CredentialId, TaskId } from './ids.ts';
import type { Instant } from './instant.ts';

/**
 * `task_token` names one task of an agent; `connection_key` names an agent and one client installation; `session` is a
 * human's cookie; `cli_session` a human's bearer; `sign_in_link` a single-use link; `passphrase` a human's second factor.
 */
export const CREDENTIAL_KINDS = [
  'task_token',
  'connection_key',
  'session',
  'cli_session',
  'sign_in_link',
  'passphrase',
] as const;
export type CredentialKind = (typeof CREDENTIAL_KINDS)[number];

/** A secret is never stored: only its hash, which for bearers is also how it is found. */
export interface Credential {
  readonly id: CredentialId;
  readonly kind: CredentialKind;
  /** Bearers: `sha256:` of the secret. Passphrases: the parameters, salt and result of a slow hash. */
  readonly hash: string;
  readonly actor: ActorId;
  readonly task: TaskId | null;
  /** The client installation of a connection key, in its owner's words. */
  readonly label: string | null;
  /** Who had it issued, as callerName() prints them; null where nobody wrote it down. */
  readonly issued_by: string | null;
  readonly created_at: Instant;
  readonly expires_at: Instant | null;
  /** Sessions: when the human last proved the second factor. */
  readonly stepped_up_at: Instant | null;
  readonly ended_at: Instant | null;
  readonly ended_reason: string | null;
  readonly version: number;
}

export const TASK_TOKEN_MS = 15 * 60_000;
export const SIGN_IN_LINK_MS = 5 * 60_000;
export const SESSION_MS = 12 * 3_600_000;
export const STEP_UP_MS = 5 * 60_000;

/** A credential at its beginning. What is left out does not apply to its kind. */
export function newCredential(
  made: Pick<Credential, 'id' | 'kind' | 'hash' | 'actor' | 'issued_by' | 'created_at' | 'expires_at'> &
    Partial<Pick<Credential, 'task' | 'label' | 'stepped_up_at'>>,
): Credential {
  return { task: null, label: null, stepped_up_at: null, ...made, ended_at: null, ended_reason: null, version: 1 };
}

export function isLive(credential: Credential, now: Instant): boolean {
  return credential.ended_at === null && (credential.expires_at === null || now < credential.expires_at);
}

/** Whether the second factor was proved within the last minutes; a proof from the future counts as none. */
export function hasSteppedUp(stepped_up_at: Instant | null, now: Instant): boolean {
  return stepped_up_at !== null && now >= stepped_up_at && now - stepped_up_at < STEP_UP_MS;
}

export function endCredential(credential: Credential, reason: string, now: Instant): Credential {
  return { ...credential, ended_at: now, ended_reason: reason, version: credential.version + 1 };
}
