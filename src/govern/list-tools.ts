import { callerName, type Caller } from '../core/caller.ts';
import { isMandateError, MandateError } from '../core/errors.ts';
import type { OutcomeRecord } from '../core/evidence.ts';
import type { JsonObject } from '../core/json.ts';
import { mintPermit } from '../core/permit.ts';
import type { Server } from '../core/server.ts';
import type { ToolDefinition } from '../core/tool.ts';
import type { Upstream } from '../ports/upstream.ts';
import type { Control } from './make-change.ts';
import { changeRecord, outcomeRecord } from './records.ts';

/** Starting a server is work for this machine; nobody registers many at once. */
export const LOOKS_AT_ONCE_MAX = 4;

/** Servers being looked at, for each control plane, known by its one snapshot. */
const looking = new WeakMap<object, Set<string>>();

/**
 * Asks a server which tools it offers. A command is started or an address reached only after the record of who wanted it
 * is durable, and the record gets its outcome. Runs outside `exclusively`: a slow server must not delay a revocation.
 * @param stillGood asked right before the request is written
 * @throws upstream.*, server.command, conflict.state, limit.reached, evidence.unavailable
 */
export async function listTools(
  deps: Control & { readonly upstream: Pick<Upstream, 'listTools'> },
  look: {
    readonly caller: Caller;
    readonly server: Server;
    readonly details: JsonObject;
    readonly stillGood: () => boolean;
  },
): Promise<readonly ToolDefinition[]> {
  const { server } = look;
  const busy = looking.get(deps.snapshot) ?? new Set<string>();
  looking.set(deps.snapshot, busy);
  if (busy.has(server.id)) throw new MandateError('conflict.state', `${server.id} is being looked at already.`);
  if (busy.size >= LOOKS_AT_ONCE_MAX)
    throw new MandateError('limit.reached', `${LOOKS_AT_ONCE_MAX} servers are being looked at already.`);
  busy.add(server.id);
  try {
    return await recordedLook(deps, look);
  } finally {
    busy.delete(server.id);
  }
}

async function recordedLook(
  deps: Control & { readonly upstream: Pick<Upstream, 'listTools'> },
  { caller, server, details, stillGood }: Parameters<typeof listTools>[1],
): Promise<readonly ToolDefinition[]> {
  const id = deps.random.id('chg');
  const startedUs = deps.clock.monotonicUs();
  await deps.evidence.append(
    changeRecord(deps, deps.clock.now(), {
      id,
      change: 'server_asked',
      by: callerName(caller),
      subject: { noun: 'server', id: server.id },
      reason: null,
      details,
    }),
  );
  const ended = (status: OutcomeRecord['status'], code: OutcomeRecord['code']): OutcomeRecord =>
    outcomeRecord(deps, deps.clock.now(), {
      of: id,
      status,
      code,
      duration_ms: Math.ceil((deps.clock.monotonicUs() - startedUs) / 1000),
    });
  const action = { kind: 'list', server: server.id, tool: null, method: 'tools/list', params: {} } as const;
  const permit = mintPermit(
    {
      under: id,
      server: server.id,
      task: null,
      agent: null,
      action,
      definition_digest: null,
      definition_age_ms_max: 0,
    },
    stillGood,
  );
  let offered: readonly ToolDefinition[];
  try {
    offered = await deps.upstream.listTools(permit, server);
  } catch (error) {
    const code = isMandateError(error) ? error.code : 'internal';
    await deps.evidence.append(
      ended(code === 'permit.spent' || code === 'server.command' ? 'not_sent' : 'failed', code),
    );
    throw error;
  }
  await deps.evidence.append(ended('completed', null));
  return offered;
}
