import type { Role } from '../core/actor.ts';
import type { Caller } from '../core/caller.ts';
import { MandateError } from '../core/errors.ts';
import type { ActorId } from '../core/ids.ts';

/**
 * Lets through the operator, Mandate itself, and humans who hold one of these roles. No agent holds a role.
 * @throws auth.forbidden
 */
export function requireRole(caller: Caller, ...roles: readonly Role[]): void {
  if (holdsRole(caller, ...roles)) return;
  throw new MandateError('auth.forbidden', `This needs one of the roles ${roles.join(', ')}.`);
}

/**
 * Like requireRole, and also lets through these humans (owners of the thing).
 * @throws auth.forbidden
 */
export function requireRoleOrBeing(caller: Caller, people: readonly ActorId[], ...roles: readonly Role[]): void {
  if (caller.kind === 'human' && people.includes(caller.human.id)) return;
  if (holdsRole(caller, ...roles)) return;
  throw new MandateError('auth.forbidden', `This is for its owners and the roles ${roles.join(', ')}.`);
}

/** The human who calls. @throws auth.forbidden for every other caller: nobody does this for a human */
export function requireHuman(caller: Caller): Extract<Caller, { kind: 'human' }> {
  if (caller.kind === 'human') return caller;
  throw new MandateError('auth.forbidden', 'Only a human who has signed in may do this.');
}

export function holdsRole(caller: Caller, ...roles: readonly Role[]): boolean {
  switch (caller.kind) {
    case 'operator':
    case 'mandate':
      return true;
    case 'human':
      return caller.human.roles.some((role) => roles.includes(role));
    case 'agent':
      return false;
  }
}
