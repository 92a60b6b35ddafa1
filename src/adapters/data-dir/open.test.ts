import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test, type TestContext } from 'node:test';
import { isRecordId } from '../../core/ids.ts';
import { openDataDir } from './open.ts';

const FILES = ['admin-token', 'incarnation', 'node-id', 'keys/digest.key', 'keys/evidence-seal.key'];

test('a new directory gets everything, for its owner alone', (t) => {
  const path = join(folder(t), 'deep', 'data');
  const data = openDataDir(path);
  t.after(() => data.close());
  assert.equal(statSync(path).mode & 0o777, 0o700);
  assert.equal(statSync(join(path, 'keys')).mode & 0o777, 0o700);
  for (const name of FILES) assert.equal(statSync(join(path, name)).mode & 0o777, 0o600, name);
  assert.match(data.operatorToken, /^mda_[A-Za-z0-9_-]{43}$/);
  assert.equal(data.sealKey.length, 32);
  assert.equal(data.digestKey.length, 32);
  assert.notDeepEqual(data.sealKey, data.digestKey);
  assert.ok(isRecordId('nod', data.nodeId));
  assert.equal(data.incarnation, 1);
  assert.equal(data.restored, null);
  assert.equal(data.storeFile, join(path, 'mandate.db'));
  assert.equal(data.evidenceFile, join(path, 'audit.db'));
});

test('the second start finds what the first one made', (t) => {
  const path = folder(t);
  const known = ({ sealKey, digestKey, nodeId, operatorToken }: ReturnType<typeof openDataDir>) => ({
    sealKey,
    digestKey,
    nodeId,
    operatorToken,
  });
  const first = openDataDir(path);
  first.close();
  const second = openDataDir(path);
  second.close();
  assert.deepEqual(known(second), known(first));
  assert.deepEqual(
    readdirSync(path).filter((name) => name.endsWith('.new')),
    [],
  );
});

test('a second holder is told who the first one is, and may have it afterwards', (t) => {
  const path = folder(t);
  const first = openDataDir(path);
  refused(
    () => openDataDir(path),
    'data.locked',
    new RegExp(`is in use by another mandate process \\(pid ${process.pid}\\)\\.$`),
  );
  first.close();
  first.close();
  openDataDir(path).close();
});

