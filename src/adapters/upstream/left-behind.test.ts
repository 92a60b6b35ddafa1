/** What a killed Mandate left running is ended by the next one, and nothing else is. */
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { homePrefix, installationOf, MARKER_VARIABLE, newMarker } from './marker.ts';
import { reapLeftBehind } from './reap-left-behind.ts';
import { isAlive } from './sample-deps.suite.ts';

const [OURS, COPY] = ['/data', '/copy'].map((data) => installationOf(`nod_of_test_${process.pid}`, data)) as [
  string,
  string,
]; // two in, two out

function folder(t: TestContext): string {
  const made = mkdtempSync(join(tmpdir(), 'mandate-test-'));
  t.after(() => rmSync(made, { recursive: true }));
  return made;
}

async function startStubborn(t: TestContext, env: Record<string, string>): Promise<number> {
  const program = "process.on('SIGTERM', () => {}); setInterval(() => {}, 1000)";
  const child: ChildProcess = spawn(process.execPath, ['-e', program], { env, detached: true, stdio: 'ignore' });
  t.after(() => child.kill('SIGKILL'));
  await once(child, 'spawn');
  return child.pid ?? 0;
}

test('what an installation left running is ended at its next start; of a copy, and of others, nothing is', async (t) => {
  if (process.platform !== 'linux') return t.skip('there is no /proc to find them by');
  const large = { BIG: 'x'.repeat(60_000) };
  const started = [
    await startStubborn(t, { [MARKER_VARIABLE]: newMarker(OURS), ...large }),
    await startStubborn(t, { FIRST: '1', [MARKER_VARIABLE]: newMarker(OURS) }),
    await startStubborn(t, { [MARKER_VARIABLE]: newMarker(COPY) }),
    await startStubborn(t, { NOTE: `${MARKER_VARIABLE}=${newMarker(OURS)}` }),
    await startStubborn(t, {}),
  ];
  await reapLeftBehind({ installation: OURS, scratch_dir: folder(t) });
  assert.deepEqual(started.map(isAlive), [false, false, true, true, true]);
});

test('the folders that an installation left are removed; a link, a file, and those of a copy stay', async (t) => {
  const scratch_dir = folder(t);
  const elsewhere = folder(t);
  writeFileSync(join(elsewhere, 'kept'), '');
  const [left, file, link, copied] = [
    `${homePrefix(OURS)}aaaaaa`,
    `${homePrefix(OURS)}file`,
    `${homePrefix(OURS)}link`,
    `${homePrefix(COPY)}aaaaaa`,
  ] as const;
  for (const name of [left, copied]) mkdirSync(join(scratch_dir, name, 'deep'), { recursive: true });
  writeFileSync(join(scratch_dir, file), '');
  symlinkSync(elsewhere, join(scratch_dir, link));
  symlinkSync(elsewhere, join(scratch_dir, left, 'out'));
  await reapLeftBehind({ installation: OURS, scratch_dir });
  assert.deepEqual(readdirSync(scratch_dir).sort(), [copied, file, link].sort());
  assert.deepEqual(readdirSync(elsewhere), ['kept']);
});
