import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  evidenceText,
  projectEvidence,
  type ChangeRecord,
  type DecisionRecord,
  type OutcomeRecord,
  type SignalRecord,
} from './evidence.ts';
import { actorId } from './ids.ts';

const at = '2026-11-01T09:00:00.000Z';
const DECISION: DecisionRecord = {
  v: 1,
  kind: 'decision',
  id: 'dec_1',
  at,
  node: 'nod_1',
  actor: 'deploy-bot',
  credential: 'crd_1',
  chain: [
    { actor: actorId('ada'), kind: 'human' },
    { actor: actorId('deploy-bot'), kind: 'agent' },
  ],
  task: 'tsk_1',
  revision: 2,
  purpose: 'Ship it – “now” 🔑',
  purpose_source: 'human',
  trigger: null,
  action: {
    kind: 'tool_call',
    server: 'files',
    tool: 'write_file',
    method: 'tools/call',
    definition_digest: null,
    arguments_digest: 'hmac-sha256:00',
    argument_facts: { path: '/a', b: 1e21, a: [true, null] },
    destination: null,
    environment: 'test',
  },
  labels: [],
  budgets: {},
  facts_digest: 'sha256:00',
  effect: 'hold',
  mode: 'enforce',
  enforced: true,
  reasons: [{ code: 'approval.required', policy: null, message: 'A person must approve exactly this action first.' }],
  determining: [],
  policy: null,
  snapshot_age_ms: 0,
  approval: null,
  claims: {},
  latency_us: 1,
};
const OUTCOME: OutcomeRecord = {
  v: 1,
  kind: 'outcome',
  id: 'out_1',
  at,
  node: 'nod_1',
  of: 'dec_1',
  status: 'failed',
  code: null,
  result_digest: null,
  result_bytes: 0,
  labels_gained: [],
  duration_ms: 3,
};
const CHANGE: ChangeRecord = {
  v: 1,
  kind: 'change',
  id: 'chg_1',
  at,
  node: 'nod_1',
  change: 'granted',
  by: 'ada',
  subject: { noun: 'actor', id: 'deploy-bot' },
  reason: null,
  details: {},
};
const SIGNAL: SignalRecord = {
  v: 1,
  kind: 'signal',
  id: 'sig_1',
  at,
  node: 'nod_1',
  signal: 'tool_changed',
  about: { noun: 'tool', id: 'files/read' },
  details: {},
};

test('the text of a record is the one canonical text, whatever order its fields were set in', () => {
  for (const record of [DECISION, OUTCOME, CHANGE, SIGNAL]) {
    const reversed = Object.fromEntries(Object.entries(record).reverse()) as unknown as typeof record; // the same fields
    assert.equal(evidenceText(reversed), evidenceText(record));
    assert.deepEqual(JSON.parse(evidenceText(record)), record);
  }
  assert.equal(
    evidenceText(OUTCOME),
    `{"at":"${at}","code":null,"duration_ms":3,"id":"out_1","kind":"outcome","labels_gained":[],"node":"nod_1","of":"dec_1",` +
      `"result_bytes":0,"result_digest":null,"status":"failed","v":1}`,
  );
});

test('each kind is projected to the columns by which it is found', () => {
  const none = { actor: null, task: null, server: null, tool: null, of: null };
  assert.deepEqual(projectEvidence(DECISION), {
    ...none,
    kind: 'decision',
    id: 'dec_1',
    at,
    actor: 'deploy-bot',
    task: 'tsk_1',
    server: 'files',
    tool: 'write_file',
    effect: 'hold',
  });
  assert.deepEqual(projectEvidence(OUTCOME), {
    ...none,
    kind: 'outcome',
    id: 'out_1',
    at,
    effect: 'failed',
    of: 'dec_1',
  });
  assert.deepEqual(projectEvidence(CHANGE), {
    ...none,
    kind: 'change',
    id: 'chg_1',
    at,
    actor: 'ada',
    effect: 'granted',
    of: 'deploy-bot',
  });
  assert.deepEqual(projectEvidence(SIGNAL), {
    ...none,
    kind: 'signal',
    id: 'sig_1',
    at,
    effect: 'tool_changed',
    of: 'files/read',
  });
});

test('the projection can be computed again from the text alone', () => {
  for (const record of [DECISION, OUTCOME, CHANGE, SIGNAL]) {
    assert.deepEqual(projectEvidence(JSON.parse(evidenceText(record))), projectEvidence(record));
  }
});
