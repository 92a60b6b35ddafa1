import type { Servers } from '../../ports/servers.ts';
import { pageOf, startOf } from './cursor.ts';
import { readRecord } from './noun-tables.ts';
import type { SqlDatabase } from './sql-database.ts';

export function sqlServers({ org_id, read }: SqlDatabase): Servers {
  return {
    get: (id) =>
      read(async (db) => {
        const row = await db
          .selectFrom('servers')
          .selectAll()
          .where('org_id', '=', org_id)
          .where('id', '=', id)
          .executeTakeFirst();
        return row && readRecord('server', row);
      }),
    list: (page) =>
      read(async (db) => {
        const start = startOf('servers', page);
        let query = db.selectFrom('servers').selectAll().where('org_id', '=', org_id);
        if (start !== null) {
          query = query.where((eb) => eb(eb.refTuple('created_at', 'id'), '<', eb.tuple(start.at ?? 0, start.id)));
        }
        const rows = await query
          .orderBy('created_at', 'desc')
          .orderBy('id', 'desc')
          .limit(page.limit + 1)
          .execute();
        const found = rows.map((row) => readRecord('server', row));
        return pageOf('servers', found, page.limit, ({ created_at, id }) => ({ at: created_at, id }));
      }),
  };
}
