// Makes a checkout ready to run: `node scripts/install.mjs [PARTNER_FOLDER...]`.
//
// Runs before anything is installed, so on any Node >= 20 and with no packages.
// It installs what package-lock.json names when that is not already there, then
// makes sure that the `node` an npm script finds next can run this program. npm
// scripts put node_modules/.bin first on the path, and the runtime pinned in
// package.json stands there; they go on with `exec env node …`, so that signals
// and exit codes pass straight through and no process is left in between.
//
// Partner folders hold heavy packages that only the full tests use. When one of
// them cannot be installed this says so and goes on: its tests skip with a reason.

import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const NODE_MAJOR_MIN = 24;
const EXIT_UNUSABLE = 2;

const root = fileURLToPath(new URL('..', import.meta.url));
const bin = join(root, 'node_modules', '.bin');

install(root) || stop('The packages could not be installed; what npm said stands above.');
const node = nodeVersion();
majorOf(node) >= NODE_MAJOR_MIN ||
  stop(
    `Mandate needs Node ${NODE_MAJOR_MIN} or newer but found ${node}, and its own did not install here ` +
      `(${process.platform} ${process.arch}): put a newer Node first on the path.`,
  );

for (const folder of process.argv.slice(2)) {
  install(join(root, folder)) || say(`${folder} could not be installed: the tests that need it will be skipped.\n`);
}

/** Runs `npm ci` in `folder` unless it already holds what its lockfile names. True when it does afterwards. */
function install(folder) {
  if (isInstalled(folder)) return true;
  const started = Date.now();
  say('Installing packages (about a minute the first time) … ');
  const result = npm(folder, [
    'ci',
    '--include=dev',
    '--include=optional',
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
    '--loglevel=error', // `npm run -s` would silence even the reason of a failure
  ]);
  if (result.status === 0) {
    say(`done in ${Math.round((Date.now() - started) / 1000)} s\n`);
    return true;
  }
  // Only now is npm's output of interest: on success it is engine warnings about
  // packages that the pinned runtime satisfies.
  say(`failed\n${result.stdout ?? ''}${result.stderr ?? ''}${result.error?.message ?? ''}\n`);
  return false;
}

/**
 * npm writes node_modules/.package-lock.json last, listing what it really put
 * there, so an interrupted, a stale and a hand-made install are all told apart.
 * Optional packages may be absent: most are for other platforms.
 */
function isInstalled(folder) {
  const wanted = readPackages(join(folder, 'package-lock.json'));
  const present = readPackages(join(folder, 'node_modules', '.package-lock.json'));
  if (!wanted || !present) return false;
  return Object.entries(wanted).every(([path, entry]) => {
    if (path === '') return true;
    const found = present[path];
    if (!found) return entry.optional === true;
    return found.version === entry.version && found.integrity === entry.integrity;
  });
}

function readPackages(lockfile) {
  if (!existsSync(lockfile)) return undefined;
  try {
    return JSON.parse(readFileSync(lockfile, 'utf8')).packages;
  } catch {
    return undefined; // half-written by an interrupted install: same as none
  }
}

/** The npm that started us, under the Node it runs on; else the one on the path. */
function npm(cwd, args) {
  const options = {
    cwd,
    encoding: 'utf8',
    env: { ...process.env, PATH: pathWithoutBin() },
    stdio: ['ignore', 'pipe', 'pipe'],
  };
  const { npm_execpath: script, npm_node_execpath: node } = process.env;
  if (script && node && existsSync(script) && !node.startsWith(root))
    return spawnSync(node, [script, ...args], options);
  return spawnSync('npm', args, options);
}

/** `npm ci` removes node_modules first: npm must not itself be running on the Node in there. */
function pathWithoutBin() {
  const path = process.env.PATH ?? '';
  return path
    .split(delimiter)
    .filter((entry) => !entry.startsWith(join(root, 'node_modules')))
    .join(delimiter);
}

/** The version of the `node` that an npm script in this checkout finds. */
function nodeVersion() {
  const path = [bin, process.env.PATH ?? ''].join(delimiter);
  const { stdout } = spawnSync('node', ['--version'], { encoding: 'utf8', env: { ...process.env, PATH: path } });
  return stdout?.trim() || 'none';
}

function majorOf(version) {
  return Number(/^v(\d+)\./.exec(version)?.[1] ?? 0);
}

function say(text) {
  process.stderr.write(text);
}

function stop(sentence) {
  say(`${sentence}\n`);
  process.exit(EXIT_UNUSABLE);
}
