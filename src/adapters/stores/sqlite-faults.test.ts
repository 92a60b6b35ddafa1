import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';
import { test, type TestContext } from 'node:test';
import { agent, all, change, commit, human } from '../../ports/sample-records.suite.ts';
import { newFile, openFor } from './sample-store.fixture.ts';

test('a full disk refuses the commit whole, reads go on, and writing goes on when there is space again', async (t) => {
  const disk = smallDisk(t);
  if (disk === null) return t.skip('mounting a small file system is not permitted here');
  const filler = join(disk, 'filler');
  const store = openFor(t, join(disk, 'mandate.db'));
  await commit(store, { noun: 'actor', value: human('ada') });
  fill(filler);

  const large = agent('large', { purpose: 'x'.repeat(200_000) });
  const writes = [
    { noun: 'actor', value: human('ben') },
    { noun: 'actor', value: large },
  ] as const;
  await assert.rejects(store.changes.commit(change(2, writes)), (error: Error & { code?: string }) => {
    assert.equal(error.code, 'store.unavailable');
    assert.match(error.message, /disk is full/);
    return true;
  });
  assert.equal(await store.actors.get(human('ben').id), undefined);
  assert.deepEqual(await store.actors.get(human('ada').id), human('ada'));
  assert.equal(await store.changes.latest(), 1);
  assert.equal(await store.changes.has(change(2, []).id), false);

  rmSync(filler);
  assert.deepEqual(await store.changes.commit(change(2, writes)), { committed: true, seq: 2 });
  assert.deepEqual(await store.actors.get(large.id), large);
});

test('another program that holds the file makes a commit unavailable, not wrong', async (t) => {
  const file = newFile(t);
  const store = openFor(t, file);
  const other = new DatabaseSync(file);
  t.after(() => other.close());
  other.exec('begin immediate');
  await assert.rejects(store.changes.commit(change(1, [{ noun: 'actor', value: human('ada') }])), {
    code: 'store.unavailable',
  });
  assert.equal(await store.actors.get(human('ada').id), undefined);
  other.exec('rollback');
  assert.equal((await store.changes.commit(change(1, [{ noun: 'actor', value: human('ada') }]))).committed, true);
});

test('a table that went missing is an unavailable store, with its cause', async (t) => {
  const file = newFile(t);
  const store = openFor(t, file);
  const other = new DatabaseSync(file);
  other.exec('drop table actors');
  other.close();
  await assert.rejects(store.actors.get(human('ada').id), (error: Error & { code?: string }) => {
    assert.equal(error.code, 'store.unavailable');
    assert.ok(error.cause instanceof Error);
    return true;
  });
});

test('what was acknowledged survives kill -9', async (t) => {
  const file = newFile(t);
  const program = `
    import { agent, change } from ${JSON.stringify(new URL('../../ports/sample-records.suite.ts', import.meta.url).href)};
    import { openSqliteStore } from ${JSON.stringify(new URL('./sqlite.ts', import.meta.url).href)};
    const store = openSqliteStore({ file: ${JSON.stringify(file)}, org_id: 'org' });
    for (let n = 1; ; n += 1) {
      const { seq } = await store.changes.commit(change(n, [{ noun: 'actor', value: agent('a' + n) }, { noun: 'actor', value: agent('b' + n) }]));
      process.stdout.write(seq + '\\n');
    }`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.after(() => child.kill('SIGKILL'));
  let acknowledged = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    acknowledged = Number(line);
    if (acknowledged >= 25) child.kill('SIGKILL');
  }
  if (child.signalCode === null) await once(child, 'exit');

  const store = openFor(t, file);
  const latest = await store.changes.latest();
  assert.ok(acknowledged >= 25 && latest >= acknowledged);
  // Both writes of every change, and no half of one.
  const actors = await all((page) => store.actors.list({}, page), 100);
  assert.equal(actors.length, latest * 2);
  assert.equal((await store.changes.since(0, 1000)).length, latest);
});

/** A file system of half a megabyte for this test; null where we may not mount one. */
function smallDisk(t: TestContext): string | null {
  const folder = mkdtempSync(join(tmpdir(), 'mandate-disk-'));
  let mounted = false;
  t.after(() => {
    if (mounted) execFileSync('umount', ['-l', folder]);
    rmSync(folder, { recursive: true });
  });
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=640k', 'tmpfs', folder], { stdio: 'ignore' });
    mounted = true;
  } catch {
    return null; // not root, or no such program: the test says that it was skipped
  }
  return folder;
}

/** Leaves no room for another page. */
function fill(file: string): void {
  try {
    writeFileSync(file, Buffer.alloc(1 << 20));
  } catch (error) {
    assert.equal((error as NodeJS.ErrnoException).code, 'ENOSPC'); // an fs error always is one
  }
}
