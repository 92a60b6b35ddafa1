import { DatabaseSync } from 'node:sqlite';
import type { EvidenceProjection } from '../../core/evidence.ts';
import { saysDamaged } from '../../standards/sqlite/result-code.ts';
import { startChainCheck, type CheckedEntry, type VerifiedChain, type WitnessedHead } from './check-entry.ts';
import { startFactsCheck } from './check-facts.ts';
import { openReadOnly } from './read-entries.ts';
import { EVIDENCE_SCHEMA } from './schema.ts';

export type EvidenceVerdict =
  | {
      readonly ok: true;
      readonly count: number;
      readonly chains: readonly VerifiedChain[];
      /** Sealed facts that were opened and are the ones their record names. */
      readonly facts_checked: number;
      /** Sealed facts of earlier chains that this key does not open: a restore without keys left theirs behind. */
      readonly facts_sealed: number;
    }
  | EvidenceFault;

export interface EvidenceFault {
  readonly ok: false;
  /** The first bad entry; null and 0 when the fault is not in one. */
  readonly chain: string | null;
  readonly seq: number;
  readonly why: string;
  /** How many entries were good before it. */
  readonly count: number;
}

export interface VerifyOptions {
  /** With it the sealed facts are opened and held against the digest in their record. */
  readonly sealKey?: Uint8Array;
  /** The chain that is written with that key; absent: every one is. */
  readonly currentChain?: string;
  readonly witnessed?: readonly WitnessedHead[];
  readonly onProgress?: (count: number) => void;
}

const PROGRESS_EVERY_ENTRIES = 100_000;

/**
 * Reads every entry once, at constant memory, from one moment of the file and beside a running writer: gapless, linked,
 * hashed, canonical, and every query column what its bytes say.
 *
 * Two things no chain can show by itself: that its tail was cut off, and that someone who may write the file computed
 * every hash anew. Both are found by a head that was witnessed outside.
 * @throws data.unreadable, data.damaged, data.newer when it is not an audit log that can be read at all
 */
export async function verifyEvidence(file: string, options: VerifyOptions = {}): Promise<EvidenceVerdict> {
  const db = openReadOnly(file);
  try {
    db.exec('begin');
    return readAll(db, options);
  } catch (error) {
    if (!saysDamaged(error)) throw error;
    return { ok: false, chain: null, seq: 0, why: `The file is damaged: ${error.message}.`, count: 0 };
  } finally {
    db.close();
  }
}

function readAll(db: DatabaseSync, options: VerifyOptions): EvidenceVerdict {
  const why = wrongSchema(db);
  if (why !== undefined) return { ok: false, chain: null, seq: 0, why, count: 0 };

  const check = startChainCheck(options.witnessed ?? []);
  const { sealKey, currentChain } = options;
  const facts = sealKey === undefined ? undefined : startFactsCheck(db, sealKey, currentChain);
  const rows = db.prepare(ALL_ENTRIES);
  rows.setReturnArrays(true);
  let count = 0;
  let position = 0;
  let org: string | undefined;
  try {
    for (const values of rows.iterate()) {
      const row = values as unknown as RowValues; // in the order of ALL_ENTRIES, typed by the strict table
      const entry = toChecked(row);
      const fault = (why: string): EvidenceFault => ({ ok: false, chain: entry.chain, seq: entry.seq, why, count });
      org ??= row[0];
      if (row[0] !== org) return fault('It belongs to another organisation.');
      const result = check.next(entry);
      if (!result.ok) return fault(result.why);
      if (!sameColumns(db, row, result.projection)) return fault('A query column is not what its bytes say.');
      if (entry.seq > 1 && row[14] <= position) return fault('It is listed before the one it follows.');
      position = row[14];
      if (result.facts_digest !== undefined) {
        const { chain, seq } = entry;
        const { facts_digest } = result;
        const wrong = facts?.next({ org_id: org, chain, seq, record_id: result.projection.id, facts_digest });
        if (wrong !== undefined) return { ok: false, ...wrong, count };
      }
      count += 1;
      if (count % PROGRESS_EVERY_ENTRIES === 0) options.onProgress?.(count);
    }
  } catch (error) {
    if (!saysDamaged(error)) throw error;
    const at = check.position();
    return { ok: false, chain: at.chain, seq: at.seq + 1, why: `The file is damaged here: ${error.message}.`, count };
  }

  const missing = check.end();
  if (missing !== undefined) return { ok: false, ...missing, count };
  const beside = faultBeside(db, check.unanswered(), count);
  if (beside !== undefined) return beside;
  return {
    ok: true,
    count,
    chains: check.chains(),
    facts_checked: facts?.checked() ?? 0,
    facts_sealed: facts?.sealed() ?? 0,
  };
}

