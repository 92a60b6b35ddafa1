import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { JsonObject } from '../json.ts';
import { onlyReads } from '../tool.ts';
import { deriveToolFacts } from './tool-facts.ts';

const derived = (name: string, annotations: JsonObject = {}, trust: 'trusted' | 'untrusted' = 'untrusted') =>
  deriveToolFacts({ name, inputSchema: {}, annotations }, trust);
const effects = (name: string, annotations?: JsonObject, trust?: 'trusted' | 'untrusted') =>
  derived(name, annotations, trust).effect_class.join('+');

test('a word for reading makes a read where it leads, and nowhere else', () => {
  for (const [name, expected] of [
    ['list_orders', 'read'],
    ['searchIssues', 'read'],
    ['status', 'read'],
    ['git.status', 'read'],
    ['wipe_list', 'execute'],
    ['mark_as_read', 'execute'],
    ['flush_status', 'execute'],
    ['tree_prune', 'execute'],
    ['check_out', 'execute'],
    ['open_account', 'execute'],
    ['delete.list', 'delete'],
    ['listDBDelete', 'delete'],
    ['list_lösche', 'execute'],
  ] as const)
    assert.equal(effects(name), expected, name);
});

test('each verb that a name joins counts, and an unknown one is no read', () => {
  for (const [name, expected] of [
    ['get_and_list', 'read'],
    ['find_or_create', 'create'],
    ['get_and_frobnicate', 'execute'],
    ['list_then_purge', 'delete'],
    ['read_write_file', 'update'],
  ] as const)
    assert.equal(effects(name), expected, name);
});

test('what is read may be called like a verb, unless it is a secret or may be the verb after all', () => {
  for (const [name, expected] of [
    ['get_order', 'read'],
    ['read_email', 'read'],
    ['get_tag', 'read'],
    ['get_pull_request', 'read'],
    ['get_request', 'fetch'],
    ['list_archive', 'move'],
    ['status_post', 'send'],
    ['get_access_token', 'grant'],
    ['read_secret', 'grant'],
    ['get_or_order', 'pay'],
    ['order_get', 'pay'],
  ] as const)
    assert.equal(effects(name), expected, name);
});

test('a trusted hint settles a doubt about a name, and never a verb', () => {
  const readOnly = { readOnlyHint: true };
  for (const [name, trusted, untrusted] of [
    ['issue_read', 'read', 'execute'],
    ['order_status', 'read', 'pay'],
    ['delete_list', 'delete', 'delete'],
    ['order_book', 'pay', 'pay'],
    ['get_secret', 'grant', 'grant'],
  ] as const) {
    assert.equal(effects(name, readOnly, 'trusted'), trusted, name);
    assert.equal(effects(name, readOnly, 'untrusted'), untrusted, name);
  }
});

test('a server that says its reading tool destroys is believed', () => {
  assert.equal(effects('list_items', { destructiveHint: true }), 'update');
  assert.equal(effects('list_items', { destructiveHint: false }), 'read');
});

interface Published {
  readonly name: string;
  readonly annotations: JsonObject;
}

/** How many rows agree with their server's own `readOnlyHint`; no write may be called a read, even by its name alone. */
function agreement(tools: readonly Published[]): string {
  let trusted = 0;
  let named = 0;
  for (const { name, annotations } of tools) {
    const reads = annotations['readOnlyHint'] === true;
    const [byHints, byName] = [onlyReads(derived(name, annotations, 'trusted')), onlyReads(derived(name))];
    if (!reads) assert.ok(!byHints && !byName, `${name} is a write and was called a read`);
    if (byHints === reads) trusted += 1;
    if (byName === reads) named += 1;
  }
  return `${trusted} of ${tools.length} agree for a trusted server, ${named} by name alone, 0 writes are called a read`;
}

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

for (const server of ['filesystem', 'memory']) {
  test(`no write of the official ${server} server is called a read, and its reads are`, (t) => {
    const text = readFileSync(join(ROOT, `node_modules/@modelcontextprotocol/server-${server}/dist/index.js`), 'utf8');
    const tools = text.split('server.registerTool(').slice(1).map(publishedIn);
    assert.ok(tools.length >= 9, 'the tools were found');
    t.diagnostic(agreement(tools));
    for (const { name, annotations } of tools)
      assert.equal(onlyReads(derived(name, annotations, 'trusted')), annotations['readOnlyHint'], name);
  });
}

/** A registration as the official servers write it: the name first, its hints as literals. */
function publishedIn(text: string): Published {
  const hints = /annotations: (\{[^}]*\})/.exec(text)?.[1] ?? '';
  const flags = [...hints.matchAll(/(\w+Hint): (true|false)/g)].map(([, hint = '', flag]) => [hint, flag === 'true']);
  return { name: /^"([^"]+)"/.exec(text)?.[1] ?? '', annotations: Object.fromEntries(flags) as JsonObject }; // of booleans
}

const CORPUS = join(
  process.env['MANDATE_TEST_DATA'] ?? join(dirname(ROOT.replace(/\/$/, '')), 'shared', 'data'),
  'agents/mcp_tools/tools.jsonl',
);

test(
  'no write of a published catalogue is called a read, and nine in ten tools of a trusted server come out right',
  {
    skip: existsSync(CORPUS)
      ? false
      : 'no catalogue: set MANDATE_TEST_DATA to a folder with agents/mcp_tools/tools.jsonl',
  },
  (t) => {
    const rows = readFileSync(CORPUS, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Partial<Published>) // a catalogue that we only count
      .filter((row): row is Published => row.name !== undefined && row.annotations !== undefined);
    assert.ok(rows.length > 0);
    const said = agreement(rows);
    t.diagnostic(said);
    assert.ok(Number.parseInt(said, 10) >= rows.length * 0.9, said);
  },
);
