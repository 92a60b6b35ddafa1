import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, rmSync, statSync, truncateSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ask } from '../e2e/api.fixture.ts';
import { operatorToken } from '../e2e/operator-token.fixture.ts';
import { folder, runProgram, serving } from '../e2e/program.fixture.ts';

const DISK_KIB = 6_144;
const LEFT_BYTES = 524_288;
const ATTEMPTS_MAX = 500;

test('a full disk stops Mandate with a code, and what it had acknowledged is there when there is space again', async (t) => {
  const disk = folder(t);
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK_KIB}k,mode=0700`, 'tmpfs', disk]);
  if (mounted.status !== 0) return t.skip('only root may mount a small disk');
  try {
    const data = join(disk, 'data');
    mkdirSync(data, { mode: 0o700 });
    const first = await serving(t, data);
    const token = operatorToken(data);
    const ballast = join(disk, 'ballast');
    fill(ballast);

    const acknowledged: string[] = [];
    const refusals = new Set<string>();
    for (let n = 0; n < ATTEMPTS_MAX; n += 1) {
      const id = `person-${n}`;
      const answer = await ask(`${first.url}/v1/humans`, 'POST', token, { id, roles: ['member'] }).catch(() => null);
      if (answer === null) break; // it has stopped
      if (answer.status === 201) {
        acknowledged.push(id);
        continue;
      }
      assert.equal(answer.status, 503, answer.text);
      refusals.add(String(answer.code));
    }
    assert.ok(acknowledged.length < ATTEMPTS_MAX, 'the disk was never full');
    t.diagnostic(`${acknowledged.length} acknowledged before ${[...refusals].join(', ') || 'it stopped'}`);
    for (const code of refusals) assert.match(code, /^(?:evidence|store)\.unavailable$/);

    // Without evidence nothing may run: it stops by itself, for a supervisor to start it again.
    const status = await first.program.ended;
    assert.equal(status, 3, first.program.stderr());
    assert.match(first.program.stderr(), /^mandate: [^\n]+ \((?:evidence|store)\.unavailable\)\n$/);

    const full = await runProgram(t, ['serve', '--data', data, '--port', '0', '--quiet']);
    assert.notEqual(full.status, 0);
    assert.match(full.stderr, /^mandate: [^\n]+ \((?:evidence|store|data)\.\w+\)\n$/);

    rmSync(ballast);
    const second = await serving(t, data);
    for (const id of acknowledged) {
      assert.equal((await ask(`${second.url}/v1/humans/${id}`, 'GET', token)).status, 200, `${id} was lost`);
    }
    const again = await ask(`${second.url}/v1/humans`, 'POST', token, { id: 'after', roles: ['member'] });
    assert.equal(again.status, 201, again.text);
    assert.equal(await second.stop(), 0);
    const verified = await runProgram(t, ['audit', 'verify', '--data', data]);
    assert.equal(verified.status, 0, verified.stdout);
  } finally {
    spawnSync('umount', ['-l', disk]);
  }
});

/** Takes all but a little. */
function fill(file: string): void {
  const to = openSync(file, 'w');
  const page = Buffer.alloc(4_096);
  try {
    for (let n = 0; n < DISK_KIB / 4; n += 1) writeSync(to, page);
  } catch (error) {
    assert.equal((error as NodeJS.ErrnoException).code, 'ENOSPC'); // writeSync throws nothing else here
  } finally {
    closeSync(to);
  }
  truncateSync(file, statSync(file).size - LEFT_BYTES);
}
