import type { Human } from '../core/actor.ts';
import type { Caller } from '../core/caller.ts';
import type { Write } from '../core/change.ts';
import { isLive, newCredential, SESSION_MS, STEP_UP_MS, type Credential } from '../core/credential.ts';
import { MandateError } from '../core/errors.ts';
import type { CredentialId } from '../core/ids.ts';
import { plusMs, type Instant } from '../core/instant.ts';
import type { Hasher } from '../ports/hasher.ts';
import { currentCaller } from './current-caller.ts';
import { makeChange, type Control } from './make-change.ts';
import { limitedAttempt, type AttemptLane } from './passphrase-attempts.ts';
import { endAll } from './register-human.ts';
import { requireHuman } from './require-role.ts';

export type SignInDeps = Control & { readonly hasher: Hasher };

/** NIST SP 800-63B asks for 15 where a passphrase stands alone and 8 beside another factor; ours stands with a session. */
export const PASSPHRASE_CHARS_MIN = 12;
export const PASSPHRASE_CHARS_MAX = 1024;
/** The oldest one ends when there would be more. */
export const SESSIONS_PER_HUMAN_MAX = 20;

/**
 * Uses up a sign-in link. Who has no passphrase yet sets it with this and becomes active; who has one must know it.
 * @returns a cookie session, stepped up now
 * @throws auth.invalid (also for a wrong passphrase), auth.rate, input.invalid for a passphrase that cannot be set (the link stays)
 */
export async function useSignInLink(
  deps: SignInDeps,
  { secret, passphrase }: { readonly secret: string; readonly passphrase: string },
): Promise<{ readonly human: Human; readonly session_secret: string; readonly session: Credential }> {
  const { link, human } = linkOf(deps, secret);
  const known = passphraseOf(deps, human);
  if (known === undefined) checkNewPassphrase(human, passphrase);
  else await provePassphrase(deps, { kind: 'credential', id: link.id }, known, passphrase);
  const hash = known === undefined ? await deps.hasher.passphrase(passphrase) : null;

  return deps.exclusively(async () => {
    const now = deps.clock.now();
    // Another request may have used the link, or set a passphrase, while this one was hashing.
    const again = linkOf(deps, secret);
    if (again.link.version !== link.version || passphraseOf(deps, again.human)?.id !== known?.id)
      throw new MandateError('auth.invalid');
    const active: Human =
      again.human.lifecycle === 'active'
        ? again.human
        : { ...again.human, lifecycle: 'active', updated_at: now, version: again.human.version + 1 };
    const session = newSession(deps, active, 'session', now);
    const writes: Write[] = [
      ...endAll(liveOf(deps, active, 'sign_in_link', now), 'A sign-in link was used.', now),
      ...makeRoom(deps, active, now),
      { noun: 'credential', value: session.credential },
    ];
    if (active !== again.human) writes.push({ noun: 'actor', value: active });
    if (hash !== null)
      writes.push({
        noun: 'credential',
        value: { ...credentialOf(deps, active, 'passphrase', hash, now), expires_at: null },
      });
    await makeChange(deps, {
      caller: { kind: 'human', human: active, credential: session.credential.id, stepped_up_at: now },
      kind: 'signed_in',
      subject: { noun: 'human', id: active.id },
      reason: null,
      details: { with: 'sign_in_link', link: again.link.id, session: session.credential.id, first: hash !== null },
      writes,
      now,
    });
    return { human: active, session_secret: session.secret, session: session.credential };
  });
}

/**
 * A new session for a passphrase: `session` is a cookie, stepped up now; `cli_session` is a bearer that is kept on disk,
 * so it is never stepped up: see stepUp.
 * @throws auth.invalid whether the human or the passphrase is wrong, auth.rate
 */
