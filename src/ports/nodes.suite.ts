import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { instant } from '../core/instant.ts';
import { nthId, T0 } from './sample-records.suite.ts';
import type { OpenStore } from './store.suite.ts';

export function nodesSuite(open: OpenStore): void {
  describe('nodes', () => {
    test('a beat inserts a node or replaces it', async (t) => {
      const { nodes } = await open(t);
      assert.deepEqual(await nodes.list(), []);
      const one = {
        id: nthId('nod', 1),
        started_at: T0,
        heartbeat_at: T0,
        policy_serial: 0,
        change_seq: 0,
        version: '0.1.0',
      };
      const two = { ...one, id: nthId('nod', 2) };
      await nodes.beat(two);
      await nodes.beat(one);
      const later = { ...one, heartbeat_at: instant(T0 + 1000), policy_serial: 3, change_seq: 40 };
      await nodes.beat(later);
      assert.deepEqual(await nodes.list(), [later, two]);
    });
  });
}
