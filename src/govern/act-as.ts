import { callerName, type Caller } from '../core/caller.ts';
import { MandateError } from '../core/errors.ts';
import { plusMs } from '../core/instant.ts';
import { newCredential } from '../core/credential.ts';
import type { Hasher } from '../ports/hasher.ts';
import { makeChange, type Control } from './make-change.ts';

/** Long enough to open a task. */
const ACT_AS_MS = 10 * 60_000;

/**
 * A short CLI session of a human without their passphrase, for the sample organisation, whose people are played by this
 * program. Only Mandate itself may ask, in its own process; it is on record, and such a session never approves.
 * @throws auth.forbidden, not_found
 */
export function actAs(
  deps: Control & { readonly hasher: Hasher },
  request: { readonly caller: Caller; readonly human: string; readonly reason: string },
): Promise<string> {
  return deps.exclusively(async () => {
    if (request.caller.kind !== 'mandate') throw new MandateError('auth.forbidden', 'Nobody acts as somebody else.');
    const now = deps.clock.now();
    const human = deps.snapshot.human(request.human);
    if (human === undefined || human.lifecycle !== 'active')
      throw new MandateError('not_found', 'There is no such active human.');
    const secret = deps.random.secret('mdc');
    const session = newCredential({
      id: deps.random.id('crd'),
      kind: 'cli_session',
      hash: deps.hasher.sha256(secret),
      actor: human.id,
      issued_by: callerName(request.caller),
      created_at: now,
      expires_at: plusMs(now, ACT_AS_MS),
    });
    await makeChange(deps, {
      caller: request.caller,
      kind: 'issued',
      subject: { noun: 'credential', id: session.id },
      reason: request.reason,
      details: { kind: session.kind, human: human.id },
      writes: [{ noun: 'credential', value: session }],
      now,
    });
    return secret;
  });
}
