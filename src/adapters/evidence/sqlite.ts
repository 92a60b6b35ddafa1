import { Worker } from 'node:worker_threads';
import { ERROR_CODES, isMandateError, MandateError, type ErrorCode } from '../../core/errors.ts';
import { evidenceText, projectEvidence } from '../../core/evidence.ts';
import type { NodeId } from '../../core/ids.ts';
import type { EvidenceLog, EvidenceReceipt } from '../../ports/evidence-log.ts';
import { openAppendQueue } from './append-queue.ts';
import { printHash } from './chain-hash.ts';
import { chainName } from './chain-name.ts';
import { openEvidenceReader } from './read-entries.ts';
import { areFactsOf, SEAL_KEY_BYTES } from './seal.ts';
import type { FromWriter, PostedRecord, ToWriter, WriterOptions } from './writer-messages.ts';

export interface SqliteEvidenceOptions {
  /** `audit.db`; made when it is not there. Its directory must be. */
  readonly file: string;
  readonly org_id: string;
  readonly node: NodeId;
  /** Raised by a restore, so that what is written afterwards is a chain of its own. */
  readonly incarnation?: number;
  /** For the facts beside the records: AES-256, 32 bytes. */
  readonly sealKey: Uint8Array;
  readonly deadline_ms?: number;
  /**
   * Called once, when the writer has failed for good: the process must stop and start again from what is on the disk.
   * Every append rejects from then on.
   */
  readonly onFailure?: (error: MandateError) => void;
}

/** How long an append may wait to be durable before whoever asked refuses. */
export const EVIDENCE_DEADLINE_MS = 5_000;
/** Posted at once, before the turn of the loop ends. */
const POST_RECORDS_MAX = 32;

/**
 * The evidence of one node in one SQLite file, written by a thread of its own (see writer.worker.ts for why its first
 * error is its last). One chain per node and incarnation, continued by the next start.
 *
 * An append that outlives its deadline rejects and the caller refuses; the record is dropped unless the writer had
 * already begun its commit. Then it may stand in the log as an allowed decision without an outcome, which the next start
 * turns into `unknown` (govern/recover.ts): too little ran, never too much.
 * @throws data.unreadable, data.damaged (naming the entry), data.newer
 */
