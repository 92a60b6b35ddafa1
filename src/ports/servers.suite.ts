import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { serverId } from '../core/ids.ts';
import { instant } from '../core/instant.ts';
import { all, commit, server, T0 } from './sample-records.suite.ts';
import type { OpenStore } from './store.suite.ts';

export function serversSuite(open: OpenStore): void {
  describe('servers', () => {
    test('an unknown id is undefined, a removed server is found', async (t) => {
      const store = await open(t);
      const gone = server('gone', { state: 'removed', transport: { type: 'http', url: 'https://tools.example/mcp' } });
      await commit(store, { noun: 'server', value: gone });
      assert.equal(await store.servers.get(serverId('nothing')), undefined);
      assert.deepEqual(await store.servers.get(gone.id), gone);
    });

    test('they are listed newest first, those of one moment by id', async (t) => {
      const store = await open(t);
      const at = (ms: number) => ({ created_at: instant(T0 + ms) });
      for (const value of [server('b', at(1)), server('a', at(1)), server('d', at(0)), server('c', at(2))]) {
        await commit(store, { noun: 'server', value });
      }
      for (const limit of [1, 3, 10]) {
        const listed = await all((page) => store.servers.list(page), limit);
        assert.deepEqual(
          listed.map((each) => each.id),
          ['c', 'b', 'a', 'd'],
        );
      }
    });
  });
}
