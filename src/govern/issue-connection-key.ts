import { callerName, type Caller } from '../core/caller.ts';
import { newCredential, type Credential } from '../core/credential.ts';
import { MandateError } from '../core/errors.ts';
import { ownersOf } from '../core/ownership.ts';
import type { Hasher } from '../ports/hasher.ts';
import { checkedName } from './checked-text.ts';
import { currentCaller } from './current-caller.ts';
import { makeChange, type Control } from './make-change.ts';
import { requireRoleOrBeing } from './require-role.ts';

export const CONNECTION_KEYS_PER_AGENT_MAX = 50;

/**
 * A key that names one agent and one client installation. It authorises nothing by itself and lasts until it is revoked.
 * @param request.label the installation, in its owner's words
 * @throws auth.forbidden, not_found, conflict.state, limit.reached, input.invalid
 */
export function issueConnectionKey(
  deps: Control & { readonly hasher: Hasher },
  request: { readonly caller: Caller; readonly agent: string; readonly label: string },
): Promise<{ readonly secret: string; readonly credential: Credential }> {
  return deps.exclusively(async () => {
    const now = deps.clock.now();
    const caller = currentCaller(deps.snapshot, request.caller, now);
    const agent = deps.snapshot.agent(request.agent);
    if (agent === undefined) throw new MandateError('not_found', 'There is no such agent.');
    requireRoleOrBeing(caller, ownersOf(agent.owners), 'admin');
    if (agent.lifecycle === 'suspended' || agent.lifecycle === 'decommissioned') {
      throw new MandateError('conflict.state', `${agent.id} is ${agent.lifecycle}.`);
    }
    const keys = deps.snapshot
      .credentialsOf(agent.id)
      .filter((one) => one.kind === 'connection_key' && one.ended_at === null);
    if (keys.length >= CONNECTION_KEYS_PER_AGENT_MAX) {
      throw new MandateError(
        'limit.reached',
        `${agent.id} has ${CONNECTION_KEYS_PER_AGENT_MAX} connection keys; revoke some first.`,
      );
    }
    const secret = deps.random.secret('mdk');
    const credential = newCredential({
      id: deps.random.id('crd'),
      kind: 'connection_key',
      hash: deps.hasher.sha256(secret),
      actor: agent.id,
      label: checkedName(request.label, '/label'),
      issued_by: callerName(caller),
      created_at: now,
      expires_at: null,
    });
    await makeChange(deps, {
      caller,
      kind: 'issued',
      subject: { noun: 'credential', id: credential.id },
      reason: null,
      details: { kind: 'connection_key', agent: agent.id, label: credential.label },
      writes: [{ noun: 'credential', value: credential }],
      now,
    });
    return { secret, credential };
  });
}
