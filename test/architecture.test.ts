import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { sep } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { importsOf } from './architecture/imports.ts';
import { type Sources, violationsOf } from './architecture/rules.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

test('the house obeys its dependency rule', () => {
  const sources = sourcesOnDisk();
  // A checker that sees nothing finds nothing wrong.
  assert.ok(sources.size > 0, 'found no source files');
  assert.ok(
    [...sources.keys()].some((file) => file.startsWith('src/core/') && !file.endsWith('.d.ts')),
    'found no core',
  );
  assert.deepEqual(violationsOf(sources), []);
});

test('the files on disk are really read', () => {
  const edges = [...sourcesOnDisk().values()].flatMap((source) => importsOf(source));
  assert.ok(edges.length > 0, 'no import found in any file');
});

const FORBIDDEN: readonly {
  readonly what: string;
  readonly files: Readonly<Record<string, string>>;
  readonly says: RegExp;
}[] = [
  {
    what: 'an upward edge',
    files: { 'src/ports/clock.ts': `import { serve } from '../govern/authorize.ts';` },
    says: /ports may not import govern/,
  },
  {
    what: 'an adapter that knows policy',
    files: { 'src/adapters/stores/a.ts': `import type { X } from '../../policy/x.ts';` },
    says: /adapters may not import policy/,
  },
  {
    what: 'an adapter that knows govern',
    files: { 'src/adapters/stores/a.ts': `export * from '../../govern/x.ts';` },
    says: /adapters may not import govern/,
  },
  {
    what: 'a standard that knows Mandate',
    files: { 'src/standards/cedar/a.ts': `import '../../core/json.ts';` },
    says: /standards may not import core/,
  },
  {
    what: 'a standard in the core',
    files: { 'src/core/a.ts': `import { b } from '../standards/b.ts';` },
    says: /core may not import standards/,
  },
  {
    what: 'two enforcement rooms that meet',
    files: { 'src/enforce/mcp/a.ts': `const b = await import('../../doors/b.ts');` },
    says: /enforce may not import doors/,
  },
  {
    what: 'adapters of two ports that meet',
    files: { 'src/adapters/upstream/a.ts': `import { b } from '../stores/b.ts';` },
    says: /adapters of different ports/,
  },
  {
    what: 'the API as code in a command',
    files: { 'src/cli/a.ts': `import { b } from '../api/b.ts';` },
    says: /cli may import only types from api/,
  },
  {
    what: 'an inline type, which still loads the API',
    files: { 'src/cli/a.ts': `import { type B } from '../api/b.ts';` },
    says: /only types from api/,
  },
  {
    what: 'the composition root from a room',
    files: { 'src/govern/a.ts': `import { serve } from '../serve.ts';` },
    says: /govern may not import serve\.ts/,
  },
  {
    what: 'a package in the core',
    files: { 'src/core/a.ts': `import { z } from 'zod';` },
    says: /core imports no package/,
  },
  {
    what: 'a node module in the core',
    files: { 'src/core/a.ts': `import type { KeyObject } from 'node:crypto';` },
    says: /core imports no package/,
  },
  {
    what: 'a package required in the core',
    files: { 'src/core/a.ts': `const z = require('zod');` },
    says: /core imports no package/,
  },
  {
    what: 'node types in the core',
    files: { 'src/core/a.ts': `/// <reference types="node" />` },
    says: /reference directive/,
  },
  {
    what: 'a worker across rooms',
    files: { 'src/ports/a.ts': `new Worker(new URL('../enforce/b.ts', import.meta.url));` },
    says: /ports may not import enforce/,
  },
  {
    what: 'a computed import',
    files: { 'src/adapters/stores/a.ts': 'await import(`./${name}.ts`);' },
    says: /computed/,
  },
  {
    what: 'a test inside the product',
    files: { 'src/govern/a.ts': `import '../ports/b.suite.ts';` },
    says: /only tests import tests/,
  },
  {
    what: 'test code from the product',
    files: { 'src/govern/a.ts': `import { x } from '../../test/x.ts';` },
    says: /in no room/,
  },
  { what: 'a room that is not in the plan', files: { 'src/helpers/a.ts': '' }, says: /no such room/ },
  { what: 'a file beside the rooms', files: { 'src/misc.ts': '' }, says: /no such room/ },
  {
    what: 'a cycle',
    files: {
      'src/core/a.ts': `import './b.ts';`,
      'src/core/b.ts': `import './c.ts';`,
      'src/core/c.ts': `import './a.ts';`,
    },
    says: /cycle: src\/core\/a\.ts -> src\/core\/b\.ts -> src\/core\/c\.ts -> src\/core\/a\.ts/,
  },
  {
    what: 'a permit minted outside govern',
    files: { 'src/enforce/mcp/a.ts': `import { mintPermit } from '../../core/permit.ts';` },
    says: /only govern mints permits/,
  },
  { what: 'a file that imports itself', files: { 'src/core/a.ts': `import './a.ts';` }, says: /cycle/ },
];

