#!/usr/bin/env node
import module from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';

// Only what every Node since 18 has is imported here, so that an old one can still say that it is too old.
const NODE_MAJOR_MIN = 24;
const EXIT_USAGE = 2;
/** Whatever Mandate makes (databases, keys, exports, backups) is its user's alone; its server processes inherit that. */
const OTHERS_MAY_NOTHING = 0o077;

process.umask(OTHERS_MAY_NOTHING);

const refusal = unsupported(process.versions.node, process.platform);
if (refusal === null) {
  // Not Node's default, the shared temporary directory: what lies in there could have been written by anyone.
  module.enableCompileCache(join(homedir(), '.cache', 'mandate', 'compiled'));
  const { run } = await import('./cli/run.ts');
  process.exitCode = await run(process.argv.slice(2));
} else {
  process.stderr.write(`mandate: ${refusal}\n`);
  process.exitCode = EXIT_USAGE;
}

/** Why Mandate does not run here, in one sentence; null when it does. */
function unsupported(node: string, platform: NodeJS.Platform): string | null {
  if (platform === 'win32') return 'Windows is not supported yet; use Linux, macOS or WSL.';
  if (Number.parseInt(node, 10) >= NODE_MAJOR_MIN) return null;
  return `Mandate needs Node ${NODE_MAJOR_MIN} or newer; this is ${node}.`;
}
