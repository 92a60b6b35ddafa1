import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Credential } from '../core/credential.ts';
import { actorId } from '../core/ids.ts';
import { all, change, commit, credential, nthId, T0 } from './sample-records.suite.ts';
import type { Store } from './store.ts';
import type { OpenStore } from './store.suite.ts';

export function credentialsSuite(open: OpenStore): void {
  describe('credentials', () => {
    test('one is listed whole, also when it has ended or expired', async (t) => {
      const store = await open(t);
      const ended = credential(1, { ended_at: T0, ended_reason: 'Revoked.' });
      const expired = credential(2, { expires_at: T0 });
      await commit(store, { noun: 'credential', value: ended }, { noun: 'credential', value: expired });
      assert.deepEqual(await everyOne(store), [expired, ended]);
    });

    test('two credentials never share a hash', async (t) => {
      const store = await open(t);
      await commit(store, { noun: 'credential', value: credential(1) });
      const twin = credential(2, { hash: credential(1).hash });
      const conflict = { committed: false, conflict: { noun: 'credential', key: twin.id } };
      assert.deepEqual(await store.changes.commit(change(1, [{ noun: 'credential', value: twin }])), conflict);
      await commit(store, { noun: 'credential', value: credential(2) });
      assert.deepEqual(
        await store.changes.commit(change(2, [{ noun: 'credential', value: { ...twin, version: 2 } }])),
        conflict,
      );
      assert.deepEqual(await everyOne(store), [credential(2), credential(1)]);
    });

    test('a hash that was given up may be used by another', async (t) => {
      const store = await open(t);
      await commit(store, { noun: 'credential', value: credential(1) });
      await commit(
        store,
        { noun: 'credential', value: credential(1, { version: 2, hash: 'scrypt:new' }) },
        { noun: 'credential', value: credential(2, { hash: credential(1).hash }) },
      );
      assert.deepEqual(
        (await everyOne(store)).map(({ id, hash }) => [id, hash]),
        [
          [nthId('crd', 2), credential(1).hash],
          [nthId('crd', 1), 'scrypt:new'],
        ],
      );
    });

    test('they are listed newest first, by actor, task, kind and whether they ended', async (t) => {
      const store = await open(t);
      const ada = actorId('ada');
      await commit(
        store,
        { noun: 'credential', value: credential(2, { ended_at: T0, ended_reason: 'Closed.' }) },
        { noun: 'credential', value: credential(1) },
        { noun: 'credential', value: credential(3, { actor: ada, task: null, kind: 'session', label: 'laptop' }) },
        { noun: 'credential', value: credential(4, { actor: ada, task: null, kind: 'passphrase', expires_at: null }) },
        { noun: 'credential', value: credential(5, { task: nthId('tsk', 2) }) },
      );
      const ids = async (filter: Parameters<typeof store.credentials.list>[0]) =>
        (await all((page) => store.credentials.list(filter, page), 2)).map((each) => each.id);
      const nth = (...numbers: readonly number[]) => numbers.map((n) => nthId('crd', n));
      assert.deepEqual(await ids({}), nth(5, 4, 3, 2, 1));
      assert.deepEqual(await ids({ ended: false }), nth(5, 4, 3, 1));
      assert.deepEqual(await ids({ ended: true }), nth(2));
      assert.deepEqual(await ids({ actor: ada }), nth(4, 3));
      assert.deepEqual(await ids({ actor: ada, kind: 'session', ended: false }), nth(3));
      assert.deepEqual(await ids({ task: nthId('tsk', 1) }), nth(2, 1));
      assert.deepEqual(await ids({ kind: 'sign_in_link' }), []);
    });
  });
}

function everyOne({ credentials }: Store): Promise<readonly Credential[]> {
  return all((page) => credentials.list({}, page), 10);
}
