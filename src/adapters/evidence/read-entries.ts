import { existsSync } from 'node:fs';
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import { MandateError } from '../../core/errors.ts';
import { EVIDENCE_KINDS, type EvidenceKind } from '../../core/evidence.ts';
import type { EvidenceEntry, EvidenceFilter, EvidencePage, EvidenceReceipt } from '../../ports/evidence-log.ts';
import { saysDamaged } from '../../standards/sqlite/result-code.ts';
import { printHash } from './chain-hash.ts';
import { checkLimit, readCursor } from './page-request.ts';
import { EVIDENCE_SCHEMA_VERSION, schemaVersion } from './schema.ts';
import { unsealFacts } from './seal.ts';

/** Reads of an audit log, also beside a running server: a connection of its own that never blocks the writer. */
export interface EvidenceReader {
  get(id: string): EvidenceEntry | undefined;
  /** @throws input.invalid for an unknown cursor or a limit outside 1 to PAGE_ITEMS_MAX */
  query(filter: EvidenceFilter, page: { readonly limit: number; readonly cursor: string | null }): EvidencePage;
  /** Oldest first, after this position of this chain. */
  after(chain: string, seq: number, limit: number): readonly EvidenceEntry[];
  unanswered(limit: number): readonly EvidenceEntry[];
  allowedCalls(task: string): number;
  /** Where each chain ends. */
  heads(): readonly EvidenceReceipt[];
  /** What the policy saw; undefined when it was erased, never kept, or this is not its key. */
  facts(id: string, sealKey: Uint8Array): string | undefined;
  close(): void;
}

/** How long a read waits for a moment in which the file is locked (recovery after a crash). */
const LOCK_WAIT_MS = 2_000;

/** @throws data.unreadable, data.damaged, data.newer */
export function openEvidenceReader(file: string, org_id: string): EvidenceReader {
  const db = openReadOnly(file);
  const cached = new Map<string, StatementSync>();
  const all = (sql: string, ...values: readonly SQLInputValue[]): readonly Row[] => {
    let statement = cached.get(sql); // as many texts as there are sets of filters: a few dozen
    if (statement === undefined) cached.set(sql, (statement = db.prepare(sql)));
    return statement.all(...values) as unknown as readonly Row[]; // columns as SELECT names them, typed by the strict table
  };

  return {
    get: (id) => all(`${SELECT} where org_id = ? and record_id = ?`, org_id, id).map(toEntry)[0],
    query(filter, { limit, cursor }) {
      const { sql, values } = where(filter);
      const before = cursor === null ? Number.MAX_SAFE_INTEGER : readCursor(cursor);
      // One more than asked tells whether there is a next page.
      const rows = all(
        `${SELECT} ${sql} and rowid < ? order by rowid desc limit ?`,
        ...values(org_id),
        before,
        checkLimit(limit) + 1,
      );
      const page = rows.slice(0, limit);
      const last = page.at(-1);
      return { items: page.map(toEntry), next_cursor: rows.length > limit && last ? String(last.position) : null };
    },
    after: (chain, seq, limit) =>
      all(
        `${SELECT} where org_id = ? and chain_id = ? and seq > ? order by seq limit ?`,
        org_id,
        chain,
        seq,
        checkLimit(limit),
      ).map(toEntry),
    unanswered: (limit) =>
      all(
        `${SELECT} where org_id = ? and record_id in (select record_id from unanswered where org_id = ?) order by rowid limit ?`,
        org_id,
        org_id,
        checkLimit(limit),
      ).map(toEntry),
    allowedCalls(task) {
      const sql = `select count(*) as n from entries indexed by entries_task
        where org_id = ? and task = ? and kind = 'decision' and effect = 'allow'`;
      return Number(db.prepare(sql).get(org_id, task)?.['n']);
    },
    heads: () =>
      db
        .prepare(
          'select chain_id, max(seq) as seq, hash from entries where org_id = ? group by chain_id order by min(rowid)',
        )
        .all(org_id)
        .map((row) => ({
          chain: String(row['chain_id']),
          seq: Number(row['seq']),
          hash: printHash(row['hash'] as Uint8Array), // strict table: a blob
        })),
    facts(id, sealKey) {
      const row = db
        .prepare('select nonce, ciphertext from sealed_facts where org_id = ? and record_id = ?')
        .get(org_id, id);
      if (row === undefined) return undefined;
      // The table is strict: both are blobs.
      return unsealFacts(sealKey, id, {
        nonce: row['nonce'] as Uint8Array,
        ciphertext: row['ciphertext'] as Uint8Array,
      });
    },
    close: () => db.close(),
  };
}

