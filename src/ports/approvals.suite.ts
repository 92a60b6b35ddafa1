import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { actorId } from '../core/ids.ts';
import { all, approval, commit, nthId, T0 } from './sample-records.suite.ts';
import type { OpenStore } from './store.suite.ts';

export function approvalsSuite(open: OpenStore): void {
  describe('approvals', () => {
    test('an unknown id is undefined', async (t) => {
      const store = await open(t);
      assert.equal(await store.approvals.get(nthId('apr', 1)), undefined);
    });

    test('they are listed newest first, by agent and by stored state, which expiry does not change', async (t) => {
      const store = await open(t);
      const other = actorId('other');
      await commit(
        store,
        { noun: 'approval', value: approval(2, { expires_at: T0 }) },
        { noun: 'approval', value: approval(1) },
        { noun: 'approval', value: approval(3, { state: 'denied' }) },
        { noun: 'approval', value: approval(4, { agent: other }) },
      );
      const ids = async (filter: Parameters<typeof store.approvals.list>[0]) =>
        (await all((page) => store.approvals.list(filter, page), 2)).map((each) => each.id);
      const nth = (...numbers: readonly number[]) => numbers.map((n) => nthId('apr', n));
      assert.deepEqual(await ids({}), nth(4, 3, 2, 1));
      assert.deepEqual(await ids({ state: 'pending' }), nth(4, 2, 1));
      assert.deepEqual(await ids({ agent: actorId('writer'), state: 'pending' }), nth(2, 1));
      assert.deepEqual(await ids({ agent: other }), nth(4));
    });

    test('the votes and a subject of another kind are kept', async (t) => {
      const store = await open(t);
      const votes = [{ human: actorId('ada'), verdict: 'approve', reason: 'It is right.', at: T0 }] as const;
      const subject = { kind: 'transition', to: 'active', shown: 'Promote writer.' } as const;
      const asked = approval(1, { votes, subject, state: 'approved', decision: null, policy: null });
      await commit(store, { noun: 'approval', value: asked });
      assert.deepEqual(await store.approvals.get(asked.id), asked);
    });
  });
}
