import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { actorId } from '../core/ids.ts';
import { instant } from '../core/instant.ts';
import { agent, all, commit, human, T0 } from './sample-records.suite.ts';
import type { OpenStore } from './store.suite.ts';

export function actorsSuite(open: OpenStore): void {
  describe('actors', () => {
    test('an unknown id is undefined, a decommissioned actor is found', async (t) => {
      const store = await open(t);
      const gone = agent('gone', { lifecycle: 'decommissioned' });
      await commit(store, { noun: 'actor', value: gone });
      assert.equal(await store.actors.get(actorId('nobody')), undefined);
      assert.deepEqual(await store.actors.get(gone.id), gone);
    });

    test('they are listed newest first, those of one moment by id', async (t) => {
      const store = await open(t);
      const at = (ms: number) => ({ created_at: instant(T0 + ms) });
      for (const value of [human('b', at(1)), human('a', at(1)), human('d', at(0)), human('c', at(2))]) {
        await commit(store, { noun: 'actor', value });
      }
      for (const limit of [1, 2, 3, 4, 5]) {
        const listed = await all((page) => store.actors.list({}, page), limit);
        assert.deepEqual(
          listed.map((actor) => actor.id),
          ['c', 'b', 'a', 'd'],
        );
      }
    });

    test('a filter leaves out the others, on every page', async (t) => {
      const store = await open(t);
      for (let n = 0; n < 5; n += 1) {
        await commit(
          store,
          { noun: 'actor', value: human(`human-${n}`, n === 0 ? { lifecycle: 'suspended' } : {}) },
          { noun: 'actor', value: agent(`agent-${n}`, { lifecycle: n < 2 ? 'active' : 'registered' }) },
        );
      }
      const ids = async (filter: Parameters<typeof store.actors.list>[0]) =>
        (await all((page) => store.actors.list(filter, page), 2)).map((actor) => actor.id);
      assert.deepEqual(await ids({ kind: 'agent' }), ['agent-4', 'agent-3', 'agent-2', 'agent-1', 'agent-0']);
      assert.deepEqual(await ids({ kind: 'agent', lifecycle: 'active' }), ['agent-1', 'agent-0']);
      assert.deepEqual(await ids({ lifecycle: 'suspended' }), ['human-0']);
      assert.deepEqual(await ids({ kind: 'workload' }), []);
    });

    test('a page continues where it ended although newer ones came', async (t) => {
      const store = await open(t);
      for (let n = 0; n < 4; n += 1)
        await commit(store, { noun: 'actor', value: human(`h${n}`, { created_at: instant(T0 + n) }) });
      const first = await store.actors.list({}, { limit: 2, cursor: null });
      await commit(store, { noun: 'actor', value: human('newer', { created_at: instant(T0 + 9) }) });
      const second = await store.actors.list({}, { limit: 2, cursor: first.next_cursor });
      assert.deepEqual(
        second.items.map((actor) => actor.id),
        ['h1', 'h0'],
      );
      assert.equal(second.next_cursor, null);
    });

    test('a cursor that was never answered and a limit out of range are refused', async (t) => {
      const store = await open(t);
      for (const cursor of [
        '',
        'x',
        '!!!',
        Buffer.from('tasks\n\ntsk_1').toString('base64url'),
        Buffer.from('actors\n1').toString('base64url'),
        Buffer.from('actors\nx\ny').toString('base64url'),
      ]) {
        await assert.rejects(store.actors.list({}, { limit: 5, cursor }), { code: 'input.invalid' });
      }
      for (const limit of [0, -1, 501, 1.5]) {
        await assert.rejects(store.actors.list({}, { limit, cursor: null }), { code: 'input.invalid' });
      }
    });
  });
}
