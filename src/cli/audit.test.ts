import assert from 'node:assert/strict';
import { chmodSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test, type TestContext } from 'node:test';
import { openDataDir } from '../adapters/data-dir/open.ts';
import { openSqliteEvidence } from '../adapters/evidence/sqlite.ts';
import { openSqliteStore } from '../adapters/stores/sqlite.ts';
import type { EvidenceLog } from '../ports/evidence-log.ts';
import { decisionRecord, NODE, outcomeRecord, sampleFacts, sampleId } from '../ports/sample-evidence.suite.ts';
import { cli, ended, folder, seen, start } from './run-cli.fixture.ts';

test('audit verify counts the entries of each chain, beside a running writer', async (t) => {
  const { home, log } = await written(t, 3);
  const ran = await cli(['audit', 'verify'], { home });
  assert.equal(ran.status, 0, ran.stderr);
  assert.match(ran.stdout, /verified: 6 entries in 1 chain of .*, 3 sealed facts opened/);
  assert.ok(ran.stdout.includes(log.head().hash));
  const json = JSON.parse((await cli(['audit', 'verify', '--json'], { home })).stdout) as {
    ok: boolean;
    count: number;
  };
  assert.deepEqual([json.ok, json.count], [true, 6]);
});

test('audit verify names the first bad entry and exits 1', async (t) => {
  const { home, log } = await written(t, 3);
  await log.close();
  const db = new DatabaseSync(join(home, '.mandate', 'audit.db'));
  db.exec(`update entries set bytes = replace(bytes, '"allow"', '"deny"') where seq = 3`);
  db.close();
  const ran = await cli(['audit', 'verify'], { home });
  assert.equal(ran.status, 1);
  assert.match(ran.stdout, /^FAULT: chain nod_\S+\.1, entry 3: .* \(2 entries before it are good\)\n$/);
});

test('a cut tail is found by a head that was written down', async (t) => {
  const { home, log } = await written(t, 2);
  const { chain, seq, hash } = log.head();
  const head = `${chain}:${seq}:${hash}`;
  assert.equal((await cli(['audit', 'verify', '--head', head], { home })).status, 0);
  await log.close();
  const db = new DatabaseSync(join(home, '.mandate', 'audit.db'));
  db.exec(`delete from entries where seq = ${seq};`);
  db.close();
  assert.equal((await cli(['audit', 'verify', '--head', head], { home })).status, 1);
  assert.equal((await cli(['audit', 'verify', '--head', 'nonsense'], { home })).status, 2);
});

test('an audit log that is gone or overwritten is a fault of the evidence; no data directory is a wrong command', async (t) => {
  const { home, log } = await written(t, 1);
  await log.close();
  const file = join(home, '.mandate', 'audit.db');
  writeFileSync(file, 'not a database at all, but long enough to be read as the header of one, or so one would think');
  for (const suffix of ['-wal', '-shm']) rmSync(file + suffix, { force: true });
  const overwritten = await cli(['audit', 'verify'], { home });
  assert.equal(overwritten.status, 1, overwritten.stderr);
  rmSync(file);
  const gone = await cli(['audit', 'verify'], { home });
  assert.equal(gone.status, 1);
  assert.match(gone.stderr, /\(data\.damaged\)/);
  const nowhere = await cli(['audit', 'verify', '--data', join(home, 'nowhere')], { home });
  assert.equal(nowhere.status, 2);
  assert.match(nowhere.stderr, /is no data directory.*\(data\.unreadable\)/);
});

test(
  'whoever may read the log but not the key verifies it all the same',
  { skip: process.geteuid?.() === 0 && 'root reads everything' },
  async (t) => {
    const { home } = await written(t, 1);
    chmodSync(join(home, '.mandate', 'keys', 'evidence-seal.key'), 0o000);
    const ran = await cli(['audit', 'verify'], { home });
    assert.equal(ran.status, 0);
    assert.doesNotMatch(ran.stdout, /sealed facts/);
  },
);

test('audit show prints a record with its place, its outcome and, asked, what the policy saw', async (t) => {
  const { home, log } = await written(t, 1);
  const id = sampleId('dec', 1);
  const shown = JSON.parse((await cli(['audit', 'show', id, '--facts', '--json'], { home })).stdout) as Record<
    string,
    unknown
  >;
  assert.deepEqual(shown['record'], JSON.parse((await log.get(id))?.text ?? ''));
  assert.equal((shown['outcome'] as { record: { of: string } }).record.of, id);
  assert.deepEqual(shown['facts'], JSON.parse(sampleFacts(1)));
  const unknown = await cli(['audit', 'show', sampleId('dec', 99)], { home });
  assert.equal(unknown.status, 1);
  assert.match(unknown.stderr, /\(not_found\)/);
});

