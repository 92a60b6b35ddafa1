import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { openEvidenceReader } from './read-entries.ts';
import { verifyEvidence } from './verify.ts';

const PROGRAM = fileURLToPath(new URL('./append-until-ended.fixture.ts', import.meta.url));
const SEAL_KEY = new Uint8Array(32).fill(7);
/** More rounds: `MANDATE_TEST_KILLS=100 node --test …`. */
const KILLS = Number(process.env['MANDATE_TEST_KILLS'] ?? 3);

test(`TH-57: killed under load ${KILLS} times, nothing that was acknowledged is lost and the chain goes on`, async (t) => {
  const file = join(folder(t), 'audit.db');
  const acknowledged = new Map<string, number>();
  for (let round = 0; round < KILLS; round += 1) {
    const heard = await run(t, [process.execPath, PROGRAM, file, String(round * 1_000_000)], {
      killAfterAcks: 200 + 137 * round,
    });
    // The start found at least everything that an earlier process was told is durable.
    assert.ok(heard.openedAt >= Math.max(0, ...acknowledged.values()), `round ${round} began at ${heard.openedAt}`);
    for (const [id, seq] of heard.acks) acknowledged.set(id, seq);
    assert.ok(heard.acks.size >= 200);

    const verdict = await verifyEvidence(file, { sealKey: SEAL_KEY });
    assert.ok(verdict.ok, JSON.stringify(verdict));
    assert.ok(verdict.count >= acknowledged.size);
    assert.equal(verdict.facts_checked, verdict.count);
  }
  const reader = openEvidenceReader(file, 'org');
  for (const [id, seq] of acknowledged) assert.equal(reader.get(id)?.seq, seq);
  reader.close();
});

test('a disk that is full ends the writer: everything pending and later is refused, what was acknowledged stays', async (t) => {
  const disk = mkdtempSync(join(tmpdir(), 'mandate-disk-'));
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=3m', 'tmpfs', disk]);
  t.after(() => {
    if (mounted.status === 0) spawnSync('umount', [disk]);
    rmSync(disk, { recursive: true, force: true });
  });
  if (mounted.status !== 0) return t.skip('a small disk can be made by root only; the next test stands for it');
  await endsCleanly(t, join(disk, 'audit.db'), []);
});

test('a write error of the disk ends the writer in the same way', async (t) => {
  const disk = folder(t);
  mkdirSync(join(disk, 'data'));
  // A limit on the size of a file (EFBIG) reaches SQLite as an I/O error, and needs no rights.
  const limited = ['bash', '-c', `trap '' XFSZ; ulimit -f 2048; exec "$0" "$@"`];
  await endsCleanly(t, join(disk, 'data', 'audit.db'), limited);
});

async function endsCleanly(t: TestContext, file: string, prefix: readonly string[]): Promise<void> {
  const heard = await run(t, [...prefix, process.execPath, PROGRAM, file]);
  assert.equal(heard.exit, 0, heard.stderr);
  assert.deepEqual(heard.failed, ['evidence.unavailable']);
  assert.equal(heard.late, 'evidence.unavailable');
  assert.ok(
    heard.refused.length > 0 && heard.refused.every((code) => code === 'evidence.unavailable'),
    heard.refused.join(),
  );
  assert.ok(heard.acks.size > 0);

  const verdict = await verifyEvidence(file, { sealKey: SEAL_KEY });
  assert.ok(verdict.ok, JSON.stringify(verdict));
  const reader = openEvidenceReader(file, 'org');
  for (const [id, seq] of heard.acks) assert.equal(reader.get(id)?.seq, seq);
  reader.close();
}

interface Heard {
  readonly openedAt: number;
  readonly acks: ReadonlyMap<string, number>;
  readonly refused: readonly string[];
  readonly failed: readonly string[];
  readonly late: string | undefined;
  readonly exit: number | null;
  readonly stderr: string;
}

/** Runs the program to its end, or kills it without a warning once it was told this often that a record is durable. */
async function run(
  t: TestContext,
  command: readonly string[],
  options: { readonly killAfterAcks?: number } = {},
): Promise<Heard> {
  const [name = '', ...args] = command;
  const child = spawn(name, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  t.after(() => child.kill('SIGKILL'));
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
  let stderr = '';
  child.stderr.on('data', (chunk) => (stderr += String(chunk)));

  let openedAt = -1;
  let late: string | undefined;
  const acks = new Map<string, number>();
  const refused: string[] = [];
  const failed: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    const [word, first = '', second = ''] = line.split(' ');
    if (word === 'opened') openedAt = Number(first);
    else if (word === 'ack') acks.set(second, Number(first));
    else if (word === 'refused') refused.push(first);
    else if (word === 'failed') failed.push(first);
    else if (word === 'late') late = first;
    if (acks.size === options.killAfterAcks) child.kill('SIGKILL');
  }
  return { openedAt, acks, refused, failed, late, exit: await exited, stderr };
}

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'mandate-crash-'));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}