export async function openSqliteEvidence(options: SqliteEvidenceOptions): Promise<EvidenceLog> {
  const { file, org_id, deadline_ms = EVIDENCE_DEADLINE_MS, sealKey } = options;
  if (sealKey.length !== SEAL_KEY_BYTES) throw new RangeError(`the seal key has ${SEAL_KEY_BYTES} bytes`);
  const chain = chainName(options.node, options.incarnation ?? 1);
  const abandoned = new BigInt64Array(new SharedArrayBuffer(8));

  const worker = startWriter({ file, org_id, chain, sealKey, abandoned, lock_wait_ms: 4 * deadline_ms });
  let head = await opened(worker, chain);
  const reader = openEvidenceReader(file, org_id);

  const queue = openAppendQueue(deadline_ms, (number) => Atomics.store(abandoned, 0, BigInt(number)));
  let posting: PostedRecord[] = [];
  let failure: MandateError | undefined;
  let closing: (() => void) | undefined;
  let closed: Promise<void> | undefined;

  const post = (message: ToWriter): void => worker.postMessage(message);

  const postAll = (): void => {
    if (posting.length === 0 || failure !== undefined) return;
    post({ type: 'append', first: queue.last() - posting.length + 1, records: posting });
    posting = [];
  };

  const fail = (sentence: string): void => {
    if (failure !== undefined) return;
    failure = unavailable(`The evidence writer has failed: ${sentence}`);
    posting = [];
    queue.rejectAll(failure);
    closing?.();
    options.onFailure?.(failure);
  };

  const durable = (message: Extract<FromWriter, { type: 'durable' }>): void => {
    const { first, last, hashes, repeated } = message;
    const records = hashes.length / 32;
    // INVARIANT: the writer settles appends in the order of their numbers, and every position follows the last.
    if (last <= queue.settled() || (records > 0 && message.seq !== head.seq + 1))
      return fail('it answered out of order');
    for (let number = queue.settled() + 1; number < first; number += 1) {
      queue.settle(number, unavailable('Evidence was not written in time.'));
    }
    let seq = message.seq;
    for (let number = first; number <= last; number += 1) {
      if (repeated.includes(number)) {
        queue.settle(number, new MandateError('internal', 'A record with this id is in the evidence already.'));
        continue;
      }
      const at = (seq - message.seq) * 32;
      head = { chain, seq, hash: printHash(hashes.subarray(at, at + 32)) };
      seq += 1;
      queue.settle(number, head);
    }
  };

  const read = <T>(answer: () => T): T => {
    if (closed !== undefined) throw unavailable('The evidence log is closed.');
    try {
      return answer();
    } catch (error) {
      throw isMandateError(error)
        ? error
        : new MandateError('evidence.unavailable', 'Evidence cannot be read.', { cause: error });
    }
  };

  worker.on('message', (message: FromWriter) => {
    if (message.type === 'durable') durable(message);
    else if (message.type === 'failed') fail(message.sentence);
    else if (message.type === 'closed') closing?.();
  });
  worker.on('error', (error) => fail(error instanceof Error ? error.message : String(error)));
  worker.on('exit', () => {
    if (closed === undefined) fail('its thread ended');
    closing?.();
  });

  return {
    append(record, facts) {
      if (failure !== undefined) return Promise.reject(failure);
      if (closed !== undefined) return Promise.reject(unavailable('The evidence log is closed.'));
      if (facts !== undefined && !areFactsOf(record, facts)) {
        return Promise.reject(new MandateError('internal', 'The facts are not those of the record.'));
      }
      const text = evidenceText(record);
      const chars = text.length + (facts?.length ?? 0);
      if (queue.isFull(chars)) return Promise.reject(unavailable('Too much evidence waits to be written.'));
      const receipt = queue.add(chars);
      // One message for what is appended in the same turn of the loop; but in parts, so that the writer begins meanwhile.
      const count = posting.push({ text, projection: projectEvidence(record), facts: facts ?? null });
      if (count === POST_RECORDS_MAX) postAll();
      else if (count === 1) setImmediate(postAll);
      return receipt;
    },
    get: async (id) => read(() => reader.get(id)),
    query: async (filter, page) => read(() => reader.query(filter, page)),
    after: async (seq, limit) => read(() => reader.after(chain, seq, limit)),
    unanswered: async (limit) => read(() => reader.unanswered(limit)),
    allowedCalls: async (task) => read(() => reader.allowedCalls(task)),
    head: () => head,
    close() {
      closed ??= (async () => {
        postAll();
        // Whoever closes last folds the write-ahead log into the file, and a read-only connection cannot.
        reader.close();
        if (failure === undefined) {
          await new Promise<void>((resolve) => {
            closing = resolve;
            setTimeout(resolve, deadline_ms).unref();
            post({ type: 'close' });
          });
        }
        queue.rejectAll(unavailable('The evidence log is closed.'));
        await worker.terminate();
      })();
      return closed;
    },
  };
}

function startWriter(workerData: WriterOptions): Worker {
  // The compiler rewrites imports, not URLs: the worker's file ends as ours does.
  const ending = import.meta.url.slice(import.meta.url.lastIndexOf('.'));
  return new Worker(new URL(`./writer.worker${ending}`, import.meta.url), { workerData });
}

/** The end of the chain on the disk, once the writer has looked at it. */
async function opened(worker: Worker, chain: string): Promise<EvidenceReceipt> {
  const message = await new Promise<FromWriter>((resolve, reject) => {
    worker.once('message', (first: FromWriter) => {
      worker.off('error', reject);
      resolve(first);
    });
    worker.once('error', reject);
  });
  if (message.type === 'opened') return { chain, seq: message.seq, hash: printHash(message.hash) };
  await worker.terminate();
  if (message.type !== 'refused') throw new MandateError('internal', 'The evidence writer answered out of turn.');
  throw new MandateError(isErrorCode(message.code) ? message.code : 'data.unreadable', message.sentence);
}

function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(ERROR_CODES, code);
}

function unavailable(sentence: string): MandateError {
  return new MandateError('evidence.unavailable', sentence);
}