test('the lock of a process that was killed does not outlive it', async (t) => {
  const path = folder(t);
  const program = `
    import { openDataDir } from ${JSON.stringify(new URL('./open.ts', import.meta.url).href)};
    openDataDir(${JSON.stringify(path)});
    process.stdout.write('held');
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.after(() => child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  refused(() => openDataDir(path), 'data.locked', new RegExp(`pid ${child.pid}`));
  child.kill('SIGKILL');
  await once(child, 'exit');
  openDataDir(path).close();
});

for (const name of FILES) {
  for (const [what, content] of [
    ['empty', ''],
    ['half-written', (whole: Buffer) => whole.subarray(0, Math.floor(whole.length / 2))],
    ['too long', (whole: Buffer) => Buffer.concat([whole, whole])],
    ['zeros', (whole: Buffer) => Buffer.alloc(whole.length)],
  ] as const) {
    if (name === 'incarnation' && (what === 'too long' || what === 'half-written')) continue; // "1\n": half of it is still whole
    test(`${name} that is ${what} is refused and left as it is`, (t) => {
      const path = folder(t);
      openDataDir(path).close();
      const file = join(path, name);
      writeFileSync(file, typeof content === 'string' ? content : content(readFileSync(file)));
      const before = readFileSync(file);
      refused(() => openDataDir(path), 'data.damaged', new RegExp(name.replace('.', '\\.')));
      assert.deepEqual(readFileSync(file), before);
      // The refusal let go of the lock.
      refused(() => openDataDir(path), 'data.damaged', /./);
    });
  }

  test(`${name} that others can read is refused`, (t) => {
    const path = folder(t);
    openDataDir(path).close();
    chmodSync(join(path, name), 0o640);
    refused(() => openDataDir(path), 'data.unreadable', /chmod 600/);
  });
}

test('a key that is missing beside a database is not made anew', (t) => {
  for (const name of FILES.filter((file) => file !== 'admin-token')) {
    const path = folder(t);
    openDataDir(path).close();
    writeFileSync(join(path, 'mandate.db'), '');
    new DatabaseSync(join(path, 'mandate.db')).exec('create table changes (x)');
    rmSync(join(path, name));
    refused(() => openDataDir(path), 'data.damaged', new RegExp(`${name.replace('.', '\\.')} is missing`));
    assert.equal(existsSync(join(path, name)), false);
  }
});

test('a first start that was cut short before the databases is finished by the next', (t) => {
  const path = folder(t);
  const first = openDataDir(path);
  first.close();
  for (const name of ['node-id', 'keys/digest.key']) rmSync(join(path, name));
  writeFileSync(join(path, 'node-id.new'), 'nod_hal');
  const second = openDataDir(path);
  second.close();
  assert.deepEqual(second.sealKey, first.sealKey);
  assert.notEqual(second.nodeId, first.nodeId);
});

test('an admin token that was removed is made anew', (t) => {
  const path = folder(t);
  const first = openDataDir(path);
  first.close();
  rmSync(join(path, 'admin-token'));
  const second = openDataDir(path);
  second.close();
  assert.notEqual(second.operatorToken, first.operatorToken);
});

test('one database without the other is refused where that means that something was lost', (t) => {
  const path = folder(t);
  openDataDir(path).close();
  writeFileSync(join(path, 'audit.db'), '');
  refused(() => openDataDir(path), 'data.damaged', /mandate\.db is missing/);

  rmSync(join(path, 'audit.db'));
  const db = new DatabaseSync(join(path, 'mandate.db'));
  db.exec('create table changes (seq)');
  openDataDir(path).close(); // a start that was cut short between the two
  db.exec('insert into changes values (1)');
  db.close();
  refused(() => openDataDir(path), 'data.damaged', /audit\.db is missing/);
  writeFileSync(join(path, 'audit.db'), '');
  refused(() => openDataDir(path), 'data.damaged', /audit\.db is empty/);
  const emptied = new DatabaseSync(join(path, 'audit.db'));
  emptied.exec('create table entries (seq)');
  refused(() => openDataDir(path), 'data.damaged', /audit\.db is empty/);
  emptied.exec('insert into entries values (1)');
  emptied.close();
  openDataDir(path).close();
  writeFileSync(join(path, 'mandate.db'), 'garbage'.repeat(1000));
  refused(() => openDataDir(path), 'data.damaged', /mandate\.db/);
});

test('an empty directory that others could read is closed to them, one that holds something is refused', (t) => {
  const path = folder(t);
  chmodSync(path, 0o755);
  openDataDir(path).close();
  assert.equal(statSync(path).mode & 0o777, 0o700);
  chmodSync(path, 0o750);
  refused(() => openDataDir(path), 'data.unreadable', /chmod 700/);
});

test('what is not a directory of ours is unreadable', (t) => {
  const path = folder(t);
  writeFileSync(join(path, 'file'), '');
  refused(() => openDataDir(join(path, 'file')), 'data.unreadable', /file/);
  refused(() => openDataDir(join(path, 'file', 'below')), 'data.unreadable', /below/);
  mkdirSync(join(path, 'real'), { mode: 0o700 });
  symlinkSync(join(path, 'real'), join(path, 'link'));
  refused(() => openDataDir(join(path, 'link')), 'data.unreadable', /is not a directory/);
  refused(() => openDataDir('/proc/none'), 'data.unreadable', /none/);
});

test('a directory of another user is refused', (t) => {
  if (process.geteuid?.() !== 0) return t.skip('only root can give a directory away');
  const path = folder(t);
  chownSync(path, 12_345, 12_345);
  refused(() => openDataDir(path), 'data.unreadable', /belongs to another user/);
});

test('a key that is a symbolic link is refused', (t) => {
  const path = folder(t);
  openDataDir(path).close();
  const key = join(path, 'keys', 'digest.key');
  writeFileSync(join(path, 'elsewhere'), readFileSync(key), { mode: 0o600 });
  rmSync(key);
  symlinkSync(join(path, 'elsewhere'), key);
  refused(() => openDataDir(path), 'data.unreadable', /digest\.key/);
});

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'mandate-data-'));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** One sentence, its code, and no second line. */
function refused(work: () => unknown, code: string, says: RegExp): void {
  assert.throws(work, (error: Error & { code?: string }) => {
    assert.equal(error.code, code, error.message);
    assert.match(error.message, says);
    assert.doesNotMatch(error.message, /\n/);
    return true;
  });
}