export async function signIn(
  deps: SignInDeps,
  request: { readonly human: string; readonly passphrase: string; readonly as: 'session' | 'cli_session' },
): Promise<{ readonly human: Human; readonly secret: string; readonly credential: Credential }> {
  const known = deps.snapshot.human(request.human);
  const able = known?.lifecycle === 'active' ? known : undefined;
  const lane: AttemptLane = able === undefined ? { kind: 'unknown' } : { kind: 'human', id: able.id };
  const proved = await provePassphrase(deps, lane, able && passphraseOf(deps, able), request.passphrase);
  return deps.exclusively(async () => {
    const now = deps.clock.now();
    const human = deps.snapshot.human(request.human);
    if (human?.lifecycle !== 'active' || passphraseOf(deps, human)?.id !== proved)
      throw new MandateError('auth.invalid');
    const { credential, secret } = newSession(deps, human, request.as, now);
    await makeChange(deps, {
      caller: { kind: 'human', human, credential: credential.id, stepped_up_at: credential.stepped_up_at },
      kind: 'signed_in',
      subject: { noun: 'human', id: human.id },
      reason: null,
      details: { with: 'passphrase', as: request.as, session: credential.id },
      writes: [...makeRoom(deps, human, now), { noun: 'credential', value: credential }],
      now,
    });
    return { human, secret, credential };
  });
}

/**
 * The second factor again. A cookie session is stepped up in place. A CLI session stands on disk, where an agent of the
 * same user could read it; it gets a session of its own for as long as a step-up counts, whose secret the CLI keeps in
 * memory only.
 * @returns the session that is stepped up; `secret` when it is a new one
 * @throws auth.forbidden, auth.invalid, auth.rate
 */
export async function stepUp(
  deps: SignInDeps,
  request: { readonly caller: Caller; readonly passphrase: string },
): Promise<{ readonly session: Credential; readonly secret: string | null }> {
  const asked = requireHuman(currentCaller(deps.snapshot, request.caller, deps.clock.now()));
  const lane: AttemptLane = { kind: 'credential', id: asked.credential };
  const proved = await provePassphrase(deps, lane, passphraseOf(deps, asked.human), request.passphrase);
  return deps.exclusively(async () => {
    const now = deps.clock.now();
    const caller = requireHuman(currentCaller(deps.snapshot, request.caller, now));
    const current = deps.snapshot.credential(caller.credential);
    if (current === undefined || passphraseOf(deps, caller.human)?.id !== proved)
      throw new MandateError('auth.invalid');
    const inPlace = current.kind === 'session';
    const fresh = inPlace ? null : newSession(deps, caller.human, 'cli_session', now);
    const session: Credential =
      fresh === null
        ? { ...current, stepped_up_at: now, version: current.version + 1 }
        : { ...fresh.credential, stepped_up_at: now, expires_at: plusMs(now, STEP_UP_MS) };
    await makeChange(deps, {
      caller,
      kind: 'stepped_up',
      subject: { noun: 'human', id: caller.human.id },
      reason: null,
      details: { session: session.id },
      writes: [
        ...(inPlace ? [] : makeRoom(deps, caller.human, now, caller.credential)),
        { noun: 'credential', value: session },
      ],
      now,
    });
    return { session, secret: fresh?.secret ?? null };
  });
}

/** Ends the session that asks. @throws auth.forbidden, auth.invalid */
export function signOut(deps: Control, request: { readonly caller: Caller }): Promise<void> {
  return deps.exclusively(async () => {
    const now = deps.clock.now();
    const caller = requireHuman(currentCaller(deps.snapshot, request.caller, now));
    const session = deps.snapshot.credential(caller.credential);
    if (session === undefined) throw new MandateError('auth.invalid');
    await makeChange(deps, {
      caller,
      kind: 'revoked',
      subject: { noun: 'credential', id: session.id },
      reason: 'Signed out.',
      details: { kind: session.kind },
      writes: endAll([session], 'Signed out.', now),
      now,
    });
  });
}

function linkOf(deps: SignInDeps, secret: string): { readonly link: Credential; readonly human: Human } {
  const link = secret.length > 200 ? undefined : deps.snapshot.credentialByHash(deps.hasher.sha256(secret));
  if (link?.kind !== 'sign_in_link' || !isLive(link, deps.clock.now()))
    throw new MandateError('auth.invalid', 'This link is used up, too old or unknown.');
  const human = deps.snapshot.human(link.actor);
  if (human?.lifecycle !== 'registered' && human?.lifecycle !== 'active')
    throw new MandateError('auth.invalid', undefined, { at: link.id });
  return { link, human };
}