test('audit tail --follow prints what is appended, and ends when it is told to', async (t) => {
  const { home, log } = await written(t, 1);
  const tail = start(['audit', 'tail', '--follow', '--json'], { home });
  t.after(() => tail.kill('SIGKILL'));
  await seen(tail, (out) => (out.includes(sampleId('dec', 1)) ? true : null));
  const next = seen(tail, (out) => (out.includes(sampleId('dec', 7)) ? out : null));
  await log.append(decisionRecord(7));
  const line = (await next).trim().split('\n').at(-1) ?? '';
  assert.equal((JSON.parse(line) as { record: { id: string } }).record.id, sampleId('dec', 7));
  tail.kill('SIGTERM');
  assert.equal(await ended(tail), 0);
});

test('an exported bundle is verified without the data directory, and a changed byte is named', async (t) => {
  const { home } = await written(t, 2);
  const bundle = join(home, 'evidence.jsonl');
  const exported = await cli(['audit', 'export', bundle], { home });
  assert.equal(exported.status, 0, exported.stderr);
  assert.equal(statSync(bundle).mode & 0o777, 0o600);
  const elsewhere = folder(t);
  assert.match((await cli(['verify', bundle], { home: elsewhere })).stdout, /verified: 4 entries/);
  writeFileSync(bundle, readFileSync(bundle, 'utf8').replace('\\"effect\\":\\"allow\\"', '\\"effect\\":\\"allov\\"'));
  const changed = await cli(['verify', bundle, '--json'], { home: elsewhere });
  assert.equal(changed.status, 1);
  assert.equal((JSON.parse(changed.stdout) as { seq: number }).seq, 1);
  const piped = await cli(['audit', 'export', '-', '--kind', 'outcome'], { home });
  assert.equal(piped.stdout.trim().split('\n').length, 3);
});

test('an export that cannot be written leaves nothing behind', async (t) => {
  const { home } = await written(t, 1);
  const ran = await cli(['audit', 'export', join(home, 'no', 'such', 'folder')], { home });
  assert.equal(ran.status, 2);
  assert.match(ran.stderr, /cannot be written/);
});

test('a backup is made beside a running writer and restores into a new directory only', async (t) => {
  const { home } = await written(t, 2);
  const to = join(home, 'backup');
  const made = await cli(['backup', to, '--json'], { home });
  assert.equal(made.status, 0, made.stderr);
  assert.equal((JSON.parse(made.stdout) as { evidence_head: { seq: number } }).evidence_head.seq, 4);
  assert.equal((await cli(['backup', to], { home })).status, 1);

  const restored = join(home, 'restored');
  const put = await cli(['restore', to, '--data', restored], { home });
  assert.equal(put.status, 0, put.stderr);
  const verified = await cli(['audit', 'verify', '--data', restored], { home });
  assert.equal(verified.status, 0, verified.stderr);
  assert.match(verified.stdout, /verified: 4 entries.*2 sealed with an earlier key and not opened/);
  const again = await cli(['restore', to, '--data', restored], { home });
  assert.equal(again.status, 1);
  assert.match(again.stderr, /\(conflict\.state\)/);
});

test('a restore into the directory of a running server is refused, naming it', async (t) => {
  const { home } = await written(t, 1);
  const to = join(home, 'backup');
  await cli(['backup', to], { home });
  const held = openDataDir(join(home, '.mandate'));
  t.after(() => held.close());
  const ran = await cli(['restore', to], { home });
  assert.equal(ran.status, 2);
  assert.match(ran.stderr, new RegExp(`pid ${process.pid}.*\\(data\\.locked\\)`));
});

/** A data directory in the home of a user, with so many decisions and their outcomes; its log is open. */
async function written(
  t: TestContext,
  decisions: number,
): Promise<{ readonly home: string; readonly log: EvidenceLog }> {
  const home = folder(t);
  const data = openDataDir(join(home, '.mandate'));
  const store = openSqliteStore({ file: data.storeFile, org_id: 'org' });
  const log = await openSqliteEvidence({ file: data.evidenceFile, org_id: 'org', node: NODE, sealKey: data.sealKey });
  t.after(() => log.close());
  await store.close();
  data.close();
  for (let n = 1; n <= decisions; n += 1) {
    await log.append(decisionRecord(n), sampleFacts(n));
    await log.append(outcomeRecord(n, sampleId('dec', n)));
  }
  return { home, log };
}
