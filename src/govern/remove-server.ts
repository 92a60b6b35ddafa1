import type { Caller } from '../core/caller.ts';
import { MandateError } from '../core/errors.ts';
import type { Instant } from '../core/instant.ts';
import type { Server } from '../core/server.ts';
import { checkedReason } from './checked-text.ts';
import { currentCaller } from './current-caller.ts';
import { makeChange, type ChangeRequest, type Control } from './make-change.ts';
import { requireRole } from './require-role.ts';

/**
 * Removes a server: no call reaches it any more. Its id is never reused.
 * @throws auth.forbidden, not_found, conflict.state, input.invalid
 */
export function removeServer(
  control: Control,
  request: { readonly caller: Caller; readonly server: string; readonly reason: string },
): Promise<{ readonly server: Server; readonly in_force_ms: number }> {
  return control.exclusively(async () => {
    const now = control.clock.now();
    const caller = currentCaller(control.snapshot, request.caller, now);
    const reason = checkedReason(request.reason);
    const made = await makeChange(control, serverRemoval(control, { caller, server: request.server, reason }, now));
    const server = control.snapshot.server(request.server);
    if (server === undefined) throw new MandateError('not_found');
    return { server, in_force_ms: made.in_force_ms };
  });
}

/** The change that removes a server. @throws auth.forbidden, not_found, conflict.state */
export function serverRemoval(
  { snapshot }: Control,
  { caller, server: id, reason }: { readonly caller: Caller; readonly server: string; readonly reason: string },
  now: Instant,
): ChangeRequest {
  requireRole(caller, 'admin', 'security');
  const server = snapshot.server(id);
  if (server === undefined) throw new MandateError('not_found', 'There is no such server.');
  if (server.state === 'removed') throw new MandateError('conflict.state', 'It was removed already.');
  return {
    caller,
    kind: 'server_removed',
    subject: { noun: 'server', id: server.id },
    reason,
    details: {},
    writes: [{ noun: 'server', value: { ...server, state: 'removed', updated_at: now, version: server.version + 1 } }],
    now,
  };
}
