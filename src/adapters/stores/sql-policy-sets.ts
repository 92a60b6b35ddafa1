import type { PolicySets } from '../../ports/policy-sets.ts';
import { readRecord } from './noun-tables.ts';
import type { SqlDatabase } from './sql-database.ts';

export function sqlPolicySets({ org_id, read }: SqlDatabase): PolicySets {
  return {
    published: () =>
      read(async (db) => {
        const row = await db
          .selectFrom('policy_sets')
          .selectAll()
          .where('org_id', '=', org_id)
          .where('state', '=', 'published')
          .orderBy('serial', 'desc')
          .limit(1)
          .executeTakeFirst();
        return row && readRecord('policy_set', row);
      }),
  };
}
