import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Write } from '../../core/change.ts';
import { instant } from '../../core/instant.ts';
import {
  agent,
  all,
  approval,
  change,
  credential,
  policySet,
  server,
  T0,
  task,
  tool,
} from '../../ports/sample-records.suite.ts';
import type { Store } from '../../ports/store.ts';
import { openMemoryStore } from './memory.ts';
import { newFile, openFor } from './sample-store.fixture.ts';
import { openSqliteStore } from './sqlite.ts';

const KEYS = 3;
const nouns = ['actor', 'server', 'tool', 'task', 'approval', 'credential', 'policy_set'] as const;

/** A write to one of few records, often of the wrong version; `x` varies what filters and order see. */
const aWrite = fc.record({
  noun: fc.constantFrom(...nouns),
  key: fc.integer({ min: 1, max: KEYS }),
  version: fc.integer({ min: 1, max: 3 }),
  x: fc.integer({ min: 0, max: 3 }),
});
const steps = fc.array(
  fc.oneof(
    { arbitrary: fc.array(aWrite, { minLength: 1, maxLength: 4 }), weight: 9 },
    { arbitrary: fc.constant('restart' as const), weight: 1 },
  ),
  {
    minLength: 5,
    maxLength: 25,
  },
);

test('any sequence of commits, good and bad, reads the same from both stores', async (t) => {
  await fc.assert(
    fc.asyncProperty(steps, async (sequence) => {
      const file = newFile(t);
      const memory = openMemoryStore();
      let sqlite = openSqliteStore({ file, org_id: 'org' });
      try {
        for (const [n, step] of sequence.entries()) {
          if (step === 'restart') {
            await sqlite.close();
            sqlite = openSqliteStore({ file, org_id: 'org' });
            continue;
          }
          const given = change(n, step.map(writeOf));
          assert.deepEqual(await sqlite.changes.commit(given), await memory.changes.commit(given));
        }
        assert.deepEqual(await allReads(sqlite), await allReads(memory));
      } finally {
        await sqlite.close();
      }
    }),
    { numRuns: 40 },
  );
});

test('the property above would notice a difference', async (t) => {
  const memory = openMemoryStore();
  const sqlite = openFor(t, newFile(t));
  await memory.changes.commit(change(1, [writeOf({ noun: 'task', key: 1, version: 1, x: 0 })]));
  await sqlite.changes.commit(change(1, [writeOf({ noun: 'task', key: 1, version: 1, x: 1 })]));
  assert.notDeepEqual(await allReads(sqlite), await allReads(memory));
});

function writeOf({
  noun,
  key,
  version,
  x,
}: {
  noun: (typeof nouns)[number];
  key: number;
  version: number;
  x: number;
}): Write {
  const created_at = instant(T0 + x);
  const state = (['pending', 'approved', 'denied', 'void'] as const)[x] ?? 'void';
  switch (noun) {
    case 'actor':
      return { noun, value: agent(`a${key}`, { version, created_at, lifecycle: x % 2 ? 'active' : 'suspended' }) };
    case 'server':
      return { noun, value: server(`s${key}`, { version, created_at }) };
    case 'tool':
      return { noun, value: tool(`s${x % 2}`, `t${key}`, { version }) };
    case 'task':
      return { noun, value: task(key, { version, state: x % 2 ? 'open' : 'closed', agent: agent(`a${x}`).id }) };
    case 'approval':
      return { noun, value: approval(key, { version, state, agent: agent(`a${x % 2}`).id }) };
    case 'credential':
      return { noun, value: credential(key, { version, hash: `sha256:${x}`, ended_at: x % 2 ? T0 : null }) };
    case 'policy_set':
      return { noun, value: policySet(key, { version, state: x % 2 ? 'published' : 'superseded' }) };
  }
}

async function allReads(store: Store): Promise<unknown> {
  return {
    changes: await store.changes.since(0, 1000),
    latest: await store.changes.latest(),
    actors: await all((page) => store.actors.list({}, page), 2),
    active: await all((page) => store.actors.list({ lifecycle: 'active' }, page), 1),
    servers: await all((page) => store.servers.list(page), 2),
    tools: [await store.tools.listOf(server('s0').id), await store.tools.listOf(server('s1').id)],
    tasks: await all((page) => store.tasks.list({}, page), 2),
    open: await all((page) => store.tasks.list({ state: 'open', agent: agent('a1').id }, page), 1),
    approvals: await all((page) => store.approvals.list({ agent: agent('a0').id }, page), 1),
    pending: await all((page) => store.approvals.list({ state: 'pending' }, page), 1),
    credentials: await all((page) => store.credentials.list({}, page), 2),
    live: await all((page) => store.credentials.list({ ended: false }, page), 1),
    published: await store.policySets.published(),
  };
}
