// Loaded into every test file's process (`node --test --import ./test/leaks.mjs`).
// A file whose tests are done but which left a server, a child or a timer behind
// would keep the whole run waiting for ever: it fails instead, naming what is open.

import { after } from 'node:test';

const GRACE_MS = 10_000;

// The runner itself loads this too; only the processes it starts have tests.
if (process.env.NODE_TEST_CONTEXT) {
  after(() => {
    // Unreferenced: it fires only if something else keeps the process alive.
    setTimeout(() => {
      const open = [...new Set(process.getActiveResourcesInfo())].join(', ');
      process.stderr.write(`${process.argv[1]}: its tests ended ${GRACE_MS / 1000} s ago, but it left open: ${open}\n`);
      process.exit(1);
    }, GRACE_MS).unref();
  });
}
