import assert from 'node:assert/strict';
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test, type TestContext } from 'node:test';
import {
  agent,
  approval,
  change,
  commit,
  credential,
  human,
  nthId,
  policySet,
  server,
  T0,
  task,
  tool,
} from '../../ports/sample-records.suite.ts';
import { applySteps, missingSteps } from './migrate-sqlite.ts';
import { MIGRATIONS } from './migrations/catalog.ts';
import type { Migration } from './migrations/migration.ts';
import { newFile, openFor, tamper } from './sample-store.fixture.ts';
import { openSqliteStore } from './sqlite.ts';

/**
 * One dump of a store with a few records for each schema that was ever released. `DUMP_NEWEST=1 node --test FILE` writes
 * the newest: for a new schema, and until the first release again for any new field; afterwards a released dump stays.
 */
const FOLDER = `${import.meta.dirname}/migrations/released`;
if (process.env['DUMP_NEWEST'] === '1') await dumpNewest();
const RELEASED = globSync(`${FOLDER}/*.sql`).sort();

test('every schema has its dump, and its number is its place', () => {
  assert.equal(RELEASED.length, MIGRATIONS.length);
  assert.deepEqual(
    MIGRATIONS.map((step) => step.version),
    MIGRATIONS.map((_, index) => index + 1),
  );
});

for (const dump of RELEASED) {
  test(`a store of the released schema ${dump.slice(-8)} is brought up to date and reads as before`, async (t) => {
    const file = newFile(t);
    tamper(file, readFileSync(dump, 'utf8'));
    const store = openFor(t, file);
    const page = { limit: 10, cursor: null };
    assert.equal((await store.actors.list({}, page)).items.length, 2);
    assert.equal((await store.servers.list(page)).items.length, 1);
    assert.equal((await store.tools.listOf((await store.servers.list(page)).items[0]?.id ?? assert.fail())).length, 1);
    assert.equal((await store.tasks.list({}, page)).items.length, 1);
    assert.equal((await store.approvals.list({}, page)).items.length, 1);
    assert.equal((await store.credentials.list({}, page)).items.length, 1);
    assert.equal((await store.policySets.published())?.serial, 1);
    assert.equal((await store.nodes.list()).length, 1);
    assert.equal((await store.changes.since(0, 10)).length, await store.changes.latest());

    const fresh = newFile(t);
    openFor(t, fresh);
    assert.deepEqual(schemaOf(file), schemaOf(fresh));
    const later = change(1, [{ noun: 'actor', value: human('later') }]);
    assert.equal((await store.changes.commit(later)).committed, true);
  });
}

test('a store of a newer program is refused and left as it is', async (t) => {
  const file = newFile(t);
  await openSqliteStore({ file, org_id: 'org' }).close();
  tamper(file, `insert into migrations values (99, 'from the future', 'sha256:00')`);
  const before = readFileSync(file);
  assert.throws(
    () => openSqliteStore({ file, org_id: 'org' }),
    (error: Error & { code?: string }) => {
      assert.equal(error.code, 'data.newer');
      assert.match(error.message, /newer version of Mandate \(schema 99, this one knows \d+\)\.$/);
      return true;
    },
  );
  assert.deepEqual(readFileSync(file), before);
});

test('a step that was applied in another form is refused', async (t) => {
  const file = newFile(t);
  await openSqliteStore({ file, org_id: 'org' }).close();
  tamper(file, `update migrations set hash = 'sha256:00'`);
  assert.throws(() => openSqliteStore({ file, org_id: 'org' }), { code: 'data.damaged' });
});

test('a step that fails leaves the database as it was', (t) => {
  const db = memoryDb(t);
  const one: Migration = {
    version: 1,
    name: 'one',
    statements: ['create table a (id text not null)', `insert into a values ('kept')`],
  };
  applySteps(db, missingSteps(db, [one], 'x.db'));
  const two: Migration = {
    version: 2,
    name: 'two',
    statements: ['create table b (id text not null)', 'delete from a'],
  };
  const broken: Migration = {
    version: 3,
    name: 'broken',
    statements: ['create table c (id text not null)', 'insert into nowhere values (1)'],
  };
  assert.throws(() => applySteps(db, missingSteps(db, [one, two, broken], 'x.db')), /nowhere/);
  assert.equal(db.isTransaction, false);
  assert.deepEqual(
    db
      .prepare(`select name from sqlite_schema where type = 'table' order by name`)
      .all()
      .map((row) => row['name']),
    ['a', 'migrations'],
  );
  assert.equal(db.prepare('select id from a').get()?.['id'], 'kept');
  assert.deepEqual(missingSteps(db, [one, two, broken], 'x.db'), [two, broken]);
});

function memoryDb(t: TestContext): DatabaseSync {
  const db = new DatabaseSync(':memory:');
  t.after(() => db.close());
  return db;
}

function schemaOf(file: string): readonly unknown[] {
  const db = new DatabaseSync(file);
  const rows = db.prepare('select type, name, sql from sqlite_schema where sql is not null order by type, name').all();
  db.close();
  return rows.map((row) => ({ ...row, sql: String(row['sql']).replaceAll(/\s+/g, ' ') }));
}

async function dumpNewest(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'mandate-dump-'));
  const file = join(folder, 'mandate.db');
  const store = openSqliteStore({ file, org_id: 'org' });
  await commit(
    store,
    { noun: 'actor', value: human('ada') },
    { noun: 'actor', value: agent('writer') },
    { noun: 'server', value: server('files') },
    { noun: 'tool', value: tool('files', 'read') },
    { noun: 'task', value: task(1) },
    { noun: 'approval', value: approval(1) },
    { noun: 'credential', value: credential(1) },
    { noun: 'policy_set', value: policySet(1) },
  );
  const node = {
    id: nthId('nod', 1),
    started_at: T0,
    heartbeat_at: T0,
    policy_serial: 1,
    change_seq: 1,
    version: '0.1.0',
  };
  await store.nodes.beat(node);
  await store.close();
  const db = new DatabaseSync(file);
  const sqlOf = (type: string) =>
    db.prepare('select name, sql from sqlite_schema where type = ? and sql is not null order by rowid').all(type);
  const literal = (value: unknown): string =>
    typeof value === 'string' ? `'${value.replaceAll("'", "''")}'` : JSON.stringify(value);
  const lines = sqlOf('table').flatMap(({ name, sql }) => [
    `${String(sql)};`,
    ...db
      .prepare(`select * from ${String(name)}`)
      .all()
      .map((row) => {
        return `insert into ${String(name)} values (${Object.values(row).map(literal).join(', ')});`;
      }),
  ]);
  lines.push(...sqlOf('index').map(({ sql }) => `${String(sql)};`));
  db.close();
  rmSync(folder, { recursive: true });
  writeFileSync(
    `${FOLDER}/${String(MIGRATIONS.length).padStart(4, '0')}.sql`,
    `begin;\n${lines.join('\n')}\ncommit;\n`,
  );
}
