import type { Caller } from '../core/caller.ts';
import { MandateError } from '../core/errors.ts';
import { currentCaller } from './current-caller.ts';
import { listTools } from './list-tools.ts';
import type { ServerDeps } from './register-server.ts';
import { requireRole } from './require-role.ts';
import { recordSeenTools } from './record-tools.ts';
import type { SeenSummary } from './see-tools.ts';

/**
 * Asks a registered server again which tools it offers, and records the differences.
 * @throws auth.forbidden, not_found, server.command, server.definition, upstream.*
 */
export async function refreshServer(
  deps: ServerDeps,
  request: { readonly caller: Caller; readonly server: string },
): Promise<SeenSummary> {
  const caller = currentCaller(deps.snapshot, request.caller, deps.clock.now());
  requireRole(caller, 'admin', 'security');
  const server = deps.snapshot.server(request.server);
  if (server?.state !== 'registered') throw new MandateError('not_found', 'There is no such server.');
  const offered = await listTools(deps, {
    caller,
    server,
    details: { again: true },
    stillGood: () => deps.snapshot.server(server.id)?.state === 'registered',
  });
  return recordSeenTools(deps, { caller, server: server.id, offered });
}
