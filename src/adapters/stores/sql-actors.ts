import type { Actors } from '../../ports/actors.ts';
import { pageOf, startOf } from './cursor.ts';
import { readRecord } from './noun-tables.ts';
import type { SqlDatabase } from './sql-database.ts';

export function sqlActors({ org_id, read }: SqlDatabase): Actors {
  return {
    get: (id) =>
      read(async (db) => {
        const row = await db
          .selectFrom('actors')
          .selectAll()
          .where('org_id', '=', org_id)
          .where('id', '=', id)
          .executeTakeFirst();
        return row && readRecord('actor', row);
      }),
    list: (filter, page) =>
      read(async (db) => {
        const start = startOf('actors', page);
        let query = db.selectFrom('actors').selectAll().where('org_id', '=', org_id);
        if (filter.kind !== undefined) query = query.where('kind', '=', filter.kind);
        if (filter.lifecycle !== undefined) query = query.where('lifecycle', '=', filter.lifecycle);
        if (start !== null) {
          query = query.where((eb) => eb(eb.refTuple('created_at', 'id'), '<', eb.tuple(start.at ?? 0, start.id)));
        }
        const rows = await query
          .orderBy('created_at', 'desc')
          .orderBy('id', 'desc')
          .limit(page.limit + 1)
          .execute();
        const found = rows.map((row) => readRecord('actor', row));
        return pageOf('actors', found, page.limit, ({ created_at, id }) => ({ at: created_at, id }));
      }),
  };
}
