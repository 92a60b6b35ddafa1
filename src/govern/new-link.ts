import { newCredential, SIGN_IN_LINK_MS, type Credential } from '../core/credential.ts';
import type { ActorId } from '../core/ids.ts';
import { plusMs, type Instant } from '../core/instant.ts';
import type { Hasher } from '../ports/hasher.ts';
import type { Random } from '../ports/random.ts';

/** A fresh single-use link and the secret in it. */
export function newLink(
  deps: { readonly random: Random; readonly hasher: Hasher },
  { actor, issued_by }: { readonly actor: ActorId; readonly issued_by: string },
  now: Instant,
): { readonly credential: Credential; readonly secret: string } {
  const secret = deps.random.secret('mdl');
  const credential = newCredential({
    id: deps.random.id('crd'),
    kind: 'sign_in_link',
    hash: deps.hasher.sha256(secret),
    actor,
    issued_by,
    created_at: now,
    expires_at: plusMs(now, SIGN_IN_LINK_MS),
  });
  return { credential, secret };
}