/**
 * A log that was closed cleanly and lies where nothing can be written (a copy on read-only media) has no `-shm` beside it
 * and SQLite cannot make one; without a `-wal` it is safe to read it as a file that does not change.
 * @throws data.unreadable, data.damaged, data.newer
 */
export function openReadOnly(file: string): DatabaseSync {
  if (!existsSync(file)) throw new MandateError('data.unreadable', `There is no audit log at ${file}.`);
  try {
    return check(new DatabaseSync(file, { readOnly: true, timeout: LOCK_WAIT_MS }));
  } catch (error) {
    if (error instanceof MandateError) throw error;
    const sentence = error instanceof Error ? error.message : String(error);
    if (saysDamaged(error)) {
      throw new MandateError('data.damaged', `${file} is not an audit log: ${sentence}.`, { cause: error });
    }
    if (existsSync(`${file}-wal`)) {
      throw new MandateError('data.unreadable', `${file} cannot be read: ${sentence}.`, { cause: error });
    }
    return openUnchanging(file);
  }
}

function openUnchanging(file: string): DatabaseSync {
  const url = pathToFileURL(file);
  url.searchParams.set('immutable', '1');
  try {
    return check(new DatabaseSync(url, { readOnly: true }));
  } catch (error) {
    if (error instanceof MandateError) throw error;
    throw new MandateError('data.unreadable', `${file} cannot be read.`, { cause: error });
  }
}

function check(db: DatabaseSync): DatabaseSync {
  const version = schemaVersion(db);
  if (version === EVIDENCE_SCHEMA_VERSION) return db;
  db.close();
  throw version > EVIDENCE_SCHEMA_VERSION
    ? new MandateError(
        'data.newer',
        `The audit log has schema ${version}; this version knows ${EVIDENCE_SCHEMA_VERSION}.`,
      )
    : new MandateError('data.damaged', 'The file is not an audit log.');
}

export interface Row {
  readonly position: number;
  readonly chain_id: string;
  readonly seq: number;
  readonly prev: Uint8Array;
  readonly hash: Uint8Array;
  readonly bytes: string;
  readonly kind: EvidenceKind;
  readonly record_id: string;
  readonly at: string;
  readonly actor: string | null;
  readonly task: string | null;
  readonly server: string | null;
  readonly tool: string | null;
  readonly effect: string | null;
  readonly of_id: string | null;
}

export const SELECT = `select rowid as position, chain_id, seq, prev, hash, bytes, kind, record_id, at, actor, task, server, tool,
  effect, of_id from entries`;

export function toEntry(row: Row): EvidenceEntry {
  return {
    chain: row.chain_id,
    seq: row.seq,
    hash: printHash(row.hash),
    prev: printHash(row.prev),
    text: row.bytes,
    projection: {
      kind: row.kind,
      id: row.record_id,
      at: row.at,
      actor: row.actor,
      task: row.task,
      server: row.server,
      tool: row.tool,
      effect: row.effect,
      of: row.of_id,
    },
  };
}

/**
 * The condition, and through which index it is read: SQLite keeps no statistics here and would guess. A kind is written
 * out so that the partial indexes of the two rare kinds apply; the two common ones are found by reading backwards.
 */
export function where(filter: EvidenceFilter): {
  readonly sql: string;
  readonly values: (org_id: string) => readonly SQLInputValue[];
} {
  const { kind, task, actor, effect, of, since } = filter;
  if (kind !== undefined && !EVIDENCE_KINDS.includes(kind))
    throw new MandateError('input.invalid', 'There is no such kind of record.');
  const index =
    of !== undefined
      ? 'entries_of'
      : task !== undefined
        ? 'entries_task'
        : kind === 'change' || kind === 'signal'
          ? `entries_${kind}`
          : actor !== undefined
            ? 'entries_actor'
            : effect !== undefined
              ? 'entries_effect'
              : undefined;
  const terms = ['org_id = ?'];
  if (kind !== undefined) terms.push(`kind = '${kind}'`);
  if (of !== undefined) terms.push('of_id = ?');
  if (task !== undefined) terms.push('task = ?');
  if (actor !== undefined) terms.push('actor = ?');
  if (effect !== undefined) terms.push('effect = ?');
  // By the clock, but never further back than the first such record was written.
  if (since !== undefined)
    terms.push('at >= ?', 'rowid >= (select min(rowid) from entries where org_id = ? and at >= ?)');
  return {
    sql: `${index === undefined ? 'not indexed' : `indexed by ${index}`} where ${terms.join(' and ')}`,
    values: (org_id) => [
      org_id,
      ...[of, task, actor, effect].filter((value) => value !== undefined),
      ...(since === undefined ? [] : [since, org_id, since]),
    ],
  };
}
