import type { Agent } from '../core/actor.ts';
import type { Link } from '../core/delegation.ts';
import type { Environment } from '../core/environment.ts';
import { actorId, environmentId, recordId, serverId } from '../core/ids.ts';
import { instant, plusMs, type Instant } from '../core/instant.ts';
import type { JsonObject } from '../core/json.ts';
import { nameOwners } from '../core/ownership.ts';
import type { ToolPattern } from '../core/scope.ts';
import type { Server } from '../core/server.ts';
import type { Task } from '../core/task.ts';
import type { PinnedTool } from '../core/tool.ts';
import type { Setting } from './example.ts';
import type { PolicyFacts } from './facts.ts';

/**
 * The facts that an example describes. What it does not say is the everyday case: an active, bounded agent `agent` of
 * `development` calls `read_file` (which reads) of the trusted server `files` there, in a task that the human `alice`
 * opened a minute ago, on Monday 2026-11-02 at noon UTC, with no approval.
 */
export function exampleFacts(setting: Setting): PolicyFacts {
  const now = setting.at === undefined ? NOON : instant(Date.parse(setting.at));
  const production = setting.production ?? false;
  const agent = exampleAgent(setting, now);
  const server = exampleServer(setting, agent, now);
  const kind = setting.action ?? 'call';
  const tool = kind === 'call' ? exampleTool(setting, server, now) : null;
  const environment = (id: string): Environment => ({ id: environmentId(id), production });
  return {
    agent,
    agent_environment: environment(agent.environment),
    server,
    server_environment: environment(server.environment),
    action: {
      kind,
      server: server.id,
      tool: tool?.name ?? null,
      method: tool === null ? kind : 'tools/call',
      // zod's JSON type is the same values, without readonly.
      params: tool === null ? {} : { name: tool.name, arguments: (setting.args ?? {}) as JsonObject },
    },
    tool,
    task: exampleTask(setting, agent, now),
    approval: exampleApproval(setting.approval),
    spent: setting.history ?? { calls: 0 },
    now,
  };
}

const NOON = instant(Date.parse('2026-11-02T12:00:00Z'));
const REVIEW_MS = 90 * 86_400_000;

function exampleAgent({ agent: given = {} }: Setting, now: Instant): Agent {
  const alice = actorId('alice');
  return {
    kind: 'agent',
    id: actorId(given.id ?? 'agent'),
    name: 'An agent',
    lifecycle: given.lifecycle ?? 'active',
    purpose: 'Examples',
    owners: nameOwners({ business: alice, technical: alice, escalation: alice }),
    environment: environmentId(given.environment ?? 'development'),
    entitlement: {
      tools: [],
      set_by: 'example',
      reason: 'example',
      approved_by: null,
      review_by: plusMs(now, REVIEW_MS),
    },
    autonomy: given.autonomy ?? 'bounded',
    spiffe_id: null,
    probation_since: null,
    created_at: now,
    updated_at: now,
    version: 1,
  };
}

function exampleServer({ server: given = {} }: Setting, agent: Agent, now: Instant): Server {
  return {
    id: serverId(given.id ?? 'files'),
    transport: { type: 'http', url: 'http://127.0.0.1/' },
    environment: environmentId(given.environment ?? agent.environment),
    trust: given.trust ?? 'trusted',
    regulated: given.regulated ?? false,
    isolation: 'task',
    state: 'registered',
    created_at: now,
    updated_at: now,
    version: 1,
  };
}

function exampleTool({ tool: given = {} }: Setting, server: Server, now: Instant): PinnedTool {
  const name = given.name ?? 'read_file';
  const effects = given.effect_class ?? ['read'];
  return {
    server: server.id,
    name,
    digest: 'sha256:example',
    definition: { name, inputSchema: {} },
    facts: {
      effect_class: effects,
      reversible: given.reversible ?? true,
      source: given.confirmed === true ? 'confirmed' : 'derived',
      set_by: 'example',
      reason: 'example',
    },
    state: 'pinned',
    state_reason: null,
    offered: null,
    updated_at: now,
    version: 1,
  };
}

function exampleTask({ task: given = {} }: Setting, agent: Agent, now: Instant): Task {
  const opened_at = plusMs(now, -(given.age_s ?? 60) * 1000);
  const trigger = given.trigger ?? { kind: 'human', id: 'alice' };
  const purpose = given.purpose ?? 'Look after the files';
  const purpose_source = given.purpose_source ?? (trigger.kind === 'agent' ? 'agent' : 'human');
  // The holder of the admin token is nobody's name, so such a chain starts with the agent.
  const origin: { readonly id: string; readonly kind: Link['kind'] } =
    trigger.kind === 'operator' ? { id: agent.id, kind: 'agent' } : { id: trigger.id, kind: trigger.kind };
  const actors = given.chain ?? [...new Set([origin.id, agent.id])];
  const chain = actors.map((id, index): Link => ({ actor: actorId(id), kind: index === 0 ? origin.kind : 'agent' }));
  const revision = given.revision ?? 1;
  return {
    id: recordId('tsk', opened_at, new Uint8Array(10)),
    agent: agent.id,
    environment: agent.environment,
    purpose,
    purpose_source,
    revision,
    revisions: [{ revision, purpose, purpose_source, set_by: trigger.id, at: opened_at }],
    trigger,
    chain,
    scope: { tools: [] as ToolPattern[], ...carried(given.scope ?? {}) },
    budget: carried(given.budget ?? {}),
    parent: null,
    state: 'open',
    purpose_unstated: given.unstated ?? false,
    opened_at,
    expires_at: plusMs(now, 3_600_000),
    ended_at: null,
    ended_reason: null,
    version: 1,
  };
}

/** zod gives an optional member as perhaps undefined; a task carries a limit or has no such member. */
function carried<T extends object>(limits: T): { readonly [K in keyof T]?: Exclude<T[K], undefined> } {
  // Only members that are not undefined remain.
  return Object.fromEntries(Object.entries(limits).filter(([, limit]) => limit !== undefined)) as {
    readonly [K in keyof T]?: Exclude<T[K], undefined>;
  };
}

function exampleApproval(given: Setting['approval']): PolicyFacts['approval'] {
  if (typeof given === 'object') return given;
  return { granted: given === 'granted', confirmed: given === 'confirmed', approvers: given === 'granted' ? 1 : 0 };
}
