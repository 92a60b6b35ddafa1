import type { Approvals } from '../../ports/approvals.ts';
import { pageOf, startOf } from './cursor.ts';
import { readRecord } from './noun-tables.ts';
import type { SqlDatabase } from './sql-database.ts';

export function sqlApprovals({ org_id, read }: SqlDatabase): Approvals {
  return {
    get: (id) =>
      read(async (db) => {
        const row = await db
          .selectFrom('approvals')
          .selectAll()
          .where('org_id', '=', org_id)
          .where('id', '=', id)
          .executeTakeFirst();
        return row && readRecord('approval', row);
      }),
    list: (filter, page) =>
      read(async (db) => {
        const start = startOf('approvals', page);
        let query = db.selectFrom('approvals').selectAll().where('org_id', '=', org_id);
        if (filter.agent !== undefined) query = query.where('agent', '=', filter.agent);
        if (filter.state !== undefined) query = query.where('state', '=', filter.state);
        if (start !== null) query = query.where('id', '<', start.id);
        const rows = await query
          .orderBy('id', 'desc')
          .limit(page.limit + 1)
          .execute();
        const found = rows.map((row) => readRecord('approval', row));
        return pageOf('approvals', found, page.limit, ({ id }) => ({ at: null, id }));
      }),
  };
}
