import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { serverId } from '../core/ids.ts';
import { commit, tool } from './sample-records.suite.ts';
import type { OpenStore } from './store.suite.ts';

export function toolsSuite(open: OpenStore): void {
  describe('tools', () => {
    test('a tool is found by its server and name alone', async (t) => {
      const store = await open(t);
      await commit(
        store,
        { noun: 'tool', value: tool('files', 'read') },
        { noun: 'tool', value: tool('notes', 'read', { digest: 'sha256:99' }) },
      );
      assert.equal((await store.tools.get(serverId('files'), 'read'))?.digest, 'sha256:00');
      assert.equal((await store.tools.get(serverId('notes'), 'read'))?.digest, 'sha256:99');
      assert.equal(await store.tools.get(serverId('files'), 'Read'), undefined);
      assert.equal(await store.tools.get(serverId('other'), 'read'), undefined);
    });

    test('all pins of a server are listed in code unit order, in any state', async (t) => {
      const store = await open(t);
      // U+FF5E sorts after 𝒳 (a surrogate pair) in code units, and before it in bytes.
      const names = ['b', 'B', 'a_1', 'a-1', '\uff5e', '𝒳', 'é'];
      for (const name of names)
        await commit(store, { noun: 'tool', value: tool('files', name, { state: 'quarantined' }) });
      await commit(store, { noun: 'tool', value: tool('notes', 'c') });
      const listed = await store.tools.listOf(serverId('files'));
      assert.deepEqual(
        listed.map((each) => each.name),
        [...names].sort(),
      );
      assert.deepEqual(await store.tools.listOf(serverId('other')), []);
    });

    test('hostile names stay different tools', async (t) => {
      const store = await open(t);
      const names = [
        'x',
        'x\u0000',
        'x\ud800',
        'x\ud801',
        'x\ufffd',
        'x"',
        "x'",
        'x\\u0000',
        'x/y',
        'x\n',
        'x\u202e',
        'e\u0301',
        '\u00e9',
        '',
      ];
      for (const name of names)
        await commit(store, { noun: 'tool', value: tool('files', name, { digest: `sha256:${names.indexOf(name)}` }) });
      for (const name of names) {
        assert.equal((await store.tools.get(serverId('files'), name))?.digest, `sha256:${names.indexOf(name)}`);
      }
      assert.deepEqual(
        (await store.tools.listOf(serverId('files'))).map((each) => each.name),
        [...names].sort(),
      );
    });

    test('a definition keeps every member of its schema, and an offered one beside it', async (t) => {
      const store = await open(t);
      const definition = {
        name: 'odd',
        inputSchema: { type: 'object', 'x-deep': [{ a: null, b: [1.5, true, ''] }], constructor: { q: 1 } },
      };
      const offered = {
        definition: { ...definition, title: 'Odd' },
        digest: 'sha256:77',
        seen_at: tool('files', 'odd').updated_at,
      };
      const odd = tool('files', 'odd', { definition, offered, state: 'changed', state_reason: 'Its title is new.' });
      await commit(store, { noun: 'tool', value: odd });
      assert.deepEqual(await store.tools.get(odd.server, 'odd'), odd);
    });
  });
}
