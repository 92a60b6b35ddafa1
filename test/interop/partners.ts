/**
 * The heavy partners of this folder's package.json. `npm run test:full` installs
 * them; a test that needs one imports it lazily and passes `missing` as its
 * `skip`, so that a machine without them says so instead of failing.
 */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Why the partners cannot be used, or false when they can. */
export const missing: string | false =
  !existsSync(pathOf('node_modules/.package-lock.json')) &&
  'test/interop is not installed: npm run test:full installs it';

/** The absolute path of a program that a partner package brings, such as `mcp-inspector`. */
export function programOf(name: string): string {
  return pathOf(`node_modules/.bin/${name}`);
}

function pathOf(relative: string): string {
  return fileURLToPath(new URL(relative, import.meta.url));
}
