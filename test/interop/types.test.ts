import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { missing } from './partners.ts';

// The main tsconfig leaves this folder out: without the partners it cannot be checked.
test('the interop tests fit the types of their partners', { skip: missing }, () => {
  const compiler = fileURLToPath(new URL('../../node_modules/.bin/tsc', import.meta.url));
  const { status, stdout } = spawnSync(compiler, ['-p', import.meta.dirname], { encoding: 'utf8' });
  assert.equal(status, 0, stdout);
});
