import type { Actors } from './actors.ts';
import type { Approvals } from './approvals.ts';
import type { Changes } from './changes.ts';
import type { Credentials } from './credentials.ts';
import type { Nodes } from './nodes.ts';
import type { PolicySets } from './policy-sets.ts';
import type { Servers } from './servers.ts';
import type { Tasks } from './tasks.ts';
import type { Tools } from './tools.ts';

/** The ports that one store backend opens together. Each use case takes only those it needs. */
export interface Store {
  readonly changes: Changes;
  readonly actors: Actors;
  readonly servers: Servers;
  readonly tools: Tools;
  readonly tasks: Tasks;
  readonly approvals: Approvals;
  readonly credentials: Credentials;
  readonly policySets: PolicySets;
  readonly nodes: Nodes;
  /** Finishes what was begun and releases everything; later calls throw store.unavailable. */
  close(): Promise<void>;
}
