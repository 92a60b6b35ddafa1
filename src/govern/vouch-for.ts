import type { Human } from '../core/actor.ts';
import { callerName, type Caller } from '../core/caller.ts';
import { hasSteppedUp } from '../core/credential.ts';
import { MandateError } from '../core/errors.ts';
import type { Instant } from '../core/instant.ts';
import { currentCaller } from './current-caller.ts';
import { makeChange, type Control } from './make-change.ts';

/**
 * Gives a human the standing to answer approvals. The admin token, or a bearer that lies on a disk, must never make an
 * approver: then whatever reads that disk could approve.
 * @throws auth.forbidden, auth.step_up, not_found, conflict.state
 */
export function vouchFor(
  control: Control,
  request: { readonly caller: Caller; readonly human: string },
): Promise<Human> {
  return control.exclusively(async () => {
    const now = control.clock.now();
    const caller = currentCaller(control.snapshot, request.caller, now);
    requireVoucher(caller, now);
    const human = control.snapshot.human(request.human);
    if (human === undefined)
      throw new MandateError('not_found', `There is no human ${JSON.stringify(request.human.slice(0, 40))}.`);
    if (human.vouched_by !== null)
      throw new MandateError('conflict.state', `${human.vouched_by} has vouched for ${human.id} already.`);
    const vouched: Human = { ...human, vouched_by: callerName(caller), updated_at: now, version: human.version + 1 };
    await makeChange(control, {
      caller,
      kind: 'granted',
      subject: { noun: 'human', id: human.id },
      reason: null,
      details: { vouched_by: vouched.vouched_by, roles: human.roles },
      writes: [{ noun: 'actor', value: vouched }],
      now,
    });
    return vouched;
  });
}

/** Mandate itself, or an admin with standing of their own who proved the second factor within the last minutes. */
export function mayVouch(caller: Caller, now: Instant): boolean {
  if (caller.kind === 'mandate') return true;
  return caller.kind === 'human' && isStandingAdmin(caller) && hasSteppedUp(caller.stepped_up_at, now);
}

/** @throws auth.forbidden, auth.step_up */
export function requireVoucher(caller: Caller, now: Instant): void {
  if (mayVouch(caller, now)) return;
  if (isStandingAdmin(caller)) throw new MandateError('auth.step_up');
  throw new MandateError('auth.forbidden', 'Only an admin who may answer approvals can give someone that standing.');
}

function isStandingAdmin(caller: Caller): boolean {
  return caller.kind === 'human' && caller.human.roles.includes('admin') && caller.human.vouched_by !== null;
}
