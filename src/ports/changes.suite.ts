import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { instant } from '../core/instant.ts';
import {
  agent,
  approval,
  change,
  commit,
  credential,
  human,
  policySet,
  server,
  T0,
  task,
  tool,
} from './sample-records.suite.ts';
import type { OpenStore } from './store.suite.ts';

export function changesSuite(open: OpenStore): void {
  describe('changes', () => {
    test('an empty store has no change', async (t) => {
      const { changes } = await open(t);
      assert.equal(await changes.latest(), 0);
      assert.deepEqual(await changes.since(0, 10), []);
    });

    test('one change writes records of every noun, and each reads back as it was', async (t) => {
      const store = await open(t);
      const ada = human('ada');
      const writer = agent('writer', {
        entitlement: { ...agent('x').entitlement, reason: 'Ünïcødé \u0000 \ud800 "quoted" 🔑' },
      });
      const files = server('files');
      const read = tool('files', 'read');
      const tidy = task(1);
      const asked = approval(1);
      const token = credential(1);
      const set = policySet(1);
      await commit(
        store,
        { noun: 'actor', value: ada },
        { noun: 'actor', value: writer },
        { noun: 'server', value: files },
        { noun: 'tool', value: read },
        { noun: 'task', value: tidy },
        { noun: 'approval', value: asked },
        { noun: 'credential', value: token },
        { noun: 'policy_set', value: set },
      );
      assert.deepEqual(await store.actors.get(ada.id), ada);
      assert.deepEqual(await store.actors.get(writer.id), writer);
      assert.deepEqual(await store.servers.get(files.id), files);
      assert.deepEqual(await store.tools.get(files.id, 'read'), read);
      assert.deepEqual(await store.tasks.get(tidy.id), tidy);
      assert.deepEqual(await store.approvals.get(asked.id), asked);
      assert.deepEqual((await store.credentials.list({}, { limit: 10, cursor: null })).items, [token]);
      assert.deepEqual(await store.policySets.published(), set);
    });

    test('a record is replaced by its next version only', async (t) => {
      const { changes, actors } = await open(t);
      const first = human('ada');
      const stored = async (): Promise<unknown> => actors.get(first.id);
      const write = async (n: number, version: number, name: string) =>
        changes.commit(change(n, [{ noun: 'actor', value: { ...first, version, name } }]));
      const conflict = { committed: false, conflict: { noun: 'actor', key: 'ada' } };

      assert.deepEqual(await write(1, 2, 'before the first'), conflict);
      assert.equal(await stored(), undefined);
      assert.equal((await write(2, 1, 'first')).committed, true);
      assert.deepEqual(await write(3, 1, 'first again'), conflict);
      assert.deepEqual(await write(4, 3, 'one too far'), conflict);
      assert.deepEqual(await stored(), { ...first, name: 'first' });
      assert.equal((await write(5, 2, 'second')).committed, true);
      assert.deepEqual(await write(6, 2, 'second again'), conflict);
      assert.deepEqual(await stored(), { ...first, version: 2, name: 'second' });
    });

    test('a single mismatch writes nothing, and the first one is answered', async (t) => {
      const { changes, actors, tasks } = await open(t);
      const result = await changes.commit(
        change(1, [
          { noun: 'actor', value: human('ada') },
          { noun: 'task', value: task(1, { version: 4 }) },
          { noun: 'tool', value: tool('files', 'read', { version: 9 }) },
        ]),
      );
      assert.deepEqual(result, { committed: false, conflict: { noun: 'task', key: task(1).id } });
      assert.equal(await actors.get(human('ada').id), undefined);
      assert.equal(await tasks.get(task(1).id), undefined);
      assert.equal(await changes.latest(), 0);
      assert.deepEqual(await changes.since(0, 10), []);
    });

    test('two versions of one record in one change are written in order', async (t) => {
      const store = await open(t);
      const ada = human('ada');
      await commit(store, { noun: 'actor', value: ada }, { noun: 'actor', value: { ...ada, version: 2, name: 'Ada' } });
      assert.deepEqual(await store.actors.get(ada.id), { ...ada, version: 2, name: 'Ada' });
    });

    test('of two commits of the same version exactly one wins, whichever it is', async (t) => {
      const { changes, tasks } = await open(t);
      for (let version = 1; version <= 10; version += 1) {
        const rivals = ['one', 'two', 'three'].map(async (purpose, index) =>
          changes.commit(change(version * 10 + index, [{ noun: 'task', value: task(1, { version, purpose }) }])),
        );
        const results = await Promise.all(rivals);
        assert.equal(results.filter((result) => result.committed).length, 1);
        assert.equal((await tasks.get(task(1).id))?.version, version);
      }
    });

    test('changes are read in the order they were committed, in pages', async (t) => {
      const store = await open(t);
      const seqs: number[] = [];
      for (const id of ['ada', 'ben', 'cleo', 'dan'])
        seqs.push(await commit(store, { noun: 'actor', value: human(id) }));
      assert.deepEqual(
        seqs,
        [...seqs].sort((a, b) => a - b),
      );
      assert.equal(new Set(seqs).size, 4);
      assert.equal(await store.changes.latest(), seqs.at(-1));
      const first = await store.changes.since(0, 3);
      assert.deepEqual(
        first.map((entry) => entry.seq),
        seqs.slice(0, 3),
      );
      const rest = await store.changes.since(first.at(-1)?.seq ?? 0, 3);
      assert.deepEqual(
        rest.map((entry) => entry.seq),
        seqs.slice(3),
      );
      assert.deepEqual(await store.changes.since(seqs.at(-1) ?? 0, 3), []);
    });

    test('a change is read as it was committed, also one that writes nothing', async (t) => {
      const { changes } = await open(t);
      const full = { ...change(1, [{ noun: 'credential', value: credential(1) }]), kind: 'issued', by: 'ada' } as const;
      const bare = { ...change(2, []), at: instant(T0 + 7), kind: 'signed_in' } as const;
      await changes.commit(full);
      await changes.commit(bare);
      const [one, two] = await changes.since(0, 10);
      assert.deepEqual(one, { ...full, seq: one?.seq });
      assert.deepEqual(two, { ...bare, seq: two?.seq });
    });

    test('a refused change uses no seq that a later one would have to skip past', async (t) => {
      const store = await open(t);
      await commit(store, { noun: 'actor', value: human('ada') });
      await store.changes.commit(change(1, [{ noun: 'actor', value: human('ada') }]));
      const seq = await commit(store, { noun: 'actor', value: human('ben') });
      assert.equal(await store.changes.latest(), seq);
      assert.equal((await store.changes.since(0, 10)).length, 2);
    });

    test('a change can be asked for by its id, and only a committed one is there', async (t) => {
      const store = await open(t);
      await commit(store, { noun: 'actor', value: human('ada') });
      const [committed] = await store.changes.since(0, 1);
      const refused = change(9_999, [{ noun: 'actor', value: human('ada') }]);
      await store.changes.commit(refused);
      assert.ok(committed);
      assert.equal(await store.changes.has(committed.id), true);
      assert.equal(await store.changes.has(refused.id), false);
    });

    test('a change is committed once', async (t) => {
      const { changes, actors } = await open(t);
      await changes.commit(change(1, []));
      await assert.rejects(changes.commit(change(1, [{ noun: 'actor', value: human('ada') }])), { code: 'internal' });
      assert.equal(await actors.get(human('ada').id), undefined);
      assert.equal((await changes.since(0, 10)).length, 1);
    });

    test('a value that could not be read back is not written', async (t) => {
      const { changes, actors } = await open(t);
      const odd = { ...human('ada'), nickname: 'Countess' };
      await assert.rejects(changes.commit(change(1, [{ noun: 'actor', value: odd }])), { code: 'internal' });
      assert.equal(await actors.get(odd.id), undefined);
      assert.equal(await changes.latest(), 0);
    });

    test('what was given and what is read share nothing with the store', async (t) => {
      const store = await open(t);
      const roles: ('member' | 'admin')[] = ['member'];
      await commit(store, { noun: 'actor', value: human('ada', { roles }) });
      roles.push('admin');
      assert.deepEqual(await store.actors.get(human('ada').id), human('ada'));
    });

    test('a limit out of range is refused', async (t) => {
      const { changes } = await open(t);
      for (const limit of [0, -1, 1.5, 1001, Number.NaN]) {
        await assert.rejects(changes.since(0, limit), { code: 'input.invalid' });
      }
    });

    test('a closed store answers nothing', async (t) => {
      const store = await open(t);
      await commit(store, { noun: 'actor', value: human('ada') });
      await store.close();
      const closed = { code: 'store.unavailable' };
      await assert.rejects(store.actors.get(human('ada').id), closed);
      await assert.rejects(store.changes.commit(change(9, [])), closed);
      await assert.rejects(store.changes.latest(), closed);
      await assert.rejects(store.nodes.list(), closed);
      await store.close();
    });

    test('closing finishes what was begun', async (t) => {
      const store = await open(t);
      const begun = store.changes.commit(change(1, [{ noun: 'actor', value: human('ada') }]));
      await store.close();
      assert.equal((await begun).committed, true);
    });
  });
}
