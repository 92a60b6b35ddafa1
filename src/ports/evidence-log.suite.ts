import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, test, type TestContext } from 'node:test';
import { isMandateError, type ErrorCode } from '../core/errors.ts';
import { evidenceText, projectEvidence, type EvidenceRecord } from '../core/evidence.ts';
import type { EvidenceFilter, EvidenceLog } from './evidence-log.ts';
import {
  changeRecord,
  decisionRecord,
  outcomeRecord,
  sampleAt,
  sampleFacts,
  sampleId,
  signalRecord,
} from './sample-evidence.suite.ts';

/** Opens an empty log and closes it when the test ends. */
export type OpenEvidence = (t: TestContext) => Promise<EvidenceLog>;

const FIRST_PREV = `sha256:${'0'.repeat(64)}`;

/** What every backend of the evidence log must do. */
export function evidenceLogSuite(name: string, open: OpenEvidence): void {
  describe(`${name} keeps the contract of the evidence log`, () => {
    test('an empty log ends at position 0', async (t) => {
      const log = await open(t);
      assert.equal(log.head().seq, 0);
      assert.equal(log.head().hash, FIRST_PREV);
      assert.equal(await log.get(sampleId('dec', 1)), undefined);
      assert.deepEqual(await log.query({}, { limit: 10, cursor: null }), { items: [], next_cursor: null });
      assert.deepEqual(await log.after(0, 10), []);
      assert.deepEqual(await log.unanswered(10), []);
      assert.equal(await log.allowedCalls(sampleId('tsk', 1)), 0);
    });

    test('an entry holds the exact canonical text, its projection, and the hash of both with the one before', async (t) => {
      const log = await open(t);
      const records: readonly EvidenceRecord[] = [
        decisionRecord(1),
        outcomeRecord(2, sampleId('dec', 1)),
        changeRecord(3),
        signalRecord(4),
      ];
      let prev = FIRST_PREV;
      for (const [at, record] of records.entries()) {
        const receipt = await log.append(record);
        const text = evidenceText(record);
        const hash = linkHash(prev, text);
        assert.deepEqual(receipt, { chain: log.head().chain, seq: at + 1, hash });
        assert.deepEqual(log.head(), receipt);
        assert.deepEqual(await log.get(record.id), { ...receipt, prev, text, projection: projectEvidence(record) });
        prev = hash;
      }
    });

    test('appends that arrive together stand in the order of the calls, without gaps', async (t) => {
      const log = await open(t);
      const receipts = await Promise.all(Array.from({ length: 300 }, (_, n) => log.append(decisionRecord(n))));
      assert.deepEqual(
        receipts.map(({ seq }) => seq),
        Array.from({ length: 300 }, (_, n) => n + 1),
      );
      const entries = await log.after(0, 500);
      assert.deepEqual(
        entries.map(({ projection }) => projection.id),
        Array.from({ length: 300 }, (_, n) => sampleId('dec', n)),
      );
      assert.deepEqual(
        entries.map(({ hash }) => hash),
        receipts.map(({ hash }) => hash),
      );
      assert.deepEqual(
        entries.slice(1).map(({ prev }) => prev),
        entries.slice(0, -1).map(({ hash }) => hash),
      );
    });

    test('what was appended can be read at once', async (t) => {
      const log = await open(t);
      for (let n = 1; n <= 20; n += 1) {
        const receipt = await log.append(decisionRecord(n));
        assert.equal((await log.get(sampleId('dec', n)))?.hash, receipt.hash);
      }
    });

    test('a record id is taken once, and the second record with it leaves no trace', async (t) => {
      const log = await open(t);
      const first = await log.append(decisionRecord(1));
      const again = log.append(decisionRecord(1, { effect: 'deny' }));
      const other = log.append(decisionRecord(2));
      await assert.rejects(again, coded('internal'));
      assert.equal((await other).seq, 2);
      assert.equal((await log.get(sampleId('dec', 1)))?.hash, first.hash);
    });

    test('facts that are not the ones whose digest the record holds are refused', async (t) => {
      const log = await open(t);
      await log.append(decisionRecord(1), sampleFacts(1));
      await assert.rejects(log.append(decisionRecord(2), sampleFacts(1)), coded('internal'));
      await assert.rejects(log.append(changeRecord(3), '{}'), coded('internal'));
      assert.equal(log.head().seq, 1);
    });

    test('a text with no canonical form is refused, and the log goes on', async (t) => {
      const log = await open(t);
      await assert.rejects(async () => log.append(decisionRecord(1, { purpose: '\ud800' })));
      assert.equal((await log.append(decisionRecord(2))).seq, 1);
    });

    test('a query answers newest first, page by page', async (t) => {
      const log = await open(t);
      await Promise.all(Array.from({ length: 7 }, (_, n) => log.append(decisionRecord(n))));
      assert.deepEqual(
        await pages(log, {}, 3),
        [[6, 5, 4], [3, 2, 1], [0]].map((page) => page.map((n) => sampleId('dec', n))),
      );
      assert.equal((await log.query({}, { limit: 7, cursor: null })).next_cursor, null);
    });

    test('a page keeps its place while the log grows', async (t) => {
      const log = await open(t);
      for (let n = 0; n < 4; n += 1) await log.append(decisionRecord(n));
      const first = await log.query({}, { limit: 2, cursor: null });
      await log.append(decisionRecord(9));
      const second = await log.query({}, { limit: 2, cursor: first.next_cursor });
      assert.deepEqual(
        second.items.map(({ projection }) => projection.id),
        [sampleId('dec', 1), sampleId('dec', 0)],
      );
    });

    test('a query finds by each filter, alone and together', async (t) => {
      const log = await open(t);
      const task = sampleId('tsk', 2);
      await log.append(decisionRecord(1));
      await log.append(decisionRecord(2, { effect: 'deny', task }));
      await log.append(decisionRecord(3, { actor: 'report-bot', task }));
      await log.append(outcomeRecord(4, sampleId('dec', 3)));
      await log.append(changeRecord(5));
      await log.append(signalRecord(6));
      const found = async (filter: EvidenceFilter): Promise<readonly string[]> =>
        (await log.query(filter, { limit: 10, cursor: null })).items.map(({ projection }) => projection.id);

      assert.deepEqual(await found({ kind: 'decision' }), [sampleId('dec', 3), sampleId('dec', 2), sampleId('dec', 1)]);
      assert.deepEqual(await found({ kind: 'change' }), [sampleId('chg', 5)]);
      assert.deepEqual(await found({ kind: 'signal' }), [sampleId('sig', 6)]);
      assert.deepEqual(await found({ task }), [sampleId('dec', 3), sampleId('dec', 2)]);
      assert.deepEqual(await found({ task, effect: 'deny' }), [sampleId('dec', 2)]);
      assert.deepEqual(await found({ actor: 'report-bot' }), [sampleId('dec', 3)]);
      assert.deepEqual(await found({ actor: 'ada', kind: 'change' }), [sampleId('chg', 5)]);
      assert.deepEqual(await found({ effect: 'completed' }), [sampleId('out', 4)]);
      assert.deepEqual(await found({ of: sampleId('dec', 3) }), [sampleId('out', 4)]);
      assert.deepEqual(await found({ since: sampleAt(5) }), [sampleId('sig', 6), sampleId('chg', 5)]);
      assert.deepEqual(await found({ since: sampleAt(3), kind: 'decision', task }), [sampleId('dec', 3)]);
      assert.deepEqual(await found({ since: sampleAt(7) }), []);
      assert.deepEqual(await found({ task: sampleId('tsk', 9) }), []);
    });

    test('a record whose clock ran ahead is found by its time, and listed where it was written', async (t) => {
      const log = await open(t);
      await log.append(decisionRecord(1, { at: sampleAt(600_000) }));
      await log.append(decisionRecord(2));
      const { items } = await log.query({ since: sampleAt(500_000) }, { limit: 10, cursor: null });
      assert.deepEqual(
        items.map(({ projection }) => projection.id),
        [sampleId('dec', 1)],
      );
      assert.equal((await log.query({}, { limit: 1, cursor: null })).items[0]?.projection.id, sampleId('dec', 2));
    });

    test('a page of no items, of too many, and an unknown cursor are refused', async (t) => {
      const log = await open(t);
      for (const limit of [0, 501, 1.5, Number.NaN]) {
        await assert.rejects(log.query({}, { limit, cursor: null }), coded('input.invalid'));
        await assert.rejects(log.after(0, limit), coded('input.invalid'));
      }
      for (const cursor of ['', '0', '-1', '1 or 1=1', 'x'.repeat(400)]) {
        await assert.rejects(log.query({}, { limit: 1, cursor }), coded('input.invalid'));
      }
    });

    test('a follower reads on, oldest first, from where it was', async (t) => {
      const log = await open(t);
      for (let n = 1; n <= 5; n += 1) await log.append(decisionRecord(n));
      assert.deepEqual(
        (await log.after(0, 2)).map(({ seq }) => seq),
        [1, 2],
      );
      assert.deepEqual(
        (await log.after(2, 10)).map(({ seq }) => seq),
        [3, 4, 5],
      );
      assert.deepEqual(await log.after(5, 10), []);
    });

    test('an allowed decision is unanswered until its outcome; what was denied or held never is', async (t) => {
      const log = await open(t);
      await log.append(decisionRecord(1));
      await log.append(decisionRecord(2, { effect: 'deny' }));
      await log.append(decisionRecord(3, { effect: 'hold' }));
      await log.append(decisionRecord(4));
      const ids = async (): Promise<readonly string[]> =>
        (await log.unanswered(10)).map(({ projection }) => projection.id);
      assert.deepEqual(await ids(), [sampleId('dec', 1), sampleId('dec', 4)]);
      assert.deepEqual(
        (await log.unanswered(1)).map(({ projection }) => projection.id),
        [sampleId('dec', 1)],
      );
      await log.append(outcomeRecord(5, sampleId('dec', 1)));
      assert.deepEqual(await ids(), [sampleId('dec', 4)]);
      await log.append(outcomeRecord(6, sampleId('dec', 4), { status: 'unknown' }));
      assert.deepEqual(await ids(), []);
    });

    test('the allowed calls of a task are counted, and no one else’s', async (t) => {
      const log = await open(t);
      const task = sampleId('tsk', 1);
      await log.append(decisionRecord(1));
      await log.append(decisionRecord(2, { effect: 'deny' }));
      await log.append(decisionRecord(3, { task: sampleId('tsk', 2) }));
      await log.append(outcomeRecord(4, sampleId('dec', 1)));
      await log.append(decisionRecord(5));
      assert.equal(await log.allowedCalls(task), 2);
    });

    test('a closed log takes nothing more, and closing twice is closing', async (t) => {
      const log = await open(t);
      const last = log.append(decisionRecord(1));
      await last;
      await Promise.all([log.close(), log.close()]);
      await assert.rejects(log.append(decisionRecord(2)), coded('evidence.unavailable'));
    });
  });
}

/** Matches an error of this code, for assert.rejects. */
export function coded(code: ErrorCode): (error: unknown) => boolean {
  return (error) => isMandateError(error) && error.code === code;
}

/** SHA-256(0x01 ‖ prev ‖ SHA-256(0x00 ‖ bytes)), written out again so that an error in the product's is seen. */
export function linkHash(prev: string, text: string): string {
  const leaf = createHash('sha256').update(Buffer.of(0)).update(text).digest();
  const link = createHash('sha256')
    .update(Buffer.of(1))
    .update(Buffer.from(prev.slice(7), 'hex'))
    .update(leaf);
  return `sha256:${link.digest('hex')}`;
}

async function pages(log: EvidenceLog, filter: EvidenceFilter, limit: number): Promise<readonly (readonly string[])[]> {
  const found: string[][] = [];
  let cursor: string | null = null;
  do {
    const page = await log.query(filter, { limit, cursor });
    found.push(page.items.map(({ projection }) => projection.id));
    cursor = page.next_cursor;
  } while (cursor !== null);
  return found;
}