function passphraseOf(deps: SignInDeps, human: Human): Credential | undefined {
  return deps.snapshot.credentialsOf(human.id).find((one) => one.kind === 'passphrase' && one.ended_at === null);
}

function checkNewPassphrase(human: Human, passphrase: string): void {
  const at = '/passphrase';
  if (
    passphrase.length < PASSPHRASE_CHARS_MIN ||
    passphrase.length > PASSPHRASE_CHARS_MAX ||
    !passphrase.isWellFormed()
  ) {
    throw new MandateError(
      'input.invalid',
      `A passphrase has ${PASSPHRASE_CHARS_MIN} to ${PASSPHRASE_CHARS_MAX} characters.`,
      { at },
    );
  }
  const plain = passphrase.trim().toLowerCase();
  if (plain === human.id || plain === human.name.toLowerCase() || new Set(plain).size < 4) {
    throw new MandateError('input.invalid', 'This passphrase would be guessed first; choose another.', { at });
  }
}

/**
 * Checks a passphrase at the same cost and with the same answer whether or not there is one to check it against.
 * @returns the credential that was proved
 */
async function provePassphrase(
  deps: SignInDeps,
  lane: AttemptLane,
  known: Credential | undefined,
  given: string,
): Promise<CredentialId> {
  if (given.length > PASSPHRASE_CHARS_MAX) throw new MandateError('auth.invalid', WRONG);
  const right = await limitedAttempt(deps.snapshot, lane, deps.clock.now(), async () => {
    const matches = await deps.hasher.matchesPassphrase(given, known?.hash ?? (await decoy(deps.hasher)));
    return matches && known !== undefined;
  });
  if (!right || known === undefined) throw new MandateError('auth.invalid', WRONG);
  return known.id;
}

const WRONG = 'The human or the passphrase is wrong.';

/** A hash of the same cost that nothing matches, made once for each hasher. */
const decoys = new WeakMap<Hasher, Promise<string>>();
function decoy(hasher: Hasher): Promise<string> {
  const made = decoys.get(hasher) ?? hasher.passphrase('nobody has this passphrase');
  decoys.set(hasher, made);
  return made;
}

function newSession(
  deps: SignInDeps,
  human: Human,
  kind: 'session' | 'cli_session',
  now: Instant,
): { readonly credential: Credential; readonly secret: string } {
  const secret = deps.random.secret(kind === 'session' ? 'mds' : 'mdc');
  return { credential: credentialOf(deps, human, kind, deps.hasher.sha256(secret), now), secret };
}

function credentialOf(
  deps: SignInDeps,
  human: Human,
  kind: 'session' | 'cli_session' | 'passphrase',
  hash: string,
  now: Instant,
): Credential {
  return newCredential({
    id: deps.random.id('crd'),
    kind,
    hash,
    actor: human.id,
    issued_by: human.id,
    created_at: now,
    expires_at: plusMs(now, SESSION_MS),
    stepped_up_at: kind === 'session' ? now : null,
  });
}

function liveOf(deps: SignInDeps, human: Human, kind: Credential['kind'], now: Instant): readonly Credential[] {
  return deps.snapshot.credentialsOf(human.id).filter((one) => one.kind === kind && isLive(one, now));
}

/** Ends the oldest sessions, never the one in use, so that one more fits. */
function makeRoom(deps: SignInDeps, human: Human, now: Instant, inUse?: CredentialId): readonly Write[] {
  const live = [...liveOf(deps, human, 'session', now), ...liveOf(deps, human, 'cli_session', now)]
    .filter((one) => one.id !== inUse)
    .sort((a, b) => a.created_at - b.created_at);
  const over = live.length + (inUse === undefined ? 0 : 1) + 1 - SESSIONS_PER_HUMAN_MAX;
  return endAll(live.slice(0, Math.max(0, over)), 'Too many sessions; the oldest ended.', now);
}
