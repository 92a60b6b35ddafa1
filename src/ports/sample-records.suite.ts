/** Records to write in the store suites: whole, plain, and different in what a test names. */
import type { Agent, Human } from '../core/actor.ts';
import type { Approval } from '../core/approval.ts';
import type { Change, Write } from '../core/change.ts';
import type { Credential } from '../core/credential.ts';
import { actorId, environmentId, recordId, serverId, type RecordIds, type RecordPrefix } from '../core/ids.ts';
import { instant } from '../core/instant.ts';
import { nameOwners } from '../core/ownership.ts';
import type { PolicySet } from '../core/policy-set.ts';
import { parseToolPattern, type ToolPattern } from '../core/scope.ts';
import type { Server } from '../core/server.ts';
import type { Task } from '../core/task.ts';
import type { PinnedTool } from '../core/tool.ts';
import type { Store } from './store.ts';

export const T0 = instant(1_800_000_000_000);

/** The nth id of its kind; later ones sort after earlier ones. */
export function nthId<P extends RecordPrefix>(prefix: P, n: number): RecordIds[P] {
  return recordId(prefix, instant(T0 + n), new Uint8Array(10));
}

export function human(id: string, more: Partial<Human> = {}): Human {
  const base = { lifecycle: 'active', created_at: T0, updated_at: T0, version: 1 } as const;
  return {
    id: actorId(id),
    kind: 'human',
    name: id,
    roles: ['member'],
    deputy: null,
    vouched_by: 'mandate',
    entitlement: null,
    ...base,
    ...more,
  };
}

export function agent(id: string, more: Partial<Agent> = {}): Agent {
  return {
    id: actorId(id),
    kind: 'agent',
    name: id,
    purpose: 'To try things out.',
    owners: nameOwners({ business: actorId('ada'), technical: actorId('ben'), escalation: actorId('cleo') }),
    environment: environmentId('dev'),
    entitlement: {
      tools: [pattern('files/*')],
      set_by: 'operator',
      reason: 'A sample.',
      approved_by: null,
      review_by: T0,
    },
    autonomy: 'supervised',
    spiffe_id: null,
    probation_since: null,
    lifecycle: 'registered',
    created_at: T0,
    updated_at: T0,
    version: 1,
    ...more,
  };
}

export function server(id: string, more: Partial<Server> = {}): Server {
  return {
    id: serverId(id),
    transport: { type: 'stdio', command: 'node', args: ['server.js'], env: { MODE: 'quiet' } },
    environment: environmentId('dev'),
    trust: 'untrusted',
    regulated: false,
    isolation: 'task',
    state: 'registered',
    created_at: T0,
    updated_at: T0,
    version: 1,
    ...more,
  };
}

export function tool(of: string, name: string, more: Partial<PinnedTool> = {}): PinnedTool {
  return {
    server: serverId(of),
    name,
    digest: 'sha256:00',
    definition: {
      name,
      description: 'Reads.',
      inputSchema: { type: 'object', properties: { path: { type: 'string' } } },
    },
    facts: { effect_class: ['read'], reversible: true, source: 'derived', set_by: 'mandate', reason: 'A sample.' },
    state: 'pinned',
    state_reason: null,
    offered: null,
    updated_at: T0,
    version: 1,
    ...more,
  };
}

export function task(n: number, more: Partial<Task> = {}): Task {
  return {
    id: nthId('tsk', n),
    agent: actorId('writer'),
    environment: environmentId('dev'),
    purpose: 'Tidy up.',
    purpose_source: 'human',
    revision: 1,
    revisions: [{ revision: 1, purpose: 'Tidy up.', purpose_source: 'human', set_by: 'ada', at: T0 }],
    trigger: { kind: 'human', id: 'ada' },
    chain: [
      { actor: actorId('ada'), kind: 'human' },
      { actor: actorId('writer'), kind: 'agent' },
    ],
    scope: { tools: [pattern('files/read')], data_ceiling: 'internal' },
    budget: { calls: 10 },
    parent: null,
    state: 'open',
    purpose_unstated: false,
    opened_at: T0,
    expires_at: instant(T0 + 3_600_000),
    ended_at: null,
    ended_reason: null,
    version: 1,
    ...more,
  };
}

export function approval(n: number, more: Partial<Approval> = {}): Approval {
  return {
    id: nthId('apr', n),
    subject: {
      kind: 'action',
      server: serverId('files'),
      tool: 'write',
      definition_digest: 'sha256:00',
      task: nthId('tsk', 1),
      revision: 1,
      shown: '{"name":"write"}',
    },
    digest: 'sha256:11',
    agent: actorId('writer'),
    environment: environmentId('dev'),
    chain: [{ actor: actorId('writer'), kind: 'agent' }],
    excluded: [actorId('writer')],
    steps: [{ asked: [actorId('ada')], from: T0 }],
    roles: ['approver'],
    quorum: 1,
    votes: [],
    state: 'pending',
    message: 'May it write?',
    decision: nthId('dec', 1),
    policy: { serial: 1, hash: 'sha256:22' },
    nonce: 'abc',
    created_at: T0,
    expires_at: instant(T0 + 900_000),
    version: 1,
    ...more,
  };
}

export function credential(n: number, more: Partial<Credential> = {}): Credential {
  return {
    id: nthId('crd', n),
    kind: 'task_token',
    hash: `sha256:${n}`,
    actor: actorId('writer'),
    task: nthId('tsk', 1),
    label: null,
    issued_by: null,
    created_at: T0,
    expires_at: instant(T0 + 60_000),
    stepped_up_at: null,
    ended_at: null,
    ended_reason: null,
    version: 1,
    ...more,
  };
}

export function policySet(serial: number, more: Partial<PolicySet> = {}): PolicySet {
  return {
    serial,
    hash: `sha256:${serial}`,
    files: [{ name: 'baseline/a.cedar', text: 'forbid(principal, action, resource);\n' }],
    state: 'published',
    set_by: 'ada',
    reason: 'A sample.',
    published_at: T0,
    version: 1,
    ...more,
  };
}

export function change(n: number, writes: readonly Write[]): Change {
  return { id: nthId('chg', n), at: instant(T0 + n), kind: 'registered', by: 'operator', writes };
}

// Beyond the numbers that tests give their own changes.
let committed = 100_000;

/** Commits the writes in one change, which must succeed. */
export async function commit(store: Store, ...writes: readonly Write[]): Promise<number> {
  committed += 1;
  const result = await store.changes.commit(change(committed, writes));
  if (!result.committed) throw new Error(`conflict at ${result.conflict.noun} ${result.conflict.key}`);
  return result.seq;
}

/** Every page of a list, joined; each page but the last must be full. */
export async function all<T>(
  list: (page: {
    readonly limit: number;
    readonly cursor: string | null;
  }) => Promise<{ readonly items: readonly T[]; readonly next_cursor: string | null }>,
  limit: number,
): Promise<readonly T[]> {
  const items: T[] = [];
  let cursor: string | null = null;
  do {
    const page: { readonly items: readonly T[]; readonly next_cursor: string | null } = await list({ limit, cursor });
    if (page.next_cursor !== null && page.items.length !== limit)
      throw new Error('a page before the last was not full');
    items.push(...page.items);
    cursor = page.next_cursor;
  } while (cursor !== null);
  return items;
}

function pattern(text: string): ToolPattern {
  const parsed = parseToolPattern(text);
  if (parsed === null) throw new TypeError(`not a tool pattern: ${text}`);
  return parsed;
}
