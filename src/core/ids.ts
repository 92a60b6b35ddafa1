import type { Brand } from './brand.ts';
import type { Instant } from './instant.ts';

/** Chosen once by a person, never reused: `[a-z][a-z0-9-]{0,30}`. */
export type ActorId = Brand<string, 'ActorId'>;
export type ServerId = Brand<string, 'ServerId'>;
export type EnvironmentId = Brand<string, 'EnvironmentId'>;

/** Made by us: a prefix and a UUIDv7 in Crockford base32, so ids sort by the time they were made. */
export type TaskId = Brand<string, 'tsk'>;
export type DecisionId = Brand<string, 'dec'>;
export type ApprovalId = Brand<string, 'apr'>;
export type ChangeId = Brand<string, 'chg'>;
export type CredentialId = Brand<string, 'crd'>;
export type OutcomeId = Brand<string, 'out'>;
export type SignalId = Brand<string, 'sig'>;
export type NodeId = Brand<string, 'nod'>;

export interface RecordIds {
  readonly tsk: TaskId;
  readonly dec: DecisionId;
  readonly apr: ApprovalId;
  readonly chg: ChangeId;
  readonly crd: CredentialId;
  readonly out: OutcomeId;
  readonly sig: SignalId;
  readonly nod: NodeId;
}
export type RecordPrefix = keyof RecordIds;

export const SLUG = /^[a-z][a-z0-9-]{0,30}$/;

/** True when `text` may name an actor, server, environment or team. */
export function isSlug(text: string): boolean {
  return SLUG.test(text);
}

export function actorId(text: string): ActorId {
  return slug(text) as ActorId; // checked by slug()
}
export function serverId(text: string): ServerId {
  return slug(text) as ServerId; // checked by slug()
}
export function environmentId(text: string): EnvironmentId {
  return slug(text) as EnvironmentId; // checked by slug()
}

const CROCKFORD = '0123456789abcdefghjkmnpqrstvwxyz';
const RECORD_ID = /^([a-z]{3})_[0-7][0-9a-hjkmnp-tv-z]{25}$/;

/** True when `text` has the form of a record id with this prefix. */
export function isRecordId<P extends RecordPrefix>(prefix: P, text: string): text is RecordIds[P] {
  return RECORD_ID.exec(text)?.[1] === prefix;
}

/**
 * `prefix_` and a UUIDv7 (RFC 9562 §5.7) as 26 Crockford characters.
 * @param random 10 bytes of cryptographic randomness
 */
export function recordId<P extends RecordPrefix>(prefix: P, at: Instant, random: Uint8Array): RecordIds[P] {
  if (random.length !== 10) throw new RangeError('a record id takes 10 random bytes');
  let bits = BigInt(at);
  bits = (bits << 4n) | 0x7n;
  const [a = 0, b = 0, ...rest] = random;
  bits = (bits << 12n) | BigInt(((a & 0x0f) << 8) | b);
  bits = (bits << 2n) | 0b10n;
  let tail = 0n;
  for (const byte of rest) tail = (tail << 8n) | BigInt(byte);
  bits = (bits << 62n) | (tail & ((1n << 62n) - 1n));
  let text = '';
  for (let shift = 125n; shift >= 0n; shift -= 5n) text += CROCKFORD[Number((bits >> shift) & 31n)] ?? '';
  return `${prefix}_${text}` as RecordIds[P]; // made here, of the form RECORD_ID checks
}

function slug(text: string): string {
  if (!SLUG.test(text)) throw new TypeError(`not a slug: ${JSON.stringify(text.slice(0, 40))}`);
  return text;
}
