/**
 * What durable evidence costs: records per second and how long an append waits until it is on the disk, with 16 and 256
 * callers; how fast a log verifies on one core; and the fsync of this disk, without which none of the figures means much.
 */
import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { verifyEvidence } from '../src/adapters/evidence/verify.ts';
import { openSqliteEvidence } from '../src/adapters/evidence/sqlite.ts';
import type { DecisionRecord } from '../src/core/evidence.ts';
import { actorId, type NodeId } from '../src/core/ids.ts';
import { median, percentile, progress, reportBench, type BenchRow } from './report.ts';

const RUNS = 5;
const RECORDS = 20_000;
const WARM_UP_RECORDS = 2_000;
const FSYNCS = 300;
/** What one group commit of about 100 records writes. */
const FSYNC_BYTES = 128 * 1024;

const folder = mkdtempSync(join(tmpdir(), 'mandate-bench-'));
try {
  const appends = new Map<number, AppendRun[]>([
    [16, []],
    [64, []],
    [256, []],
  ]);
  const fsyncs: number[] = [];
  const verifies: number[] = [];
  // In turn, so that what else the machine does touches all of them alike.
  for (let run = 0; run < RUNS; run += 1) {
    progress(`evidence: run ${run + 1} of ${RUNS}`);
    fsyncs.push(...measureFsync());
    for (const [callers, runs] of appends) {
      const file = join(folder, `audit-${run}-${callers}.db`);
      runs.push(await measureAppend(file, callers));
      if (callers === 256) verifies.push(await measureVerify(file));
    }
  }
  const rows: BenchRow[] = [...appends].map(([callers, runs]) => ({
    name: `append/${callers}`,
    value: median(runs.map((run) => run.perSecond)),
    unit: 'records_per_s',
    ack_p50_ms: median(runs.map((run) => run.p50_ms)),
    ack_p99_ms: median(runs.map((run) => run.p99_ms)),
    cpu_us: median(runs.map((run) => run.cpu_us)),
    runs: RUNS,
  }));
  rows.push({ name: 'verify', value: median(verifies), unit: 'records_per_s', runs: RUNS });
  rows.push({
    name: 'fsync',
    value: median(fsyncs),
    unit: 'ms',
    p50_ms: median(fsyncs),
    p99_ms: percentile(fsyncs, 99),
    runs: RUNS,
  });
  reportBench('evidence', rows);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

interface AppendRun {
  readonly perSecond: number;
  readonly p50_ms: number;
  readonly p99_ms: number;
  /** Of the whole process, per record. */
  readonly cpu_us: number;
}

async function measureAppend(file: string, callers: number): Promise<AppendRun> {
  const node = 'nod_00000000000000000000000000' as NodeId; // of the right form
  const log = await openSqliteEvidence({ file, org_id: 'org', node, sealKey: new Uint8Array(32) });
  const waits: number[] = [];
  let next = 0;
  const call = async (until: number, measured: boolean): Promise<void> => {
    while (next < until) {
      const record = decision(node, (next += 1));
      const began = performance.now();
      await log.append(record);
      if (measured) waits.push(performance.now() - began);
    }
  };
  const callAll = (until: number, measured: boolean): Promise<unknown> =>
    Promise.all(Array.from({ length: callers }, () => call(until, measured)));

  await callAll(WARM_UP_RECORDS, false);
  const cpu = process.cpuUsage();
  const began = performance.now();
  await callAll(WARM_UP_RECORDS + RECORDS, true);
  const elapsed_ms = performance.now() - began;
  const { user, system } = process.cpuUsage(cpu);
  await log.close();
  return {
    perSecond: (waits.length / elapsed_ms) * 1000,
    p50_ms: percentile(waits, 50),
    p99_ms: percentile(waits, 99),
    cpu_us: (user + system) / waits.length,
  };
}

async function measureVerify(file: string): Promise<number> {
  const began = performance.now();
  const verdict = await verifyEvidence(file);
  if (!verdict.ok) throw new Error(`the log does not verify: ${verdict.why}`);
  return (verdict.count / (performance.now() - began)) * 1000;
}

function measureFsync(): readonly number[] {
  const file = openSync(join(folder, 'fsync'), 'w');
  const bytes = Buffer.alloc(FSYNC_BYTES, 1);
  const waits = Array.from({ length: FSYNCS / RUNS }, () => {
    const began = performance.now();
    writeSync(file, bytes);
    fdatasyncSync(file);
    return performance.now() - began;
  });
  closeSync(file);
  return waits;
}

/** A denied tool call, about 1.3 KB: the most common record after an allowed one, and alone in its transaction too. */
function decision(node: NodeId, n: number): DecisionRecord {
  const id = String(n).padStart(26, '0');
  const hex = String(n).padStart(64, '0');
  return {
    v: 1,
    kind: 'decision',
    id: `dec_${id}`,
    at: '2026-11-01T09:00:00.000Z',
    node,
    actor: `agent-${n % 50}`,
    credential: 'crd_00000000000000000000000001',
    chain: [
      { actor: actorId('ada'), kind: 'human' },
      { actor: actorId(`agent-${n % 50}`), kind: 'agent' },
    ],
    task: `tsk_${String(n % 500).padStart(26, '0')}`,
    revision: 1,
    purpose: 'Fix the failing build of the shop and open a pull request.',
    purpose_source: 'human',
    trigger: null,
    action: {
      kind: 'tool_call',
      server: 'files',
      tool: 'read_file',
      method: 'tools/call',
      definition_digest: `sha256:${hex}`,
      arguments_digest: `hmac-sha256:${hex}`,
      argument_facts: { path: `/srv/shop/src/page-${n}.ts` },
      destination: null,
      environment: 'production',
    },
    labels: ['internal'],
    budgets: { calls: { used: n, of: 100_000 } },
    facts_digest: `sha256:${hex}`,
    effect: 'deny',
    mode: 'enforce',
    enforced: true,
    reasons: [
      { code: 'policy.no_permit', policy: null, message: 'No policy permits this; what nothing permits is denied.' },
    ],
    determining: [],
    policy: { serial: 3, hash: `sha256:${hex}` },
    snapshot_age_ms: 4,
    approval: null,
    claims: { traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01' },
    latency_us: 180,
  };
}
