import assert from 'node:assert/strict';
import { cpSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test, type TestContext } from 'node:test';
import { ask, done } from './api.fixture.ts';
import { operatorToken } from './operator-token.fixture.ts';
import { folder, runProgram, serving, startProgram, type Program } from './program.fixture.ts';
import { openVisitor } from './visitor.fixture.ts';

const PASSPHRASE = 'seven lanterns over the harbour';
const LIST =
  'Reading list for the shop window\n\n1. The Salt Road\n2. A House Above the Ice\n3. Letters to a Lighthouse\n';
const ALL_PRINTED = /Ctrl-C stops everything\.\n/;

test('the first minute: three verdicts, an approval in the browser, the effect, and evidence that shows a changed byte', async (t) => {
  const data = join(folder(t), 'data');
  const started = performance.now();
  const { program, out } = await demo(t, data);
  t.diagnostic(`three verdicts after ${Math.round(performance.now() - started)} ms`);

  const { url, link, approval } = printed(out);
  const list = join(data, 'sample', 'library', 'reading-list.md');
  assert.ok(!existsSync(list), 'the held call has had an effect');

  const visitor = openVisitor(url);
  const path = `/sign-in${new URL(link).search}`;
  const signedIn = await visitor.submit(path, '/sign-in', { passphrase: PASSPHRASE, again: PASSPHRASE });
  assert.equal(signedIn.status, 303, signedIn.text);
  const home = await visitor.get('/');
  assert.equal(home.status, 200);
  assert.ok(home.text.includes(new URL(approval).pathname), 'the home page does not lead to the approval');

  const page = new URL(approval).pathname;
  const answer = { verdict: 'approve', reason: 'The list is right.', passphrase: PASSPHRASE };
  const approved = await visitor.submit(page, page, answer);
  assert.equal(approved.status, 303, approved.text);
  const after = await program.seen(
    (text) => /^ {2}allowed {2}files\/write_file .*$/m.exec(text)?.[0] ?? null,
    'the result of the held call',
  );
  assert.match(after, /dec_/);
  assert.equal(readFileSync(list, 'utf8'), LIST);

  program.kill('SIGTERM');
  assert.equal(await program.ended, 0);

  const verified = await runProgram(t, ['audit', 'verify', '--data', data]);
  assert.equal(verified.status, 0, verified.stderr);
  const count = Number(/^verified: (\d+)/m.exec(verified.stdout)?.[1]);
  assert.equal(count, records(data), verified.stdout);

  const copy = join(folder(t), 'copy');
  cpSync(data, copy, { recursive: true });
  const changed = flipOneByte(copy);
  const found = await runProgram(t, ['audit', 'verify', '--data', copy]);
  assert.equal(found.status, 1, found.stdout);
  assert.match(
    found.stdout,
    new RegExp(`^FAULT: chain nod_\\S+, entry ${changed}: .* \\(${changed - 1} entries before it are good\\)$`, 'm'),
  );
});

test('a second start neither duplicates the sample nor breaks it', async (t) => {
  const data = join(folder(t), 'data');
  const first = await demo(t, data);
  const before = await contents(printed(first.out).url, data);
  first.program.kill('SIGTERM');
  assert.equal(await first.program.ended, 0);

  const second = await demo(t, data);
  const { url } = printed(second.out);
  assert.deepEqual(await contents(url, data), before);
  second.program.kill('SIGTERM');
  assert.equal(await second.program.ended, 0);
});

test('serve alone starts empty', async (t) => {
  const data = join(folder(t), 'data');
  const served = await serving(t, data);
  assert.deepEqual(await contents(served.url, data), { humans: ['admin'], servers: [], agents: [], workloads: [] });
  assert.equal(await served.stop(), 0);
});

async function demo(t: TestContext, data: string): Promise<{ readonly program: Program; readonly out: string }> {
  const program = startProgram(t, ['demo', '--data', data, '--port', '0']);
  const out = await program.seen((text) => (ALL_PRINTED.test(text) ? text : null), 'what the demo prints');
  assert.equal(program.stderr(), '');
  return { program, out };
}

/** Every line that interfaces promise, in their order. */
function printed(out: string): { readonly url: string; readonly link: string; readonly approval: string } {
  const id = '[0-9a-z]{26}';
  const lines = [
    /^Mandate is running at (?<url>http:\/\/127\.0\.0\.1:\d+)$/,
    /^ {2}Sign in: +(?<link>http:\/\/127\.0\.0\.1:\d+\/sign-in(?:\?link=mdl_[\w-]+)?)/,
    new RegExp(`^ {2}allowed {2}files/read_text_file +dec_${id} `),
    new RegExp(`^ {2}denied {3}notes/read_graph +dec_${id} +environment\\.crossing: `),
    new RegExp(`^ {2}held {5}files/write_file +dec_${id} `),
    /^Approve the held call: +(?<approval>http:\/\/127\.0\.0\.1:\d+\/approvals\/apr_\w+)$/,
    /^Connect a real client:$/,
    / agent key librarian --label \w+$/,
    /^ +claude mcp add --transport http mandate http:\/\/127\.0\.0\.1:\d+\/mcp /,
    /^Verify the evidence:$/,
    / audit verify$/,
    / audit tail$/,
  ];
  const rest = out.split('\n');
  const found: Record<string, string> = {};
  for (const line of lines) {
    const at = rest.findIndex((text) => line.test(text));
    assert.ok(at !== -1, `no line ${line} in\n${out}`);
    Object.assign(found, line.exec(rest[at] ?? '')?.groups);
    rest.splice(0, at + 1);
  }
  return { url: found['url'] ?? '', link: found['link'] ?? '', approval: found['approval'] ?? '' };
}

/** The ids of everything that the sample is made of. */
async function contents(url: string, data: string): Promise<Readonly<Record<string, readonly string[]>>> {
  const token = operatorToken(data);
  const nouns = ['humans', 'servers', 'agents', 'workloads'];
  const ids = nouns.map(async (noun) => {
    const { items } = await done<{ items: readonly { id: string }[] }>(ask(`${url}/v1/${noun}`, 'GET', token));
    return [noun, items.map((item) => item.id).toSorted()] as const;
  });
  return Object.fromEntries(await Promise.all(ids));
}

function records(data: string): number {
  const db = new DatabaseSync(join(data, 'audit.db'), { readOnly: true });
  const row = db.prepare('select count(*) as n from entries').get();
  db.close();
  return Number(row?.['n']);
}

/** @returns the sequence number of the entry whose bytes are not what they were */
function flipOneByte(data: string): number {
  const file = join(data, 'audit.db');
  const db = new DatabaseSync(file);
  db.exec('pragma wal_checkpoint(truncate)');
  const rows = db.prepare('select seq, record_id from entries order by seq desc').all();
  db.close();
  const whole = readFileSync(file);
  for (const { seq, record_id } of rows) {
    // The bytes of a record may lie apart, on two pages of the file: then another one does.
    const at = whole.indexOf(`"id":"${String(record_id)}"`);
    if (at === -1) continue;
    whole[at + 1] = (whole[at + 1] ?? 0) ^ 0x01;
    writeFileSync(file, whole);
    return Number(seq);
  }
  throw new Error('no record is in the file');
}
