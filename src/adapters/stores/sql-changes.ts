import { sql, type RawBuilder, type Transaction } from 'kysely';
import { writeKey, type Noun, type Write } from '../../core/change.ts';
import type { Changes, CommitResult } from '../../ports/changes.ts';
import { decode, encode } from './encoding.ts';
import { NOUN_TABLES } from './noun-tables.ts';
import { checkedCount, committedBefore } from './order.ts';
import { CHANGE_SCHEMA, type ValueOf } from './record-schemas.ts';
import type { Tables } from './schema.ts';
import type { SqlDatabase } from './sql-database.ts';

export function sqlChanges({ org_id, read, write }: SqlDatabase): Changes {
  return {
    async commit(change): Promise<CommitResult> {
      const body = encode(CHANGE_SCHEMA, change, `changes ${change.id}`);
      let conflict: Write | undefined;
      try {
        return await write(async (trx) => {
          const seq = await nextSeq(trx, org_id);
          for (const record of change.writes) {
            if (await writeRecord(trx, org_id, record)) continue;
            conflict = record;
            throw new Error('undo what was written before the conflict');
          }
          const kept = await trx
            .insertInto('changes')
            .values({ org_id, seq, id: change.id, body })
            .onConflict((taken) => taken.doNothing())
            .returning('seq')
            .execute();
          if (kept.length === 0) throw committedBefore(change.id);
          return { committed: true, seq };
        });
      } catch (error) {
        if (conflict === undefined) throw error;
        return { committed: false, conflict: { noun: conflict.noun, key: writeKey(conflict) } };
      }
    },
    since: (seq, limit) =>
      read(async (db) => {
        const rows = await db
          .selectFrom('changes')
          .selectAll()
          .where('org_id', '=', org_id)
          .where('seq', '>', seq)
          .orderBy('seq')
          .limit(checkedCount(limit))
          .execute();
        return rows.map((row) => ({ ...decode(CHANGE_SCHEMA, row.body, `changes ${row.seq}`), seq: row.seq }));
      }),
    latest: () =>
      read(async (db) => {
        const head = await db.selectFrom('change_heads').select('seq').where('org_id', '=', org_id).executeTakeFirst();
        return head?.seq ?? 0;
      }),
    has: (id) =>
      read(async (db) => {
        const row = await db
          .selectFrom('changes')
          .select('seq')
          .where('org_id', '=', org_id)
          .where('id', '=', id)
          .executeTakeFirst();
        return row !== undefined;
      }),
  };
}

/** First in the transaction: the row it writes stays locked until the commit, so that seqs become visible in order. */
async function nextSeq(trx: Transaction<Tables>, org_id: string): Promise<number> {
  const head = await trx
    .insertInto('change_heads')
    .values({ org_id, seq: 1 })
    .onConflict((taken) => taken.column('org_id').doUpdateSet({ seq: sql<number>`change_heads.seq + 1` }))
    .returning('seq')
    .executeTakeFirstOrThrow();
  return head.seq;
}

/** A Write of one noun, in the form in which the compiler relates the noun to its table. */
type WriteOf<N extends Noun> = { [K in N]: { readonly noun: K; readonly value: ValueOf<K> } }[N];

/** False when the stored version is not the one before. */
async function writeRecord<N extends Noun>(
  trx: Transaction<Tables>,
  org_id: string,
  { noun, value }: WriteOf<N>,
): Promise<boolean> {
  const { table, key, columns } = NOUN_TABLES[noun];
  const at = { org_id, ...key(value) };
  const content = { ...columns(value), version: value.version, body: JSON.stringify(value) };
  if (await hashTaken(trx, org_id, { noun, value } as Write)) return false; // a WriteOf<N> is one of the Writes
  if (value.version === 1) {
    const row = { ...at, ...content };
    const inserted = await sql`
      insert into ${sql.table(table)} (${sql.join(Object.keys(row).map((column) => sql.ref(column)))})
      values (${sql.join(Object.values(row))}) on conflict do nothing returning version`.execute(trx);
    return inserted.rows.length === 1;
  }
  const updated = await sql`
    update ${sql.table(table)} set ${sql.join(equals(content))}
    where ${sql.join(equals({ ...at, version: value.version - 1 }), sql` and `)} returning version`.execute(trx);
  return updated.rows.length === 1;
}

/** Two credentials with one hash could not be told apart by their secret. */
async function hashTaken(trx: Transaction<Tables>, org_id: string, write: Write): Promise<boolean> {
  if (write.noun !== 'credential') return false;
  const other = await trx
    .selectFrom('credentials')
    .select('id')
    .where('org_id', '=', org_id)
    .where('hash', '=', write.value.hash)
    .where('id', '<>', write.value.id)
    .executeTakeFirst();
  return other !== undefined;
}

function equals(columns: Readonly<Record<string, string | number | null>>): readonly RawBuilder<unknown>[] {
  return Object.entries(columns).map(([column, content]) => sql`${sql.ref(column)} = ${content}`);
}
