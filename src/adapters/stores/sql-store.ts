import type { Store } from '../../ports/store.ts';
import { sqlActors } from './sql-actors.ts';
import { sqlApprovals } from './sql-approvals.ts';
import { sqlChanges } from './sql-changes.ts';
import { sqlCredentials } from './sql-credentials.ts';
import type { SqlDatabase } from './sql-database.ts';
import { sqlNodes } from './sql-nodes.ts';
import { sqlPolicySets } from './sql-policy-sets.ts';
import { sqlServers } from './sql-servers.ts';
import { sqlTasks } from './sql-tasks.ts';
import { sqlTools } from './sql-tools.ts';

/** The store on a SQL database with our tables, in any dialect. */
export function sqlStore(database: SqlDatabase): Store {
  return {
    changes: sqlChanges(database),
    actors: sqlActors(database),
    servers: sqlServers(database),
    tools: sqlTools(database),
    tasks: sqlTasks(database),
    approvals: sqlApprovals(database),
    credentials: sqlCredentials(database),
    policySets: sqlPolicySets(database),
    nodes: sqlNodes(database),
    close: () => database.close(),
  };
}
