import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { openMemoryEvidence } from '../adapters/evidence/memory.ts';
import { openMemoryStore } from '../adapters/stores/memory.ts';
import type { Change } from '../core/change.ts';
import { actorId } from '../core/ids.ts';
import { instant } from '../core/instant.ts';
import type { Changes } from '../ports/changes.ts';
import type { EvidenceLog } from '../ports/evidence-log.ts';
import type { Random } from '../ports/random.ts';
import {
  changeRecord,
  decisionRecord,
  NODE,
  outcomeRecord,
  sampleAt,
  sampleId,
  START,
} from '../ports/sample-evidence.suite.ts';
import { recover } from './recover.ts';

const NOW = instant(START + 60_000);

test('TH-57: an action that was allowed and never answered becomes unknown, with a signal', async (t) => {
  const { evidence, ports } = house(t);
  await evidence.append(decisionRecord(1));
  await evidence.append(decisionRecord(2));
  await evidence.append(outcomeRecord(3, sampleId('dec', 1)));
  await evidence.append(decisionRecord(4, { effect: 'deny' }));
  await evidence.append(decisionRecord(5, { effect: 'hold' }));

  assert.deepEqual(await recover(ports, NOW), { unknown: 1, not_applied: 0 });

  const [signal, outcome] = await evidence.after(5, 10);
  assert.deepEqual([signal?.projection.effect, signal?.projection.of], ['outcome_unknown', sampleId('dec', 2)]);
  assert.deepEqual([outcome?.projection.effect, outcome?.projection.of], ['unknown', sampleId('dec', 2)]);
  assert.equal(outcome?.projection.at, sampleAt(60_000));
  assert.deepEqual(JSON.parse(signal?.text ?? '').details, {
    actor: 'deploy-bot',
    task: sampleId('tsk', 1),
    server: 'files',
    tool: 'read_file',
    decided_at: sampleAt(2),
  });
});

test('TH-57: a second start finds nothing left to end', async (t) => {
  const { evidence, ports } = house(t);
  await evidence.append(decisionRecord(1));
  await evidence.append(changeRecord(2));
  assert.deepEqual(await recover(ports, NOW), { unknown: 1, not_applied: 1 });
  const { seq } = evidence.head();
  assert.deepEqual(await recover(ports, NOW), { unknown: 0, not_applied: 0 });
  assert.equal(evidence.head().seq, seq);
});

test('more than a page of unanswered actions are all ended', async (t) => {
  const { evidence, ports } = house(t);
  for (let n = 0; n < 1_203; n += 1) await evidence.append(decisionRecord(n));
  assert.equal((await recover(ports, NOW)).unknown, 1_203);
  assert.deepEqual(await evidence.unanswered(1), []);
});

test('a change that the store does not hold is recorded as not applied, a committed one needs nothing', async (t) => {
  const { evidence, changes, ports } = house(t);
  await evidence.append(changeRecord(1));
  await changes.commit(change(1));
  await evidence.append(changeRecord(2));
  assert.deepEqual(await recover(ports, NOW), { unknown: 0, not_applied: 1 });
  const { items } = await evidence.query({ kind: 'outcome' }, { limit: 10, cursor: null });
  assert.deepEqual(
    items.map(({ projection }) => [projection.of, projection.effect]),
    [[sampleId('chg', 2), 'not_sent']],
  );
});

test('a change whose commit nobody could tell is looked up: it happened, or it did not', async (t) => {
  const { evidence, changes, ports } = house(t);
  for (const n of [1, 2, 3]) await evidence.append(changeRecord(n));
  await changes.commit(change(1));
  await evidence.append(outcomeRecord(4, sampleId('chg', 1), { status: 'unknown' }));
  await evidence.append(outcomeRecord(5, sampleId('chg', 2), { status: 'unknown' }));
  await evidence.append(outcomeRecord(6, sampleId('chg', 3), { status: 'not_sent' }));
  assert.equal((await recover(ports, NOW)).not_applied, 1);
  const found = await evidence.after(6, 10);
  assert.deepEqual(
    found.map(({ projection }) => [projection.of, projection.effect]),
    [
      [sampleId('chg', 1), 'completed'],
      [sampleId('chg', 2), 'not_sent'],
    ],
  );
});

test('when the evidence cannot be written, recovery fails and with it the start', async (t) => {
  const { evidence, ports } = house(t);
  await evidence.append(decisionRecord(1));
  await evidence.close();
  await assert.rejects(recover(ports, NOW), { code: 'evidence.unavailable' });
});

function house(t: TestContext): {
  readonly evidence: EvidenceLog;
  readonly changes: Changes;
  readonly ports: Parameters<typeof recover>[0];
} {
  const evidence = openMemoryEvidence({ node: NODE });
  const store = openMemoryStore();
  t.after(() => store.close());
  return {
    evidence,
    changes: store.changes,
    ports: { evidence, changes: store.changes, random: counting(), node: NODE },
  };
}

/** Ids in order, above those of the sample records. */
function counting(): Random {
  let n = 1_000_000;
  return {
    bytes: (count) => new Uint8Array(count),
    id: (prefix) => sampleId(prefix, (n += 1)),
    secret: (prefix) => `${prefix}_`,
  };
}

function change(n: number): Change {
  return { id: sampleId('chg', n), at: NOW, kind: 'registered', by: actorId('ada'), writes: [] };
}
