import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openMemoryEvidence } from '../adapters/evidence/memory.ts';
import { openMemoryStore } from '../adapters/stores/memory.ts';
import type { Random } from '../ports/random.ts';
import { all, approval, commit, credential, nthId, T0, task } from '../ports/sample-records.suite.ts';
import type { Store } from '../ports/store.ts';
import { ENVIRONMENTS } from './control.fixture.ts';
import { endRestored } from './end-restored.ts';
import { oneAtATime, type Control } from './make-change.ts';
import { recover } from './recover.ts';
import { openSnapshot } from './snapshot.ts';

test('after a restore no token, approval or task of before is live; passphrases are', async () => {
  const store = await restoredStore();
  assert.deepEqual(await endRestored(await controlOf(store), {}), { credentials: 600, approvals: 3, tasks: 1 });
  const live = await all((page) => store.credentials.list({ ended: false }, page), 500);
  assert.deepEqual(
    live.map(({ kind }) => kind),
    ['passphrase'],
  );
  const ended = await all((page) => store.credentials.list({ ended: true }, page), 500);
  assert.equal(ended.find(({ id }) => id === nthId('crd', 601))?.ended_reason, 'Before.');
  const left = await all((page) => store.approvals.list({}, page), 10);
  const [pending, approved, confirmed, ...decided] = left.map(({ state }) => state).reverse();
  for (const ended of [pending, approved, confirmed]) assert.ok(ended === 'void' || ended === 'expired', String(ended));
  assert.deepEqual(decided, ['denied', 'expired', 'consumed', 'void']);
  assert.equal((await store.tasks.get(task(1).id))?.state, 'ended');
  assert.equal((await store.tasks.get(task(2).id))?.state, 'closed');
  // Whoever was interrupted may begin again.
  assert.deepEqual(await endRestored(await controlOf(store), {}), { credentials: 0, approvals: 0, tasks: 0 });
});

test('what a restore ended is on record as done: a recovery finds nothing that did not happen', async () => {
  const control = await controlOf(await restoredStore());
  await endRestored(control, { backup_created_at: '2027-01-15T08:00:00.000Z' });
  const recorded = await control.evidence.query({ kind: 'change' }, { limit: 10, cursor: null });
  assert.deepEqual(
    recorded.items.map(({ projection }) => projection.effect),
    ['restored', 'restored'],
  );
  for (const { projection } of recorded.items) {
    assert.equal(await control.changes.has(projection.id as Parameters<typeof control.changes.has>[0]), true); // a change's
  }
  assert.deepEqual(await recover(control, T0), { unknown: 0, not_applied: 0 });
});

test('a restore with nothing live in it is on record, and recovered as done', async () => {
  const control = await controlOf(openMemoryStore());
  await endRestored(control, {});
  assert.equal((await control.evidence.query({ kind: 'change' }, { limit: 10, cursor: null })).items.length, 1);
  assert.deepEqual(await recover(control, T0), { unknown: 0, not_applied: 0 });
});

async function restoredStore(): Promise<Store> {
  const store = openMemoryStore();
  await commit(store, {
    noun: 'credential',
    value: credential(0, { kind: 'passphrase', hash: 'scrypt:1', task: null, expires_at: null }),
  });
  for (let n = 1; n <= 600; n += 1) await commit(store, { noun: 'credential', value: credential(n) });
  await commit(store, { noun: 'credential', value: credential(601, { ended_at: T0, ended_reason: 'Before.' }) });
  const states = ['pending', 'approved', 'confirmed', 'denied', 'expired', 'consumed', 'void'] as const;
  for (const [n, state] of states.entries()) {
    await commit(store, { noun: 'approval', value: approval(n, { state, digest: `sha256:${n}` }) });
  }
  await commit(
    store,
    { noun: 'task', value: task(1) },
    { noun: 'task', value: task(2, { state: 'closed', ended_at: T0, ended_reason: 'Done.' }) },
  );
  return store;
}

let drawn = 10_000;
async function controlOf(store: Store): Promise<Control> {
  const node = nthId('nod', 1);
  const random: Random = {
    bytes: (count) => new Uint8Array(count),
    id: (prefix) => nthId(prefix, (drawn += 1)),
    secret: () => {
      throw new Error('a restore issues nothing');
    },
  };
  return {
    snapshot: await openSnapshot(store, ENVIRONMENTS, T0),
    changes: store.changes,
    evidence: openMemoryEvidence({ node }),
    clock: { now: () => T0, monotonicUs: () => 0 },
    random,
    node,
    exclusively: oneAtATime(),
    announce: () => undefined,
  };
}
