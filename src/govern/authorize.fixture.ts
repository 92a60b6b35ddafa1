/** The control fixture with an open task, a live token and the shipped policies, for tests of decisions. */
import { readdirSync, readFileSync } from 'node:fs';
import { openTaskMemory } from '../adapters/task-memory/memory.ts';
import type { Action } from '../core/action.ts';
import { canonicalJson } from '../core/canonical-json.ts';
import type { Credential } from '../core/credential.ts';
import { plusMs } from '../core/instant.ts';
import type { JsonObject } from '../core/json.ts';
import type { PolicyFile } from '../core/policy-set.ts';
import type { Task } from '../core/task.ts';
import { approvalDigest } from './approval-digest.ts';
import type { AuthorizeDeps, AuthorizeRequest } from './authorize.ts';
import { FILES, openControlFixture, T0, toolPattern, type ControlFixture } from './control.fixture.ts';
import { policyInForce } from './policy-in-force.ts';

export interface AuthorizeFixture {
  readonly control: ControlFixture;
  readonly deps: AuthorizeDeps;
  /** What was reported to whoever runs it. */
  readonly faults: readonly unknown[];
  readonly task: Task;
  readonly token: Credential;
  /** A call of the active agent in the fixture's task. */
  readonly request: (tool: string, args?: JsonObject, more?: Partial<AuthorizeRequest>) => AuthorizeRequest;
  readonly digestOf: (request: AuthorizeRequest) => string;
}

const SHIPPED = new URL('../../policies/', import.meta.url);

export function shippedPolicies(): readonly PolicyFile[] {
  const names = readdirSync(SHIPPED, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.cedar'));
  return names.sort().map((name) => ({ name, text: readFileSync(new URL(name, SHIPPED), 'utf8') }));
}

/** @param agent `worker` (active) or `intern` (probationary); the task was asked for by the member dora */
export async function openAuthorizeFixture(agent = 'worker', change: Partial<Task> = {}): Promise<AuthorizeFixture> {
  const control = await openControlFixture();
  const { hasher, random, clock } = control;
  const dora = await control.addHuman('dora', ['member']);
  const holder = control.snapshot.agent(agent);
  if (holder === undefined) throw new Error(`no agent ${agent} in the fixture`);
  const at = clock.now();
  const task: Task = {
    id: random.id('tsk'),
    agent: holder.id,
    environment: holder.environment,
    purpose: 'Tidy the files.',
    purpose_source: 'human',
    revision: 1,
    revisions: [{ revision: 1, purpose: 'Tidy the files.', purpose_source: 'human', set_by: dora.id, at }],
    trigger: { kind: 'human', id: dora.id },
    chain: [
      { actor: dora.id, kind: 'human' },
      { actor: holder.id, kind: 'agent' },
    ],
    scope: { tools: [toolPattern('files/*')] },
    budget: {},
    parent: null,
    state: 'open',
    purpose_unstated: false,
    opened_at: at,
    expires_at: plusMs(at, 3_600_000),
    ended_at: null,
    ended_reason: null,
    version: 1,
    ...change,
  };
  const token: Credential = {
    id: random.id('crd'),
    kind: 'task_token',
    hash: hasher.sha256(random.secret('mdt')),
    actor: holder.id,
    task: task.id,
    label: null,
    issued_by: null,
    created_at: at,
    expires_at: plusMs(at, 900_000),
    stepped_up_at: null,
    ended_at: null,
    ended_reason: null,
    version: 1,
  };
  const files = shippedPolicies();
  const hash = hasher.sha256(canonicalJson(files.map(({ name, text }) => ({ name, text }))));
  await control.write(
    { noun: 'task', value: task },
    { noun: 'credential', value: token },
    {
      noun: 'policy_set',
      value: {
        serial: 1,
        hash,
        files,
        state: 'published',
        set_by: 'mandate',
        reason: 'fixture',
        published_at: T0,
        version: 1,
      },
    },
  );
  const memory = openTaskMemory();
  memory.load(task.id, { calls: 0 });
  const policy = policyInForce(control.snapshot, (fault) => {
    throw fault;
  });

  const faults: unknown[] = [];
  const request: AuthorizeFixture['request'] = (tool, args = {}, more = {}) => {
    const action: Action = {
      kind: 'call',
      server: FILES.id,
      tool,
      method: 'tools/call',
      params: { name: tool, arguments: args },
    };
    return { agent: holder.id, credential: token.id, task: task.id, action, claims: {}, ...more };
  };
  return {
    control,
    deps: { ...control, memory, policy, report: (fault) => faults.push(fault) },
    faults,
    task,
    token,
    request,
    digestOf: ({ action }) => {
      const tool = control.snapshot.tool(action.server, action.tool ?? '');
      return approvalDigest(hasher, {
        action,
        definition_digest: tool?.digest ?? '',
        agent: holder.id,
        task: task.id,
        revision: control.snapshot.task(task.id)?.revision ?? 0,
      });
    },
  };
}