/** `bytes` as they are on the disk: read as text, two different wrong bytes would both become U+FFFD. */
const ALL_ENTRIES = `select org_id, chain_id, seq, prev, hash, cast(bytes as blob), kind, record_id, at, actor, task, server, tool,
  effect, rowid, of_id from entries order by org_id, chain_id, seq`;

type RowValues = readonly [
  org: string,
  chain: string,
  seq: number,
  prev: Uint8Array,
  hash: Uint8Array,
  bytes: Uint8Array,
  kind: string,
  id: string,
  at: string,
  actor: string | null,
  task: string | null,
  server: string | null,
  tool: string | null,
  effect: string | null,
  position: number,
  of: string | null,
];

function toChecked(row: RowValues): CheckedEntry {
  return { chain: row[1], seq: row[2], prev: row[3], hash: row[4], bytes: row[5] };
}

function sameColumns(db: DatabaseSync, row: RowValues, p: EvidenceProjection): boolean {
  const same =
    row[6] === p.kind &&
    row[7] === p.id &&
    row[8] === p.at &&
    row[9] === p.actor &&
    row[10] === p.task &&
    row[11] === p.server &&
    row[12] === p.tool &&
    row[13] === p.effect &&
    row[15] === p.of;
  if (!same) return false;
  const columns = [p.kind, p.id, p.at, p.actor, p.task, p.server, p.tool, p.effect, p.of];
  if (!columns.some((value) => value?.includes('\ufffd'))) return true;
  // A real U+FFFD and a wrong byte look the same once decoded: rare enough to ask for the bytes.
  const stored = db
    .prepare(
      `select cast(kind as blob), cast(record_id as blob), cast(at as blob), cast(actor as blob), cast(task as blob),
         cast(server as blob), cast(tool as blob), cast(effect as blob), cast(of_id as blob) from entries where rowid = ?`,
    )
    .get(row[14]);
  const values = Object.values(stored ?? {});
  return columns.every((value, at) => {
    const bytes = values[at];
    return value === null ? bytes === null : bytes instanceof Uint8Array && Buffer.from(value).equals(bytes);
  });
}

/** The tables, indexes, views and triggers must be exactly ours: another one could make a query lie. */
function wrongSchema(db: DatabaseSync): string | undefined {
  const ours = new DatabaseSync(':memory:');
  ours.exec(EVIDENCE_SCHEMA);
  const describe = (of: DatabaseSync): string =>
    JSON.stringify(of.prepare('select type, name, tbl_name, sql from sqlite_schema order by type, name').all());
  const same = describe(ours) === describe(db);
  ours.close();
  return same ? undefined : 'The file holds tables or indexes that are not those of an audit log.';
}

/** What stands beside the entries: indexes that agree with them, facts of known records, and the open decisions. */
function faultBeside(db: DatabaseSync, unanswered: ReadonlySet<string>, count: number): EvidenceFault | undefined {
  const fault = (why: string, id?: string): EvidenceFault => {
    const at =
      id === undefined ? undefined : db.prepare('select chain_id, seq from entries where record_id = ?').get(id);
    return { ok: false, chain: at ? String(at['chain_id']) : null, seq: at ? Number(at['seq']) : 0, why, count };
  };
  const integrity = db.prepare('pragma integrity_check(1)').get()?.['integrity_check'];
  if (integrity !== 'ok') return fault(`The indexes do not agree with the entries: ${String(integrity)}.`);
  const orphan = db
    .prepare(
      `select record_id from sealed_facts s where not exists
         (select 1 from entries e where e.org_id = s.org_id and e.record_id = s.record_id and e.kind = 'decision') limit 1`,
    )
    .get();
  if (orphan !== undefined) return fault(`Sealed facts stand beside no decision: ${String(orphan['record_id'])}.`);

  const listed = new Set<string>();
  for (const row of db.prepare('select record_id from unanswered').iterate()) {
    const id = String(row['record_id']);
    if (!unanswered.has(id)) return fault('It is listed as unanswered, and is not.', id);
    listed.add(id);
  }
  for (const id of unanswered)
    if (!listed.has(id)) return fault('It has no outcome and is not listed as unanswered.', id);
  return undefined;
}
