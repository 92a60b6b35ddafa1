import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { OpenStore } from './store.suite.ts';

export function metaSuite(open: OpenStore): void {
  describe('meta', () => {
    test('a name is undefined until it is set, and then what it was last set to', async (t) => {
      const { meta } = await open(t);
      assert.equal(await meta.get('epoch'), undefined);
      await meta.set('epoch', '1');
      await meta.set('other', '');
      await meta.set('epoch', '2');
      assert.equal(await meta.get('epoch'), '2');
      assert.equal(await meta.get('other'), '');
    });
  });
}
