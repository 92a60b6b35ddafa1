import type { Agent, Workload } from '../core/actor.ts';
import type { Caller } from '../core/caller.ts';
import { MandateError } from '../core/errors.ts';
import { acceptOwnership as accepted, OWNER_ROLES } from '../core/ownership.ts';
import { currentCaller } from './current-caller.ts';
import { makeChange, type Control } from './make-change.ts';
import { requireHuman } from './require-role.ts';

/**
 * The calling human agrees to answer for the agent in every role they are named for. Accepting twice changes nothing.
 * @throws auth.forbidden for anyone but a named owner, not_found, conflict.state for a decommissioned agent
 */
export function acceptOwnership(
  control: Control,
  request: { readonly caller: Caller; readonly agent: string },
): Promise<Agent> {
  return control.exclusively(async () => {
    const now = control.clock.now();
    const caller = requireHuman(currentCaller(control.snapshot, request.caller, now));
    const agent = control.snapshot.agent(request.agent);
    if (agent === undefined) throw new MandateError('not_found', 'There is no such agent.');
    if (agent.lifecycle === 'decommissioned')
      throw new MandateError('conflict.state', 'A decommissioned agent has no owners any more.');
    const owners = accepted(agent.owners, caller.human.id, now);
    if (owners === null) throw notNamed();
    const roles = OWNER_ROLES.filter((role) => owners[role].accepted_at !== agent.owners[role].accepted_at);
    if (roles.length === 0) return agent;
    const next: Agent = { ...agent, owners, updated_at: now, version: agent.version + 1 };
    await makeChange(control, {
      caller,
      kind: 'accepted',
      subject: { noun: 'agent', id: agent.id },
      reason: null,
      details: { roles },
      writes: [{ noun: 'actor', value: next }],
      now,
    });
    return next;
  });
}

/**
 * The same for the one owner of a workload.
 * @throws auth.forbidden, not_found, conflict.state
 */
export function acceptWorkload(
  control: Control,
  request: { readonly caller: Caller; readonly workload: string },
): Promise<Workload> {
  return control.exclusively(async () => {
    const now = control.clock.now();
    const caller = requireHuman(currentCaller(control.snapshot, request.caller, now));
    const workload = control.snapshot.workload(request.workload);
    if (workload === undefined) throw new MandateError('not_found', 'There is no such workload.');
    if (workload.lifecycle === 'decommissioned')
      throw new MandateError('conflict.state', 'A decommissioned workload has no owner any more.');
    if (workload.owner.human !== caller.human.id) throw notNamed();
    if (workload.owner.accepted_at !== null) return workload;
    const next: Workload = {
      ...workload,
      owner: { ...workload.owner, accepted_at: now },
      updated_at: now,
      version: workload.version + 1,
    };
    await makeChange(control, {
      caller,
      kind: 'accepted',
      subject: { noun: 'workload', id: workload.id },
      reason: null,
      details: { roles: ['technical'] },
      writes: [{ noun: 'actor', value: next }],
      now,
    });
    return next;
  });
}

function notNamed(): MandateError {
  return new MandateError('auth.forbidden', 'Only a named owner accepts, and only for themselves.');
}
