import { createHash } from 'node:crypto';
import type { ChangeRecord, DecisionRecord, OutcomeRecord, SignalRecord } from '../core/evidence.ts';
import { actorId, recordId, type NodeId, type RecordIds, type RecordPrefix } from '../core/ids.ts';
import { instant, toRfc3339 } from '../core/instant.ts';

/** Records for tests. The number `n` makes ids and times that differ and grow with it. */
export const START = Date.UTC(2026, 10, 1, 9);
export const NODE: NodeId = sampleId('nod', 1);

export function sampleId<P extends RecordPrefix>(prefix: P, n: number): RecordIds[P] {
  const random = new Uint8Array(10);
  new DataView(random.buffer).setUint32(6, n);
  return recordId(prefix, instant(START + n), random);
}

export function sampleAt(n: number): string {
  return toRfc3339(instant(START + n));
}

export function sampleFacts(n: number): string {
  return `{"actor":{"id":"deploy-bot","lifecycle":"active"},"n":${n}}`;
}

export function decisionRecord(n: number, more: Partial<DecisionRecord> = {}): DecisionRecord {
  return {
    v: 1,
    kind: 'decision',
    id: sampleId('dec', n),
    at: sampleAt(n),
    node: NODE,
    actor: 'deploy-bot',
    credential: sampleId('crd', 1),
    chain: [
      { actor: actorId('ada'), kind: 'human' },
      { actor: actorId('deploy-bot'), kind: 'agent' },
    ],
    task: sampleId('tsk', 1),
    revision: 1,
    purpose: 'Ship release 1.4 to the test environment — ünïcødé, "quoted" 🔑',
    purpose_source: 'human',
    trigger: null,
    action: {
      kind: 'tool_call',
      server: 'files',
      tool: 'read_file',
      method: 'tools/call',
      definition_digest: digest('definition'),
      arguments_digest: `hmac-${digest(`arguments ${n}`)}`,
      argument_facts: { path: `/srv/shop/release-${n}.md`, bytes: n },
      destination: null,
      environment: 'test',
    },
    labels: ['internal'],
    budgets: { calls: { used: n, of: 1000 } },
    facts_digest: digest(sampleFacts(n)),
    effect: 'allow',
    mode: 'enforce',
    enforced: true,
    reasons: [{ code: 'policy.permitted', policy: 'baseline/read', message: 'A policy permits this.' }],
    determining: ['baseline/read'],
    policy: { serial: 3, hash: digest('policy') },
    snapshot_age_ms: 2,
    approval: null,
    claims: { traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01' },
    latency_us: 120,
    ...more,
  };
}

export function outcomeRecord(n: number, of: string, more: Partial<OutcomeRecord> = {}): OutcomeRecord {
  return {
    v: 1,
    kind: 'outcome',
    id: sampleId('out', n),
    at: sampleAt(n),
    node: NODE,
    of,
    status: 'completed',
    code: null,
    result_digest: digest(`result ${n}`),
    result_bytes: 812,
    labels_gained: [],
    duration_ms: 14,
    ...more,
  };
}

export function changeRecord(n: number, more: Partial<ChangeRecord> = {}): ChangeRecord {
  return {
    v: 1,
    kind: 'change',
    id: sampleId('chg', n),
    at: sampleAt(n),
    node: NODE,
    change: 'registered',
    by: 'ada',
    subject: { noun: 'actor', id: 'deploy-bot' },
    reason: 'The shop team needs it.',
    details: { kind: 'agent' },
    ...more,
  };
}

export function signalRecord(n: number, more: Partial<SignalRecord> = {}): SignalRecord {
  return {
    v: 1,
    kind: 'signal',
    id: sampleId('sig', n),
    at: sampleAt(n),
    node: NODE,
    signal: 'tool_changed',
    about: { noun: 'tool', id: 'files/read_file' },
    details: {},
    ...more,
  };
}

function digest(text: string): string {
  return `sha256:${createHash('sha256').update(text).digest('hex')}`;
}
