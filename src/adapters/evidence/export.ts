import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { canonicalJson } from '../../core/canonical-json.ts';
import type { Json, JsonObject } from '../../core/json.ts';
import type { EvidenceFilter } from '../../ports/evidence-log.ts';
import { printHash } from './chain-hash.ts';
import { openReadOnly, SELECT, where, type Row } from './read-entries.ts';

/** First line of a bundle. */
export interface ExportHeader {
  readonly format: 'mandate-evidence';
  readonly v: 1;
  readonly filter: EvidenceFilter;
  /** Entries that follow. With an empty filter they are all there were. */
  readonly count: number;
}

/**
 * Writes a bundle that anyone can verify without Mandate's files: canonical JSON lines, a header and then one line per
 * entry, oldest first, from one moment of the log. The sealed facts stay where they are. Does not end `out`.
 * @returns how many entries it wrote
 * @throws data.unreadable, data.damaged, data.newer; and what `out` throws
 */
export async function exportEvidence(
  file: string,
  org_id: string,
  filter: EvidenceFilter,
  out: Writable,
): Promise<number> {
  const db = openReadOnly(file);
  try {
    db.exec('begin');
    const { sql, values } = where(filter);
    const count = Number(db.prepare(`select count(*) as n from entries ${sql}`).get(...values(org_id))?.['n']);
    const header: ExportHeader = { format: 'mandate-evidence', v: 1, filter, count };
    await writeLine(out, header as unknown as JsonObject); // JSON values only; interfaces lack the index signature
    for (const value of db.prepare(`${SELECT} ${sql} order by rowid`).iterate(...values(org_id))) {
      const row = value as unknown as Row; // columns as SELECT names them, typed by the strict table
      await writeLine(out, {
        chain: row.chain_id,
        seq: row.seq,
        prev: printHash(row.prev),
        hash: printHash(row.hash),
        text: row.bytes,
      });
    }
    return count;
  } finally {
    db.close();
  }
}

async function writeLine(out: Writable, value: Json): Promise<void> {
  if (!out.write(`${canonicalJson(value)}\n`)) await once(out, 'drain');
}
