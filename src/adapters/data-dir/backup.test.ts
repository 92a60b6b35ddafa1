import assert from 'node:assert/strict';
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test, type TestContext } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { instant } from '../../core/instant.ts';
import { agent, all, change, T0 } from '../../ports/sample-records.suite.ts';
import { openSqliteStore } from '../stores/sqlite.ts';
import { backup } from './backup.ts';
import { openDataDir } from './open.ts';
import { restore } from './restore.ts';

const NOW = instant(T0 + 5000);
const MADE = { with_keys: false, now: NOW, mandate: '0.1.0', evidence_head: null } as const;

test('a backup beside a running writer is one consistent state, and restores', async (t) => {
  const { path, data, store } = await running(t);
  const to = join(path, 'backup');
  let stop = false;
  const writer = (async () => {
    for (let n = 1; !stop; n += 1) {
      await setImmediate(); // commits alone would never let the event loop turn
      // Two records per change: a copy that holds half of one would show.
      await store.changes.commit(
        change(n, [
          { noun: 'actor', value: agent(`a${n}`) },
          { noun: 'actor', value: agent(`b${n}`) },
        ]),
      );
    }
  })();
  const head = { chain: `${data.nodeId}.1`, seq: 4, hash: 'sha256:ab' };
  const manifest = await backup({ ...MADE, data: data.path, to, evidence_head: head });
  stop = true;
  await writer;
  assert.deepEqual(manifest.evidence_head, head);
  assert.deepEqual(readdirSync(path).sort(), ['backup', 'data']);
  assert.equal(statSync(to).mode & 0o777, 0o700);

  const target = join(path, 'restored');
  assert.deepEqual(await restore({ from: to, data: target, now: NOW }), manifest);
  const again = openSqliteStore({ file: join(target, 'mandate.db'), org_id: 'org' });
  t.after(() => again.close());
  const actors = await all((page) => again.actors.list({}, page), 100);
  assert.equal(actors.length, (await again.changes.latest()) * 2);
});

test('what is restored is another node in a later incarnation, and says so until it is finished', async (t) => {
  const { path, data } = await running(t);
  const to = join(path, 'backup');
  await backup({ ...MADE, data: data.path, to });
  const target = join(path, 'restored');
  await restore({ from: to, data: target, now: NOW });

  const first = openDataDir(target);
  assert.equal(first.incarnation, data.incarnation + 1);
  assert.notEqual(first.nodeId, data.nodeId);
  assert.notEqual(first.operatorToken, data.operatorToken);
  assert.deepEqual(first.restored, {
    backup_created_at: '2027-01-15T08:00:05.000Z',
    restored_at: '2027-01-15T08:00:05.000Z',
    node: data.nodeId,
    incarnation: 1,
  });
  first.close();
  const second = openDataDir(target);
  assert.notEqual(second.restored, null);
  second.finishRestore();
  second.close();
  const third = openDataDir(target);
  assert.equal(third.restored, null);
  third.close();
});

test('the keys are in a backup only when they are asked for', async (t) => {
  const { path, data } = await running(t);
  await backup({ ...MADE, data: data.path, to: join(path, 'without') });
  await backup({ ...MADE, data: data.path, to: join(path, 'with'), with_keys: true });
  assert.deepEqual(readdirSync(join(path, 'without', 'keys')), []);
  chmodSync(join(path, 'with', 'keys', 'digest.key'), 0o644); // as a careless copy would
  for (const name of ['without', 'with']) {
    assert.equal(existsSync(join(path, name, 'admin-token')), false);
    await restore({ from: join(path, name), data: join(path, `${name}-restored`), now: NOW });
    const restored = openDataDir(join(path, `${name}-restored`));
    (name === 'with' ? assert.deepEqual : assert.notDeepEqual)(restored.sealKey, data.sealKey);
    (name === 'with' ? assert.deepEqual : assert.notDeepEqual)(restored.digestKey, data.digestKey);
    restored.close();
  }
});

