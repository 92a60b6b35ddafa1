import type { ActorId } from './ids.ts';
import type { Instant } from './instant.ts';
import type { Human } from './actor.ts';
import type { ErrorCode } from './errors.ts';

export const OWNER_ROLES = ['business', 'technical', 'escalation'] as const;
export type OwnerRole = (typeof OWNER_ROLES)[number];

/** A named human and when they agreed to answer for the agent. Naming someone is a request, not an acceptance. */
export interface Owner {
  readonly human: ActorId;
  readonly accepted_at: Instant | null;
}

/** The three people an agent needs before it may leave `registered`. */
export type Owners = Readonly<Record<OwnerRole, Owner>>;

export function nameOwners(named: Readonly<Record<OwnerRole, ActorId>>): Owners {
  const waiting = (human: ActorId): Owner => ({ human, accepted_at: null });
  return {
    business: waiting(named.business),
    technical: waiting(named.technical),
    escalation: waiting(named.escalation),
  };
}

/** The owners after `human` accepted every role they are named for; null when they are named for none. */
export function acceptOwnership(owners: Owners, human: ActorId, now: Instant): Owners | null {
  if (!isNamed(owners, human)) return null;
  const accept = (owner: Owner): Owner =>
    owner.human === human && owner.accepted_at === null ? { human, accepted_at: now } : owner;
  return {
    business: accept(owners.business),
    technical: accept(owners.technical),
    escalation: accept(owners.escalation),
  };
}

/** Who answers for it: those who agreed to. A person who was only named has no authority by it. */
export function acceptedBy(...owners: readonly Owner[]): readonly ActorId[] {
  return owners.filter((owner) => owner.accepted_at !== null).map((owner) => owner.human);
}

/** The people who answer for an agent, in any of the three roles. */
export function ownersOf(owners: Owners): readonly ActorId[] {
  return acceptedBy(...OWNER_ROLES.map((role) => owners[role]));
}

export function isOwner(owners: Owners, human: ActorId): boolean {
  return ownersOf(owners).includes(human);
}

/** Whether they are named in a role, accepted or not: enough to be asked, and to be missed. */
export function isNamed(owners: Owners, human: ActorId): boolean {
  return OWNER_ROLES.some((role) => owners[role].human === human);
}

/** What still keeps these owners from answering for an agent; empty when nothing does. */
export function ownershipGaps(
  owners: Owners,
  humans: (id: ActorId) => Human | undefined,
  environment: { readonly production: boolean },
): readonly ErrorCode[] {
  const gaps = new Set<ErrorCode>();
  for (const role of OWNER_ROLES) {
    const human = humans(owners[role].human);
    if (human === undefined) gaps.add('owners.unknown');
    else if (human.lifecycle !== 'active') gaps.add('owners.inactive');
    if (owners[role].accepted_at === null) gaps.add('owners.unaccepted');
  }
  // Separation of duties: outside production one person may try an agent alone, inside it takes two.
  if (environment.production && owners.business.human === owners.technical.human) gaps.add('owners.same_person');
  return [...gaps];
}
