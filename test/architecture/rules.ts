/**
 * The dependency rule of ARCHITECTURE.md as data, and the three things that can
 * break it: an edge between rooms, a package in the core, and a cycle.
 */
import { posix } from 'node:path';
import { importsOf } from './imports.ts';

/** Path from the repository's root, with forward slashes -> the file's text. */
export type Sources = ReadonlyMap<string, string>;

/** Which rooms a file of each room may import from. Its own room is always allowed. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  core: [],
  standards: [],
  ports: ['core', 'standards'],
  policy: ['ports', 'core', 'standards'],
  govern: ['policy', 'ports', 'core', 'standards'],
  enforce: ['govern', 'policy', 'ports', 'core', 'standards'],
  doors: ['govern', 'policy', 'ports', 'core', 'standards'],
  api: ['govern', 'policy', 'ports', 'core', 'standards'],
  adapters: ['ports', 'core', 'standards'],
  beside: ['core', 'policy', 'ports', 'adapters', 'standards'],
  // `serve` and `demo` are commands, and `config` prints the schema.
  cli: ['beside', 'core', 'policy', 'ports', 'adapters', 'standards', 'config.ts', 'serve.ts'],
  console: [],
  'config.ts': ['core', 'ports', 'adapters', 'standards'],
  'serve.ts': [
    'core',
    'standards',
    'ports',
    'policy',
    'govern',
    'enforce',
    'doors',
    'api',
    'adapters',
    'beside',
    'config.ts',
  ],
  'main.ts': ['cli', 'core', 'config.ts', 'serve.ts'],
};

/** These see the API as its callers do: its types, never its code. */
const MAY_IMPORT_API_TYPES = ['cli', 'console'];

/** Tests may stand their room on a real adapter, except where there is nothing to stand. */
const TESTS_WITHOUT_ADAPTERS = ['core', 'standards'];

/** Every broken rule as `file:line: sentence`; empty when the house is in order. */
export function violationsOf(sources: Sources): readonly string[] {
  const found: string[] = [];
  for (const [file, source] of sources) {
    if (roomOf(file) === undefined) found.push(`${file}:1: no such room; see ARCHITECTURE.md for where it belongs`);
    if (isIn(file, 'core') && /^\s*\/\/\/\s*<reference/m.test(source))
      found.push(`${file}:1: a reference directive in the core`);
    if (mintsPermits(file, source)) found.push(`${file}:1: only govern mints permits`);
    for (const { specifier, typeOnly, line } of importsOf(source)) {
      const problem = problemWith(file, specifier, typeOnly);
      if (problem) found.push(`${file}:${line}: ${problem}`);
    }
  }
  for (const cycle of cyclesIn(sources)) found.push(`${cycle[0]}:1: an import cycle: ${cycle.join(' -> ')}`);
  return found;
}

/** Who can mint a permit can reach an upstream without a decision. */
function mintsPermits(file: string, source: string): boolean {
  return source.includes('mintPermit') && !isIn(file, 'govern') && file !== 'src/core/permit.ts' && !isTest(file);
}

function problemWith(file: string, specifier: string | undefined, typeOnly: boolean): string | undefined {
  if (specifier === undefined) return 'an import whose target is computed cannot be checked';
  if (!specifier.startsWith('.')) {
    return isIn(file, 'core') && !isTest(file)
      ? `the core imports no package and no node: module (${specifier})`
      : undefined;
  }
  const target = resolve(file, specifier);
  const from = roomOf(file);
  const to = roomOf(target);
  if (from === undefined) return undefined; // said once for the file
  if (isTest(target) && !isTest(file)) return `only tests import tests (${specifier})`;
  if (to === undefined) return leavesTheHouse(file, target);
  if (from === to) return from === 'adapters' && !isTest(file) ? betweenAdapters(file, target) : undefined;
  if (MAY_IMPORT[from]?.includes(to)) return undefined;
  if (to === 'api' && MAY_IMPORT_API_TYPES.includes(from)) {
    return typeOnly ? undefined : `${from} may import only types from api (${specifier})`;
  }
  if (to === 'adapters' && isTest(file) && !TESTS_WITHOUT_ADAPTERS.includes(from)) return undefined;
  // What is tested over HTTP is tested on the listener that the program opens.
  if (target.startsWith('src/doors/http/') && isTest(file)) return undefined;
  // Tests of the command line run the whole program.
  if (to === 'main.ts' && isTest(file)) return undefined;
  return `${from} may not import ${to} (${specifier})`;
}

/** Data beside src (package.json, catalogues) may be read by any room but the core; code there may not. */
function leavesTheHouse(file: string, target: string): string | undefined {
  if (isIn(file, 'console') || isTest(file)) return undefined;
  if (target.endsWith('.json') && !isIn(file, 'core')) return undefined;
  return `imports ${target}, which is in no room`;
}

/** One port's backends may share a file; two ports' may not. */
function betweenAdapters(file: string, target: string): string | undefined {
  const portOf = (path: string): string | undefined => path.split('/')[2];
  return portOf(file) === portOf(target)
    ? undefined
    : `adapters of different ports (${portOf(file)}, ${portOf(target)}) may not meet`;
}

/**
 * Each import that closes a circle, as the files around it. Types do not count:
 * two nouns may describe each other, but neither may need the other to load.
 */
function cyclesIn(sources: Sources): readonly (readonly string[])[] {
  const cycles: string[][] = [];
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (file: string): void => {
    if (done.has(file)) return;
    const start = path.indexOf(file);
    if (start >= 0) {
      cycles.push([...path.slice(start), file]);
      return;
    }
    path.push(file);
    for (const { specifier, typeOnly } of importsOf(sources.get(file) ?? '')) {
      if (!typeOnly && specifier?.startsWith('.') && sources.has(resolve(file, specifier)))
        visit(resolve(file, specifier));
    }
    path.pop();
    done.add(file);
  };
  for (const file of sources.keys()) visit(file);
  return cycles;
}

function resolve(file: string, specifier: string): string {
  return posix.join(posix.dirname(file), specifier);
}

/** `src/core/flow/label.ts` -> `core`; `src/main.ts` -> `main.ts`; `console/src/x.tsx` -> `console`. */
function roomOf(file: string): string | undefined {
  const [top, second] = file.split('/');
  const room = top === 'src' ? second : top;
  if (top !== 'src' && top !== 'console') return undefined;
  // The test of `config.ts` stands beside it.
  const name = room?.replace(/\.test\.ts$/, '.ts');
  return name !== undefined && Object.hasOwn(MAY_IMPORT, name) ? name : undefined;
}

function isIn(file: string, room: string): boolean {
  return roomOf(file) === room;
}

function isTest(file: string): boolean {
  return /\.(?:test|suite|fixture)\.tsx?$/.test(file);
}