test('the settings file goes along', async (t) => {
  const { path, data } = await running(t);
  writeFileSync(join(data.path, 'mandate.yaml'), 'listen: 127.0.0.1:0\n');
  await backup({ ...MADE, data: data.path, to: join(path, 'backup') });
  await restore({ from: join(path, 'backup'), data: join(path, 'restored'), now: NOW });
  assert.equal(readFileSync(join(path, 'restored', 'mandate.yaml'), 'utf8'), 'listen: 127.0.0.1:0\n');
});

test('a backup never overwrites, and one that fails leaves nothing', async (t) => {
  const { path, data } = await running(t);
  const to = join(path, 'backup');
  writeFileSync(to, 'mine');
  await assert.rejects(backup({ ...MADE, data: data.path, to }), { code: 'conflict.exists' });
  assert.equal(readFileSync(to, 'utf8'), 'mine');
  await assert.rejects(backup({ ...MADE, data: data.path, to: '/proc/none/backup' }), {
    code: 'data.unreadable',
  });
  rmSync(join(data.path, 'audit.db'));
  await assert.rejects(backup({ ...MADE, data: data.path, to: join(path, 'other') }), { code: 'data.unreadable' });
  assert.deepEqual(readdirSync(path).sort(), ['backup', 'data']);
});

test('a directory that holds something is never restored into', async (t) => {
  const { path, data } = await running(t);
  await backup({ ...MADE, data: data.path, to: join(path, 'backup') });
  await assert.rejects(restore({ from: join(path, 'backup'), data: data.path, now: NOW }), { code: 'data.locked' });
  data.close();
  await assert.rejects(restore({ from: join(path, 'backup'), data: data.path, now: NOW }), { code: 'conflict.state' });
  assert.equal(openDataDir(data.path).nodeId, data.nodeId);
});

for (const [what, spoil, code] of [
  ['lost its manifest', (to: string) => rmSync(join(to, 'manifest.json')), 'data.unreadable'],
  [
    'has half a manifest',
    (to: string) => writeFileSync(join(to, 'manifest.json'), readFileSync(join(to, 'manifest.json')).subarray(0, 99)),
    'data.damaged',
  ],
  [
    'has a manifest of a later format',
    (to: string) => writeFileSync(join(to, 'manifest.json'), '{"format":2}'),
    'data.newer',
  ],
  ['lost a database', (to: string) => rmSync(join(to, 'audit.db')), 'data.damaged'],
  ['grew by a byte', (to: string) => appendFileSync(join(to, 'mandate.db'), 'x'), 'data.damaged'],
  [
    'had one byte changed',
    (to: string) => {
      const bytes = readFileSync(join(to, 'mandate.db'));
      bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
      writeFileSync(join(to, 'mandate.db'), bytes);
    },
    'data.damaged',
  ],
  [
    'names a file outside',
    (to: string) => {
      const manifest = readFileSync(join(to, 'manifest.json'), 'utf8').replace(
        '"files": {',
        `"files": {"../../x": {"bytes":0,"sha256":"${'0'.repeat(64)}"},`,
      );
      writeFileSync(join(to, 'manifest.json'), manifest);
    },
    'data.damaged',
  ],
] as const) {
  test(`a backup that ${what} is refused, and nothing is made`, async (t) => {
    const { path, data } = await running(t);
    const to = join(path, 'backup');
    await backup({ ...MADE, data: data.path, to });
    spoil(to);
    await assert.rejects(restore({ from: to, data: join(path, 'restored'), now: NOW }), { code });
    assert.equal(existsSync(join(path, 'restored')), false);
  });
}

/** A data directory in use: both databases there and open. */
async function running(t: TestContext) {
  const path = mkdtempSync(join(tmpdir(), 'mandate-backup-'));
  const data = openDataDir(join(path, 'data'));
  const store = openSqliteStore({ file: data.storeFile, org_id: 'org' });
  const evidence = new DatabaseSync(data.evidenceFile);
  evidence.exec('pragma journal_mode = wal; create table entries (seq integer); insert into entries values (1)');
  t.after(async () => {
    await store.close();
    evidence.close();
    data.close();
    rmSync(path, { recursive: true });
  });
  return { path, data, store };
}
