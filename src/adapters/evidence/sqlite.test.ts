import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test, type TestContext } from 'node:test';
import { coded, evidenceLogSuite } from '../../ports/evidence-log.suite.ts';
import type { EvidenceLog } from '../../ports/evidence-log.ts';
import { decisionRecord, NODE, outcomeRecord, sampleFacts, sampleId } from '../../ports/sample-evidence.suite.ts';
import { openEvidenceReader } from './read-entries.ts';
import { EVIDENCE_QUEUE_RECORDS_MAX } from './append-queue.ts';
import { openSqliteEvidence, type SqliteEvidenceOptions } from './sqlite.ts';
import { verifyEvidence } from './verify.ts';

const SEAL_KEY = new Uint8Array(32).fill(7);

evidenceLogSuite('the SQLite log', (t) => openAt(t, newFile(t)));

test('a chain goes on where the last process left it', async (t) => {
  const file = newFile(t);
  const first = await openAt(t, file);
  const before = await first.append(decisionRecord(1));
  await first.close();
  const second = await openAt(t, file);
  assert.deepEqual(second.head(), before);
  assert.equal((await second.append(decisionRecord(2))).seq, 2);
  assert.equal((await second.get(sampleId('dec', 2)))?.prev, before.hash);
  assert.deepEqual((await second.unanswered(10)).length, 2);
});

test('after a restore what is written is a chain of its own, and both verify', async (t) => {
  const file = newFile(t);
  const first = await openAt(t, file);
  await first.append(decisionRecord(1));
  await first.close();
  const second = await openAt(t, file, { incarnation: 2 });
  assert.equal(second.head().seq, 0);
  await second.append(outcomeRecord(2, sampleId('dec', 1)));
  await second.close();
  const verdict = await verifyEvidence(file);
  assert.ok(verdict.ok);
  assert.deepEqual(
    verdict.chains.map(({ chain, count }) => [chain, count]),
    [
      [`${NODE}.1`, 1],
      [`${NODE}.2`, 1],
    ],
  );
});

test('the facts beside a record are sealed: read with the key alone, and erased without harm to the chain', async (t) => {
  const file = newFile(t);
  const log = await openAt(t, file);
  await log.append(decisionRecord(1), sampleFacts(1));
  const reader = openEvidenceReader(file, 'org');
  assert.equal(reader.facts(sampleId('dec', 1), SEAL_KEY), sampleFacts(1));
  assert.equal(reader.facts(sampleId('dec', 1), new Uint8Array(32)), undefined);
  reader.close();
  await log.close();

  const db = new DatabaseSync(file);
  db.exec('delete from sealed_facts');
  db.close();
  assert.equal((await verifyEvidence(file, { sealKey: SEAL_KEY })).ok, true);
});

test('a writer that hangs turns into a refusal, and what nobody waits for is not written', async (t) => {
  const file = newFile(t);
  const log = await openAt(t, file, { deadline_ms: 100 });
  const blocker = new DatabaseSync(file);
  blocker.exec('begin immediate');
  const appends = [decisionRecord(1), decisionRecord(2)].map((record) => log.append(record));
  for (const append of appends) await assert.rejects(append, coded('evidence.unavailable'));
  assert.equal(log.head().seq, 0);

  blocker.exec('rollback');
  blocker.close();
  // The writer goes on; the next append follows the last durable one.
  const receipt = await log.append(decisionRecord(3));
  assert.deepEqual(
    [receipt.seq, await log.get(sampleId('dec', 1)), await log.get(sampleId('dec', 2))],
    [1, undefined, undefined],
  );
});

test('more than the queue holds is refused at once, and the log goes on afterwards', async (t) => {
  const file = newFile(t);
  const log = await openAt(t, file);
  const appends = Array.from({ length: EVIDENCE_QUEUE_RECORDS_MAX + 3 }, (_, n) => log.append(decisionRecord(n)));
  const results = await Promise.allSettled(appends);
  const refused = results.flatMap((result, n) => (result.status === 'rejected' ? [n] : []));
  assert.deepEqual(
    refused,
    [0, 1, 2].map((n) => EVIDENCE_QUEUE_RECORDS_MAX + n),
  );
  assert.equal((await log.append(outcomeRecord(1, sampleId('dec', 0)))).seq, EVIDENCE_QUEUE_RECORDS_MAX + 1);
});

test('closing waits for what was appended', async (t) => {
  const file = newFile(t);
  const log = await openAt(t, file);
  const append = log.append(decisionRecord(1));
  await log.close();
  assert.equal((await append).seq, 1);
});

test('a last entry that is not what was written is refused by name', async (t) => {
  const file = newFile(t);
  const log = await openAt(t, file);
  for (let n = 1; n <= 3; n += 1) await log.append(decisionRecord(n));
  await log.close();
  const db = new DatabaseSync(file);
  db.exec(`update entries set bytes = replace(bytes, 'allow', 'deny!') where seq = 3`);
  db.close();
  await assert.rejects(
    openAt(t, file),
    (error) => coded('data.damaged')(error) && /Entry 3 of chain nod_/.test(String(error)),
  );
});

test('a file that is no audit log, one of a newer version and one that is not there are told apart', async (t) => {
  const other = newFile(t);
  writeFileSync(
    other,
    'This is a text, and long enough to be taken for a database header by nobody at all. '.repeat(20),
  );
  await assert.rejects(openAt(t, other), coded('data.damaged'));
  await assert.rejects(verifyEvidence(other), coded('data.damaged'));

  const newer = newFile(t);
  const db = new DatabaseSync(newer);
  db.exec('pragma user_version = 99');
  db.close();
  await assert.rejects(openAt(t, newer), coded('data.newer'));
  await assert.rejects(openAt(t, join(newFile(t), 'no', 'such', 'folder')), coded('data.unreadable'));
  await assert.rejects(verifyEvidence(newFile(t)), coded('data.unreadable'));
});

function newFile(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'mandate-evidence-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, 'audit.db');
}

async function openAt(t: TestContext, file: string, more: Partial<SqliteEvidenceOptions> = {}): Promise<EvidenceLog> {
  const log = await openSqliteEvidence({ file, org_id: 'org', node: NODE, sealKey: SEAL_KEY, ...more });
  t.after(() => log.close());
  return log;
}
