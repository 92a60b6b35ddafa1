import assert from 'node:assert/strict';
import { existsSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { test } from 'node:test';
import { actorId } from '../../core/ids.ts';
import {
  agent,
  change,
  commit,
  credential,
  human,
  policySet,
  server,
  task,
  tool,
} from '../../ports/sample-records.suite.ts';
import { storeSuite } from '../../ports/store.suite.ts';
import { newFile, openFor, tamper } from './sample-store.fixture.ts';
import { openSqliteStore } from './sqlite.ts';

storeSuite('the SQLite store', async (t) => openFor(t, newFile(t)));

const ORG = { org_id: 'org' };

test('a restart keeps everything', async (t) => {
  const file = newFile(t);
  const before = openSqliteStore({ file, ...ORG });
  await commit(before, { noun: 'actor', value: human('ada') }, { noun: 'policy_set', value: policySet(3) });
  await commit(before, { noun: 'task', value: task(1) });
  const written = await before.changes.since(0, 10);
  await before.close();

  const after = openFor(t, file);
  assert.deepEqual(await after.actors.get(actorId('ada')), human('ada'));
  assert.deepEqual(await after.tasks.get(task(1).id), task(1));
  assert.equal((await after.policySets.published())?.serial, 3);
  assert.deepEqual(await after.changes.since(0, 10), written);
});

test('only the owner of the process can read the file', async (t) => {
  const file = newFile(t);
  openFor(t, file);
  assert.equal(statSync(file).mode & 0o777, 0o600);
});

test('two organisations on one file see nothing of each other', async (t) => {
  const file = newFile(t);
  const one = openFor(t, file, 'one');
  const two = openFor(t, file, 'two');
  await commit(
    one,
    { noun: 'actor', value: human('ada') },
    { noun: 'credential', value: credential(1) },
    { noun: 'tool', value: tool('files', 'read') },
  );
  assert.equal(await two.actors.get(actorId('ada')), undefined);
  assert.deepEqual((await two.credentials.list({}, { limit: 10, cursor: null })).items, []);
  assert.equal(await two.changes.latest(), 0);
  assert.deepEqual(await two.tools.listOf(tool('files', 'read').server), []);
  // The same ids, versions and hashes are free for the other.
  assert.equal(
    await commit(
      two,
      { noun: 'actor', value: human('ada', { name: 'Another' }) },
      { noun: 'credential', value: credential(1) },
    ),
    1,
  );
  await commit(two, { noun: 'actor', value: human('ada', { name: 'Changed', version: 2 }) });
  assert.deepEqual(await one.actors.get(actorId('ada')), human('ada'));
  assert.equal(await one.changes.latest(), 1);
});

test('two stores on one file agree on who was first', async (t) => {
  const file = newFile(t);
  const [one, two] = [openFor(t, file), openFor(t, file)];
  const write = (n: number, version: number) => change(n, [{ noun: 'task', value: task(1, { version }) }] as const);
  assert.equal((await one.changes.commit(write(1, 1))).committed, true);
  assert.equal((await two.changes.commit(write(2, 1))).committed, false);
  assert.equal((await two.changes.commit(write(3, 2))).committed, true);
  assert.equal((await one.changes.commit(write(4, 2))).committed, false);
  assert.equal(await one.changes.latest(), 2);
});

for (const [what, spoil] of [
  ['holds something else', (file: string) => writeFileSync(file, 'not a database, whatever its name\n'.repeat(500))],
  ['is empty', (file: string) => truncateSync(file, 0)],
  ['was cut to half', (file: string) => truncateSync(file, Math.floor(statSync(file).size / 8192) * 4096)],
  ['lost its last bytes', (file: string) => truncateSync(file, statSync(file).size - 100)],
  ['has a page of garbage', (file: string) => writeFileSync(file, readFileSync(file).fill(0xa5, 4096, 8192))],
  [
    'is the database of another program',
    (file: string) => {
      writeFileSync(file, '');
      tamper(file, 'create table notes (text text)');
    },
  ],
] as const) {
  test(`a file that ${what} is refused in one sentence and left as it is`, async (t) => {
    const file = newFile(t);
    const store = openSqliteStore({ file, ...ORG });
    for (let n = 0; n < 20; n += 1) await commit(store, { noun: 'actor', value: agent(`agent-${n}`) });
    await store.close();
    spoil(file);
    const before = readFileSync(file);
    assert.throws(
      () => openSqliteStore({ file, ...ORG }),
      (error: Error & { code?: string }) => {
        assert.equal(error.code, 'data.damaged');
        assert.match(error.message, /^[^\n]*mandate\.db[^\n]*\.$/);
        return true;
      },
    );
    assert.deepEqual(readFileSync(file), before);
  });
}

test('a log without its database is refused, not started afresh', (t) => {
  const file = newFile(t);
  writeFileSync(`${file}-wal`, 'x');
  assert.throws(() => openSqliteStore({ file, ...ORG }), { code: 'data.damaged' });
  assert.equal(existsSync(file), false);
});

test('a creation that was cut short is begun again', async (t) => {
  const file = newFile(t);
  writeFileSync(`${file}.new`, 'half');
  const store = openFor(t, file);
  assert.equal(await store.changes.latest(), 0);
  assert.equal(existsSync(`${file}.new`), false);
});

test('a folder that is not there is unreadable', (t) => {
  assert.throws(() => openSqliteStore({ file: `${dirname(newFile(t))}/none/mandate.db`, ...ORG }), {
    code: 'data.unreadable',
  });
});

for (const [what, sql, at] of [
  ['a body that is not JSON', `update servers set body = '{"id":'`, /servers files/],
  ['a body with an unknown field', `update servers set body = json_set(body, '$.colour', 'red')`, /servers files/],
  ['a body without a field', `update servers set body = json_remove(body, '$.trust')`, /servers files/],
  ['a body of another type', `update servers set body = json_set(body, '$.regulated', 1)`, /servers files/],
  [
    'a body that is not what its columns say',
    `update servers set body = json_set(body, '$.created_at', 5)`,
    /servers files \(created_at\)/,
  ],
  ['a version its body does not know', 'update servers set version = 9', /servers files \(version\)/],
  ['a number no double can hold', 'update servers set created_at = 9007199254740993', /mandate\.db/],
] as const) {
  test(`a row with ${what} is damaged, and said where`, async (t) => {
    const file = newFile(t);
    const store = openFor(t, file);
    await commit(store, { noun: 'server', value: server('files') });
    tamper(file, sql);
    const damaged = (error: Error & { code?: string }): boolean => {
      assert.equal(error.code, 'data.damaged');
      assert.match(error.message, at);
      return true;
    };
    await assert.rejects(store.servers.get(server('files').id), damaged);
    await assert.rejects(store.servers.list({ limit: 5, cursor: null }), damaged);
  });
}

test('a damaged entry of the outbox is not skipped', async (t) => {
  const file = newFile(t);
  const store = openFor(t, file);
  await commit(store, { noun: 'server', value: server('files') });
  tamper(file, `update changes set body = '{}'`);
  await assert.rejects(store.changes.since(0, 5), { code: 'data.damaged' });
});
