import type { Meta } from '../../ports/meta.ts';
import type { SqlDatabase } from './sql-database.ts';

export function sqlMeta({ org_id, read, write }: SqlDatabase): Meta {
  return {
    get: (name) =>
      read(async (db) => {
        const row = await db
          .selectFrom('meta')
          .select('value')
          .where('org_id', '=', org_id)
          .where('name', '=', name)
          .executeTakeFirst();
        return row?.value;
      }),
    async set(name, value) {
      await write((trx) =>
        trx
          .insertInto('meta')
          .values({ org_id, name, value })
          .onConflict((known) => known.columns(['org_id', 'name']).doUpdateSet({ value }))
          .execute(),
      );
    },
  };
}
