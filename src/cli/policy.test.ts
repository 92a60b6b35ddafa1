import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { cli, folder } from './run-cli.fixture.ts';

const SHIPPED = fileURLToPath(new URL('../../policies/', import.meta.url));

test('the shipped packs pass their checks and their examples, each policy by one at least', async (t) => {
  const home = folder(t);
  const checked = await cli(['policy', 'check', SHIPPED, '--json'], { home });
  assert.equal(checked.status, 0, checked.stdout);
  const tested = await cli(['policy', 'test', SHIPPED, '--json'], { home });
  assert.equal(tested.status, 0, tested.stdout);
  assert.deepEqual((JSON.parse(tested.stdout) as { untested: string[] }).untested, []);
});

test('a policy that does not parse is named by file, line and column; the exit status is 1', async (t) => {
  const home = folder(t);
  const dir = join(home, 'policies');
  mkdirSync(dir);
  writeFileSync(join(dir, 'broken.cedar'), '@id("x")\npermit (principal, action, resource\n');
  const ran = await cli(['policy', 'check', dir], { home });
  assert.equal(ran.status, 1);
  assert.match(ran.stdout, /^error: broken\.cedar:\d+:\d+: /);
  assert.equal((await cli(['policy', 'test', dir], { home })).status, 1);
});

test('a folder without policies is said so', async (t) => {
  const home = folder(t);
  const ran = await cli(['policy', 'check', home], { home });
  assert.equal(ran.status, 1);
  assert.match(ran.stderr, /No \*\.cedar file.*\(policy\.invalid\)/);
});
