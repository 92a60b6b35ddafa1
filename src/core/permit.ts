import type { Action } from './action.ts';
import { MandateError } from './errors.ts';
import type { ActorId, ChangeId, DecisionId, ServerId, TaskId } from './ids.ts';

declare const permit: unique symbol;

/**
 * The right to reach one upstream once. Only govern mints one, after the record it stands on is durable; the upstream
 * adapter spends it at the moment it writes the request. It has no fields: it cannot be made, copied or stored.
 */
export interface Permit {
  readonly [permit]: true;
}

/** What a permit allows: this action, under this record. */
export interface PermitGrant {
  /** The decision or the change (an administrator's registration or refresh) that allowed it. */
  readonly under: DecisionId | ChangeId;
  readonly server: ServerId;
  /** Whose upstream context is used; null for an administrator's look at a server. */
  readonly task: TaskId | null;
  readonly agent: ActorId | null;
  readonly action: Action;
  /** For a call: the pinned definition the decision was made on; the upstream must still offer exactly it. */
  readonly definition_digest: string | null;
  /** How old, in ms, what the upstream is known to offer may be when it is compared; 0: asked for this call. */
  readonly definition_age_ms_max: number;
}

interface Unspent {
  readonly grant: PermitGrant;
  /** False once anything the decision stood on was revoked. */
  readonly stillGood: () => boolean;
}

const unspent = new WeakMap<Permit, Unspent>();

/** For govern alone (an architecture test sees to it). */
export function mintPermit(grant: PermitGrant, stillGood: () => boolean): Permit {
  const minted = Object.freeze({}) as Permit; // identity in `unspent` is what makes it a permit
  unspent.set(minted, { grant, stillGood });
  return minted;
}

/** What an unspent permit is for, to find the right upstream context; it authorises nothing. */
export function readPermit(held: Permit): PermitGrant {
  const entry = unspent.get(held);
  if (entry === undefined) throw new MandateError('permit.spent');
  return entry.grant;
}

/** Spends it: to be called right before the request is written. @throws permit.spent a second time, or after a revocation */
export function spendPermit(held: Permit): PermitGrant {
  const entry = unspent.get(held);
  if (entry === undefined) throw new MandateError('permit.spent');
  unspent.delete(held);
  if (!entry.stillGood()) throw new MandateError('permit.spent', 'It was revoked before it was used.');
  return entry.grant;
}
