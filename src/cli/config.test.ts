import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { cli, folder } from './run-cli.fixture.ts';

test('config schema prints a JSON Schema that refuses unknown keys', async (t) => {
  const ran = await cli(['config', 'schema'], { home: folder(t) });
  assert.equal(ran.status, 0);
  assert.equal((JSON.parse(ran.stdout) as { additionalProperties: boolean }).additionalProperties, false);
});

test('config check prints the whole configuration, and names file, line and key of a fault', async (t) => {
  const home = folder(t);
  assert.match((await cli(['config', 'check'], { home })).stdout, /^No mandate\.yaml: every default is valid/);
  mkdirSync(join(home, '.mandate'));
  const file = join(home, '.mandate', 'mandate.yaml');
  writeFileSync(file, 'listen: 127.0.0.1:8000\n');
  const good = JSON.parse((await cli(['config', 'check', '--json'], { home })).stdout) as { listen: string };
  assert.equal(good.listen, '127.0.0.1:8000');
  writeFileSync(file, 'listen: 127.0.0.1:8000\nlisten_port: 3\n');
  const bad = await cli(['config', 'check'], { home });
  assert.equal(bad.status, 2);
  assert.equal(bad.stderr, `mandate: ${file}:2: listen_port: is not a known key (config.invalid)\n`);
  const missing = await cli(['config', 'check', join(home, 'none.yaml')], { home });
  assert.equal(missing.status, 2);
});
