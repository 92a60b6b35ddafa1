import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { readConfig } from './read-config.ts';

test('a relative policies folder is one beside the configuration file, an absolute one stays', (t) => {
  const place = folder(t);
  mkdirSync(join(place, 'etc'));
  const file = join(place, 'etc', 'mandate.yaml');
  writeFileSync(file, 'policies: ours\n');
  assert.equal(readConfig({ config: file }).config.policies, join(place, 'etc', 'ours'));
  assert.equal(readConfig({ data: join(place, 'etc') }).config.policies, join(place, 'etc', 'ours'));
  writeFileSync(file, 'policies: /srv/policies\n');
  assert.equal(readConfig({ config: file }).config.policies, '/srv/policies');
});

test('no file is every default, and a named file that is missing is a fault', (t) => {
  const place = folder(t);
  assert.equal(readConfig({ data: place }).file, null);
  assert.throws(
    () => readConfig({ config: join(place, 'none.yaml') }),
    (error: Error & { code?: string }) => error.code === 'config.invalid',
  );
});

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'mandate-config-'));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}
