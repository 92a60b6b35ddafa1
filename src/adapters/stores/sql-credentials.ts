import type { Credentials } from '../../ports/credentials.ts';
import { pageOf, startOf } from './cursor.ts';
import { readRecord } from './noun-tables.ts';
import type { SqlDatabase } from './sql-database.ts';

export function sqlCredentials({ org_id, read }: SqlDatabase): Credentials {
  return {
    list: (filter, page) =>
      read(async (db) => {
        const start = startOf('credentials', page);
        let query = db.selectFrom('credentials').selectAll().where('org_id', '=', org_id);
        if (filter.actor !== undefined) query = query.where('actor', '=', filter.actor);
        if (filter.task !== undefined) query = query.where('task', '=', filter.task);
        if (filter.kind !== undefined) query = query.where('kind', '=', filter.kind);
        if (filter.ended !== undefined) query = query.where('ended', '=', filter.ended ? 1 : 0);
        if (start !== null) query = query.where('id', '<', start.id);
        const rows = await query
          .orderBy('id', 'desc')
          .limit(page.limit + 1)
          .execute();
        const found = rows.map((row) => readRecord('credential', row));
        return pageOf('credentials', found, page.limit, ({ id }) => ({ at: null, id }));
      }),
  };
}
