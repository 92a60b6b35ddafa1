import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { startChild, type Child } from './child.ts';
import { isAlive, TEST_INSTALLATION } from './sample-deps.suite.ts';

const ACCOUNT = { uid: 65_533, gid: 65_532 };

/** Runs `script` with /bin/sh: not every account may read where this Node lies. */
function start(scratch_dir: string, script: string): Promise<Child> {
  const inherited = { PATH: process.env['PATH'] ?? '', LANG: 'C.UTF-8' };
  return startChild(
    { scratch_dir, installation: TEST_INSTALLATION, inherited, stop_grace_ms: 100, run_as: ACCOUNT },
    { type: 'stdio', command: '/bin/sh', args: ['-c', script], env: {} },
  );
}

function folder(t: TestContext, mode: number): string {
  const made = mkdtempSync(join(tmpdir(), 'mandate-test-'));
  t.after(() => rmSync(made, { recursive: true }));
  chmodSync(made, mode);
  return made;
}

test('TH-36: with run_as a server has a folder of its own, no groups of ours, and reads nothing that is ours alone', async (t) => {
  if (process.getuid?.() !== 0) return t.skip('only root may give a process another account');
  const data = folder(t, 0o700);
  writeFileSync(join(data, 'admin-token'), 'mda_secret');
  const child = await start(
    folder(t, 0o711),
    `id -u; id -G; touch own && echo wrote; cat ${data}/admin-token || echo refused; sleep 600 & echo $!; kill -STOP $$`,
  );
  t.after(() => child.stop());
  const said = await linesOf(child, 5);
  assert.deepEqual(said.slice(0, 4), [String(ACCOUNT.uid), String(ACCOUNT.gid), 'wrote', 'refused']);
  assert.ok(isAlive(Number(said[4])));
  await child.stop();
  assert.equal(isAlive(Number(said[4])), false, 'and what it started is ended all the same');
});

test('with run_as, and not as root, no server is started', async (t) => {
  const { getuid } = process;
  if (getuid === undefined) return t.skip('this system knows no user ids');
  process.getuid = () => 1000;
  t.after(() => {
    process.getuid = getuid;
  });
  await assert.rejects(start(folder(t, 0o700), 'exit'), (error: Error & { code?: string; may_have_run?: boolean }) => {
    assert.deepEqual([error.code, error.may_have_run], ['server.command', false]);
    assert.match(error.message, /run_as.*root/);
    return true;
  });
});

function linesOf(child: Child, count: number): Promise<readonly string[]> {
  return new Promise((resolve) => {
    let text = '';
    child.onData((chunk) => {
      text += Buffer.from(chunk).toString('utf8');
      const lines = text.split('\n').slice(0, -1);
      if (lines.length >= count) resolve(lines);
    });
    void child.outputEnded.then(() => resolve(text.split('\n')));
  });
}
