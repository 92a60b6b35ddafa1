import type { Human } from '../core/actor.ts';
import { actorId } from '../core/ids.ts';
import type { Hasher } from '../ports/hasher.ts';
import { makeChange, type Control } from './make-change.ts';
import { newLink } from './new-link.ts';
import { endAll } from './register-human.ts';
import type { Snapshot } from './snapshot.ts';

/**
 * The secret of a sign-in link for the first admin, to be printed on the terminal and nowhere else; null once an active
 * human holds the role admin. Each call ends the link of the one before.
 */
export function firstRunLink(deps: Control & { readonly hasher: Hasher }): Promise<string | null> {
  return deps.exclusively(async () => {
    const { snapshot } = deps;
    const now = deps.clock.now();
    for (const actor of snapshot.actors()) {
      if (
        actor.kind === 'human' &&
        actor.lifecycle === 'active' &&
        actor.vouched_by !== null &&
        actor.roles.includes('admin')
      )
        return null;
    }
    const id = actorId(firstAdminId(snapshot));
    const waiting = snapshot.human(id);
    const human: Human = waiting ?? {
      id,
      kind: 'human',
      name: 'First admin',
      lifecycle: 'registered',
      roles: ['admin', 'security', 'approver', 'member'],
      deputy: null,
      vouched_by: 'mandate',
      entitlement: null,
      created_at: now,
      updated_at: now,
      version: 1,
    };
    const { credential, secret } = newLink(deps, { actor: id, issued_by: 'mandate' }, now);
    const old = snapshot.credentialsOf(id).filter((one) => one.kind === 'sign_in_link' && one.ended_at === null);
    await makeChange(deps, {
      caller: { kind: 'mandate' },
      kind: waiting === undefined ? 'registered' : 'issued',
      subject: { noun: 'human', id },
      reason: 'There is no active admin; the link is printed on the terminal.',
      details: { roles: human.roles, link: credential.id },
      writes: [
        ...endAll(old, 'Another first-run link was made.', now),
        ...(waiting === undefined ? [{ noun: 'actor', value: human } as const] : []),
        { noun: 'credential', value: credential },
      ],
      now,
    });
    return secret;
  });
}

/** `admin`, unless that id is taken by someone else than an earlier first admin who never signed in. */
function firstAdminId(snapshot: Snapshot): string {
  for (let n = 1; ; n += 1) {
    const id = n === 1 ? 'admin' : `admin-${n}`;
    const taken = snapshot.actor(id);
    if (taken === undefined) return id;
    if (
      taken.kind === 'human' &&
      taken.lifecycle === 'registered' &&
      taken.vouched_by === 'mandate' &&
      taken.roles.includes('admin')
    )
      return id;
  }
}
