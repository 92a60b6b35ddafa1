import type { Caller } from '../core/caller.ts';
import { MandateError } from '../core/errors.ts';
import type { Instant } from '../core/instant.ts';
import type { Server } from '../core/server.ts';
import type { PinnedTool, ToolDefinition } from '../core/tool.ts';
import type { Hasher } from '../ports/hasher.ts';
import { currentCaller } from './current-caller.ts';
import { makeChange, type Control } from './make-change.ts';
import { seeTools, type SeenSummary } from './see-tools.ts';
import type { Snapshot } from './snapshot.ts';

export type SeeDeps = Control & { readonly hasher: Hasher };

/**
 * Records what a server offers now. Writes nothing when nothing differs.
 * @throws not_found, server.definition
 */
export function recordSeenTools(
  deps: SeeDeps,
  request: { readonly caller: Caller; readonly server: string; readonly offered: readonly ToolDefinition[] },
): Promise<SeenSummary> {
  return deps.exclusively(async () => {
    const now = deps.clock.now();
    const caller = currentCaller(deps.snapshot, request.caller, now);
    const server = registered(deps.snapshot, request.server);
    const { writes, summary } = seeTools({
      server,
      existing: deps.snapshot.toolsOf(server.id),
      offered: request.offered,
      otherTools: toolsBeside(deps.snapshot, server.id),
      hasher: deps.hasher,
      now,
    });
    if (writes.length > 0) await writeSeen(deps, caller, server, writes, summary, now);
    return summary;
  });
}

/**
 * Records that a call found another definition than the pinned one, or none. Nothing is added by this.
 * @throws not_found
 */
export function recordToolChanged(
  deps: SeeDeps,
  request: { readonly server: string; readonly tool: string; readonly offered: ToolDefinition | null },
): Promise<void> {
  return deps.exclusively(async () => {
    const now = deps.clock.now();
    const server = registered(deps.snapshot, request.server);
    const before = deps.snapshot.tool(server.id, request.tool);
    if (before === undefined || before.state === 'gone') return;
    const { writes, summary } = seeTools({
      server,
      existing: [before],
      offered: request.offered === null ? [] : [{ ...request.offered, name: before.name }],
      otherTools: toolsBeside(deps.snapshot, server.id),
      hasher: deps.hasher,
      now,
    });
    if (writes.length > 0) await writeSeen(deps, { kind: 'mandate' }, server, writes, summary, now);
  }, 'agent');
}

/** The pins of every other server that is registered. */
export function toolsBeside(snapshot: Snapshot, server: string): readonly PinnedTool[] {
  return [...snapshot.servers()]
    .filter((one) => one.id !== server && one.state === 'registered')
    .flatMap((one) => snapshot.toolsOf(one.id));
}

function registered(snapshot: Snapshot, id: string): Server {
  const server = snapshot.server(id);
  if (server?.state !== 'registered') throw new MandateError('not_found', 'There is no such server.');
  return server;
}

async function writeSeen(
  deps: SeeDeps,
  caller: Caller,
  server: Server,
  writes: readonly PinnedTool[],
  summary: SeenSummary,
  now: Instant,
): Promise<void> {
  await makeChange(deps, {
    caller,
    kind: 'tools_seen',
    subject: { noun: 'server', id: server.id },
    reason: null,
    details: { ...summary, digests: digestsOf(writes) },
    writes: writes.map((value) => ({ noun: 'tool', value })),
    now,
  });
}

/** Name -> digest of what was offered, for the record. Pairs, since a name may look like that of a secret. */
export function digestsOf(tools: readonly PinnedTool[]): readonly (readonly [string, string])[] {
  return tools.map((tool) => [tool.name, tool.offered?.digest ?? tool.digest] as const);
}
