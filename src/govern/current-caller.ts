import type { Caller } from '../core/caller.ts';
import { isLive } from '../core/credential.ts';
import { MandateError } from '../core/errors.ts';
import type { Instant } from '../core/instant.ts';
import { mayAct } from '../core/lifecycle.ts';
import type { Snapshot } from './snapshot.ts';

/**
 * The caller as they stand now. A use case waits for its turn after the caller was authenticated; whoever was stopped,
 * signed out or lost a role in between has no authority any more.
 * @throws auth.invalid
 */
export function currentCaller(snapshot: Snapshot, caller: Caller, now: Instant): Caller {
  if (caller.kind === 'operator' || caller.kind === 'mandate') return caller;
  const credential = snapshot.credential(caller.credential);
  if (credential === undefined || !isLive(credential, now)) {
    throw new MandateError('auth.invalid', undefined, { at: caller.credential });
  }
  if (caller.kind === 'agent') {
    const agent = snapshot.agent(caller.agent);
    if (agent === undefined || !mayAct(agent.lifecycle) || credential.actor !== agent.id) {
      throw new MandateError('auth.invalid', undefined, { at: credential.id });
    }
    return caller;
  }
  const human = snapshot.human(caller.human.id);
  if (human === undefined || human.lifecycle !== 'active' || credential.actor !== human.id) {
    throw new MandateError('auth.invalid', undefined, { at: credential.id });
  }
  return { ...caller, human, stepped_up_at: credential.stepped_up_at };
}