for (const { what, files, says } of FORBIDDEN) {
  test(`${what} is caught`, () => {
    const violations = violationsOf(new Map(Object.entries(files)));
    assert.equal(violations.length, 1, violations.join('\n'));
    assert.match(violations[0] ?? '', says);
  });
}

const ALLOWED: Readonly<Record<string, string>> = {
  'src/core/a.ts': `import { b } from './flow/b.ts'; // import { z } from 'zod'`,
  'src/core/c.ts': `import type { D } from './d.ts';`,
  'src/core/d.ts': `import type { C } from './c.ts';`,
  'src/core/a.test.ts': `import test from 'node:test'; import fc from 'fast-check'; import { a } from './a.ts';`,
  'src/ports/tasks.suite.ts': `import { test } from 'node:test'; import type { Tasks } from './tasks.ts';`,
  'src/config.test.ts': `import { parseConfig } from './config.ts';`,
  'src/govern/a.fixture.ts': `import { open } from '../adapters/stores/memory.ts';`,
  'src/govern/a.test.ts': `import { open } from '../adapters/stores/memory.ts';`,
  'src/adapters/stores/sqlite.ts': `import { rows } from './rows.ts'; import { parse } from '../../standards/strict-json/parse.ts';`,
  'src/cli/task.ts': `import type { Task } from '../api/tasks.ts'; import { serve } from '../serve.ts';`,
  'src/api/version.ts': `import info from '../../package.json' with { type: 'json' };`,
  'src/serve.ts': `import { a } from './govern/a.ts'; import { b } from './adapters/stores/sqlite.ts';`,
};

test('what the rule allows is not called a violation', () => {
  assert.deepEqual(violationsOf(new Map(Object.entries(ALLOWED))), []);
});

test('imports are found whatever the layout, and only where they are code', () => {
  const source = [
    `import a, { b as c, type D } from './one.ts';`,
    `import type { E } from './two.ts';`,
    `import\n  * as f\n  from "./three.ts";`,
    `import './four.ts';`,
    `export { g } from './five.ts';`,
    `export type { H } from './six.ts';`,
    `export * as i from './seven.ts';`,
    'const j = `${await import(`./eight.ts`)} import "./no.ts" ${`import("./no.ts")`}`;',
    `// import './no.ts'`,
    `/* import './no.ts' */ const k = "import './no.ts'";`,
    `const l = /['"\`/]/.test(k) ? 1 / 2 : /\\/\\*/;`,
    `export { k, l };`,
    `const from = { import: './no.ts' }; from.import('./no.ts'); import.meta.url;`,
    `export const m = ['from', './no.ts'];`,
    `import type from './nine.ts';`,
    `type N = import('./ten.ts').N;`,
  ].join('\n');
  assert.deepEqual(
    importsOf(source).map(({ specifier, typeOnly }) => `${specifier}${typeOnly ? ' (type)' : ''}`),
    [
      './one.ts',
      './two.ts (type)',
      './three.ts',
      './four.ts',
      './five.ts',
      './six.ts (type)',
      './seven.ts',
      './eight.ts',
      './nine.ts',
      './ten.ts',
    ],
  );
});

function sourcesOnDisk(): Sources {
  const files = globSync(['src/**/*.ts', 'console/src/**/*.{ts,tsx}'], { cwd: ROOT });
  return new Map(files.map((file) => [file.split(sep).join('/'), readFileSync(`${ROOT}/${file}`, 'utf8')]));
}
