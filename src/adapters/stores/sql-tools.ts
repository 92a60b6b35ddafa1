import type { Tools } from '../../ports/tools.ts';
import { readRecord, toolKey } from './noun-tables.ts';
import { byName } from './order.ts';
import type { SqlDatabase } from './sql-database.ts';

export function sqlTools({ org_id, read }: SqlDatabase): Tools {
  return {
    get: (server, name) =>
      read(async (db) => {
        const row = await db
          .selectFrom('tools')
          .selectAll()
          .where('org_id', '=', org_id)
          .where('server', '=', server)
          .where('name', '=', toolKey(name))
          .executeTakeFirst();
        return row && readRecord('tool', row);
      }),
    listOf: (server) =>
      read(async (db) => {
        const rows = await db
          .selectFrom('tools')
          .selectAll()
          .where('org_id', '=', org_id)
          .where('server', '=', server)
          .execute();
        return rows.map((row) => readRecord('tool', row)).sort(byName);
      }),
  };
}
