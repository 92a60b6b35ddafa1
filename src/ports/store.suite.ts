/** What every store must do. A new backend's own test opens it and calls this, unchanged. */
import { describe, type TestContext } from 'node:test';
import { actorsSuite } from './actors.suite.ts';
import { approvalsSuite } from './approvals.suite.ts';
import { changesSuite } from './changes.suite.ts';
import { credentialsSuite } from './credentials.suite.ts';
import { nodesSuite } from './nodes.suite.ts';
import { policySetsSuite } from './policy-sets.suite.ts';
import { serversSuite } from './servers.suite.ts';
import type { Store } from './store.ts';
import { tasksSuite } from './tasks.suite.ts';
import { toolsSuite } from './tools.suite.ts';

/** Opens an empty store that is closed when the test ends. */
export type OpenStore = (t: TestContext) => Promise<Store>;

export function storeSuite(name: string, open: OpenStore): void {
  describe(`${name} keeps the contract of`, () => {
    changesSuite(open);
    actorsSuite(open);
    serversSuite(open);
    toolsSuite(open);
    tasksSuite(open);
    approvalsSuite(open);
    credentialsSuite(open);
    policySetsSuite(open);
    nodesSuite(open);
  });
}
