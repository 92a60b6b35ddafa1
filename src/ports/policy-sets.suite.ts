import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { commit, policySet } from './sample-records.suite.ts';
import type { OpenStore } from './store.suite.ts';

export function policySetsSuite(open: OpenStore): void {
  describe('policy sets', () => {
    test('before the first there is none', async (t) => {
      const { policySets } = await open(t);
      assert.equal(await policySets.published(), undefined);
    });

    test('the published one with the highest serial is in force; serials are numbers, not texts', async (t) => {
      const store = await open(t);
      await commit(store, { noun: 'policy_set', value: policySet(9) });
      await commit(
        store,
        { noun: 'policy_set', value: policySet(9, { version: 2, state: 'superseded' }) },
        { noun: 'policy_set', value: policySet(10) },
        { noun: 'policy_set', value: policySet(11, { state: 'superseded' }) },
      );
      assert.deepEqual(await store.policySets.published(), policySet(10));
    });
  });
}
