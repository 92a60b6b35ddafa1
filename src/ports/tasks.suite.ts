import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { actorId } from '../core/ids.ts';
import { all, commit, nthId, T0, task } from './sample-records.suite.ts';
import type { OpenStore } from './store.suite.ts';

export function tasksSuite(open: OpenStore): void {
  describe('tasks', () => {
    test('an unknown id is undefined', async (t) => {
      const store = await open(t);
      assert.equal(await store.tasks.get(nthId('tsk', 1)), undefined);
    });

    test('they are listed newest first by id, whatever order they were written in', async (t) => {
      const store = await open(t);
      for (const n of [3, 1, 5, 2, 4]) await commit(store, { noun: 'task', value: task(n) });
      for (const limit of [1, 2, 5, 6]) {
        const listed = await all((page) => store.tasks.list({}, page), limit);
        assert.deepEqual(
          listed.map((each) => each.id),
          [5, 4, 3, 2, 1].map((n) => nthId('tsk', n)),
        );
      }
    });

    test('they are filtered by agent and by stored state, which expiry does not change', async (t) => {
      const store = await open(t);
      const other = actorId('other');
      await commit(
        store,
        { noun: 'task', value: task(1, { expires_at: T0 }) },
        { noun: 'task', value: task(2, { state: 'closed', ended_at: T0, ended_reason: 'Done.' }) },
        { noun: 'task', value: task(3, { agent: other }) },
      );
      const ids = async (filter: Parameters<typeof store.tasks.list>[0]) =>
        (await all((page) => store.tasks.list(filter, page), 1)).map((each) => each.id);
      assert.deepEqual(await ids({ state: 'open' }), [nthId('tsk', 3), nthId('tsk', 1)]);
      assert.deepEqual(await ids({ agent: other }), [nthId('tsk', 3)]);
      assert.deepEqual(await ids({ agent: actorId('writer'), state: 'closed' }), [nthId('tsk', 2)]);
      assert.deepEqual(await ids({ agent: other, state: 'closed' }), []);
    });

    test('a filter follows a record that changes', async (t) => {
      const store = await open(t);
      await commit(store, { noun: 'task', value: task(1) });
      await commit(store, {
        noun: 'task',
        value: task(1, { version: 2, state: 'ended', ended_at: T0, ended_reason: 'Stopped.' }),
      });
      assert.deepEqual((await store.tasks.list({ state: 'open' }, { limit: 5, cursor: null })).items, []);
      assert.equal((await store.tasks.list({ state: 'ended' }, { limit: 5, cursor: null })).items.length, 1);
    });
  });
}
