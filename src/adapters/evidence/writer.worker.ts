import { DatabaseSync } from 'node:sqlite';
import { parentPort, receiveMessageOnPort, workerData, type MessagePort } from 'node:worker_threads';
import { isMandateError } from '../../core/errors.ts';
import { chainHash } from './chain-hash.ts';
import { checkTail } from './check-tail.ts';
import { prepareSchema } from './schema.ts';
import { sealFacts } from './seal.ts';
import type { FromWriter, PostedRecord, ToWriter, WriterOptions } from './writer-messages.ts';

/**
 * The only writer of the file. What was posted during one commit is committed by the next, together: the flush size finds
 * itself. Any error while writing is final. After a failed fsync the kernel may have dropped the pages it could not write
 * and answer the next fsync with success, so the only truth left is what a fresh start reads from the disk.
 */
const COMMIT_RECORDS_MAX = 1_024;

const options = workerData as WriterOptions; // sqlite.ts, the only one that starts this file, passes it
const port = ownPort();
const answer = (message: FromWriter): void => port.postMessage(message);

const db = open();
if (db !== undefined) serve(db);

function ownPort(): MessagePort {
  if (parentPort === null) throw new Error('the evidence writer runs as a worker thread');
  return parentPort;
}

function open(): DatabaseSync | undefined {
  try {
    const opened = new DatabaseSync(options.file, { timeout: options.lock_wait_ms });
    opened.exec(`
      pragma page_size = 8192; pragma journal_mode = wal; pragma synchronous = full; pragma fullfsync = on; pragma checkpoint_fullfsync = on;
      pragma secure_delete = on; pragma wal_autocheckpoint = 2000; pragma cache_size = -16000; pragma temp_store = memory;
    `);
    prepareSchema(opened);
    return opened;
  } catch (error) {
    refuse(error);
    return undefined;
  }
}

function refuse(error: unknown): void {
  if (isMandateError(error)) return answer({ type: 'refused', code: error.code, sentence: error.message });
  const sentence = error instanceof Error ? error.message : String(error);
  const damaged = /not a database|malformed/i.test(sentence);
  answer({
    type: 'refused',
    code: damaged ? 'data.damaged' : 'data.unreadable',
    sentence: `The audit log cannot be opened: ${sentence}.`,
  });
}

function serve(log: DatabaseSync): void {
  const { org_id, chain, sealKey, abandoned } = options;
  let tail: { readonly seq: number; readonly hash: Uint8Array };
  try {
    tail = checkTail(log, org_id, chain);
  } catch (error) {
    return refuse(error);
  }
  let { seq, hash: prev } = tail;

  const begin = log.prepare('begin immediate');
  const commit = log.prepare('commit');
  const insert = log.prepare(
    `insert into entries (org_id, chain_id, seq, prev, hash, bytes, kind, record_id, at, actor, task, server, tool, effect, of_id)
     values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) on conflict (org_id, record_id) do nothing`,
  );
  const seal = log.prepare('insert into sealed_facts (org_id, record_id, nonce, ciphertext) values (?, ?, ?, ?)');
  const waitForOutcome = log.prepare('insert into unanswered (org_id, record_id) values (?, ?)');
  const answered = log.prepare('delete from unanswered where org_id = ? and record_id = ?');

  /** False when its record id was used before. */
  const write = ({ text, projection: p, facts }: PostedRecord): boolean => {
    const hash = chainHash(prev, text);
    const { changes } = insert.run(
      org_id,
      chain,
      seq + 1,
      prev,
      hash,
      text,
      p.kind,
      p.id,
      p.at,
      p.actor,
      p.task,
      p.server,
      p.tool,
      p.effect,
      p.of,
    );
    if (changes === 0) return false;
    seq += 1;
    prev = hash;
    if (facts !== null) {
      const { nonce, ciphertext } = sealFacts(sealKey, p.id, facts);
      seal.run(org_id, p.id, nonce, ciphertext);
    }
    if (p.kind === 'decision' && p.effect === 'allow') waitForOutcome.run(org_id, p.id);
    if (p.kind === 'outcome') answered.run(org_id, p.of);
    return true;
  };

  /** Also takes what is posted while it writes, so that one commit makes as much durable as it can. */
  const commitTogether = (message: Extract<ToWriter, { type: 'append' }>): ToWriter | undefined => {
    begin.run();
    // Read once, and after the lock was got: whoever gave up while we waited for it needs no record of having allowed.
    const givenUp = Number(Atomics.load(abandoned, 0));
    const seqBefore = seq;
    const hashes: Uint8Array[] = [];
    const repeated: number[] = [];
    let first = message.first;
    let last = message.first - 1;
    let next: ToWriter | undefined = message;
    while (next?.type === 'append' && last - message.first + 1 < COMMIT_RECORDS_MAX) {
      const skipped = Math.max(0, Math.min(next.records.length, givenUp - next.first + 1));
      if (skipped > 0) first = next.first + skipped; // only ever the oldest, before anything is written
      for (let index = skipped; index < next.records.length; index += 1) {
        const record = next.records[index];
        if (record !== undefined && write(record)) hashes.push(prev);
        else repeated.push(next.first + index);
      }
      last = next.first + next.records.length - 1;
      next = receiveMessageOnPort(port)?.message as ToWriter | undefined;
    }
    commit.run();
    answer({
      type: 'durable',
      first,
      last,
      seq: seqBefore + 1,
      hashes: Buffer.concat(hashes),
      repeated,
    });
    return next;
  };

  const close = (): void => {
    log.close(); // checkpoints, since no other writer is left
    answer({ type: 'closed' });
    port.close();
  };

  port.on('message', (message: ToWriter) => {
    try {
      let next: ToWriter | undefined = message;
      while (next !== undefined) {
        if (next.type === 'close') return close();
        next = commitTogether(next);
      }
    } catch (error) {
      answer({ type: 'failed', sentence: error instanceof Error ? error.message : String(error) });
      port.close(); // nothing is written after this: the thread ends without trying again
    }
  });
  answer({ type: 'opened', seq, hash: prev });
}
