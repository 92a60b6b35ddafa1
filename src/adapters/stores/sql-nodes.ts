import type { Nodes } from '../../ports/nodes.ts';
import { decode, encode } from './encoding.ts';
import { NODE_SCHEMA } from './record-schemas.ts';
import type { SqlDatabase } from './sql-database.ts';

export function sqlNodes({ org_id, read, write }: SqlDatabase): Nodes {
  return {
    async beat(node) {
      const body = encode(NODE_SCHEMA, node, `nodes ${node.id}`);
      await write((trx) =>
        trx
          .insertInto('nodes')
          .values({ org_id, id: node.id, body })
          .onConflict((known) => known.columns(['org_id', 'id']).doUpdateSet({ body }))
          .execute(),
      );
    },
    list: () =>
      read(async (db) => {
        const rows = await db.selectFrom('nodes').selectAll().where('org_id', '=', org_id).orderBy('id').execute();
        return rows.map((row) => decode(NODE_SCHEMA, row.body, `nodes ${row.id}`));
      }),
  };
}
