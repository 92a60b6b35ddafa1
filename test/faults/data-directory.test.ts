import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { ask, done } from '../e2e/api.fixture.ts';
import { operatorToken } from '../e2e/operator-token.fixture.ts';
import { folder, runProgram, serving } from '../e2e/program.fixture.ts';

test('serve on a directory that it cannot have says why in one sentence and leaves it as it is', async (t) => {
  const data = join(folder(t), 'data');
  const first = await serving(t, data);
  await done(ask(`${first.url}/v1/humans`, 'POST', operatorToken(data), { id: 'olga', roles: ['member'] }));

  await t.test('a second serve on the same directory', async (s) => {
    await refused(s, data, 'data.locked');
    assert.equal((await ask(`${first.url}/readyz`, 'GET', null)).status, 200);
  });

  await t.test('a port in use', async (s) => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    s.after(() => taken.close());
    const { port } = taken.address() as AddressInfo; // it listens on a port
    await refused(s, join(folder(s), 'data'), 'listen.taken', ['--port', String(port)]);
  });

  assert.equal(await first.stop(), 0);

  await t.test('a file, and a place below a file', async (s) => {
    const file = join(folder(s), 'file');
    writeFileSync(file, 'mine');
    await refused(s, file, 'data.unreadable');
    await refused(s, join(file, 'below'), 'data.unreadable');
  });

  // Modes do not stop root; a file system that is mounted to be read does.
  await t.test('a directory that cannot be written', async (s) => {
    const place = folder(s);
    const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=8m,mode=0700', 'tmpfs', place]);
    if (mounted.status !== 0) return s.skip('only root may mount a file system');
    cpSync(data, place, { recursive: true });
    assert.equal(spawnSync('mount', ['-o', 'remount,ro', place]).status, 0);
    await refused(s, place, 'data.unreadable');
    await refused(s, join(place, 'new'), 'data.unreadable');
    assert.equal(spawnSync('umount', [place]).status, 0);
  });

  const halves: readonly (readonly [what: string, break_: (copy: string) => void])[] = [
    ['without its evidence', (copy) => rmSync(join(copy, 'audit.db'))],
    ['with half a store', (copy) => truncateSync(join(copy, 'mandate.db'), 6_000)],
    ['with half of its evidence', (copy) => truncateSync(join(copy, 'audit.db'), 6_000)],
    ['with empty evidence', (copy) => truncateSync(join(copy, 'audit.db'), 0)],
    [
      'whose evidence is something else',
      (copy) => writeFileSync(join(copy, 'audit.db'), 'not a database, by no means'),
    ],
  ];
  for (const [what, breakIt] of halves) {
    await t.test(`a directory ${what}`, async (s) => {
      const copy = join(folder(s), 'copy');
      cpSync(data, copy, { recursive: true });
      breakIt(copy);
      await refused(s, copy, 'data.damaged');
    });
  }

  await t.test('a directory that a start left half made', async (s) => {
    const half = join(folder(s), 'half');
    mkdirSync(half, { mode: 0o700 });
    mkdirSync(join(half, 'keys'), { mode: 0o700 });
    cpSync(join(data, 'node-id'), join(half, 'node-id'));
    const begun = await serving(s, half);
    assert.ok(begun.first_run_link !== null);
    assert.equal(await begun.stop(), 0);
  });

  await t.test('after all of it, the first one starts with all it had', async (s) => {
    const again = await serving(s, data);
    await done(ask(`${again.url}/v1/humans/olga`, 'GET', operatorToken(data)));
    assert.equal(await again.stop(), 0);
    const verified = await runProgram(s, ['audit', 'verify', '--data', data]);
    assert.equal(verified.status, 0, verified.stdout);
  });
});

async function refused(
  t: TestContext,
  data: string,
  code: string,
  args: readonly string[] = ['--port', '0'],
): Promise<void> {
  const existed = existsSync(data);
  const { status, stdout, stderr } = await runProgram(t, ['serve', '--data', data, '--quiet', ...args]);
  assert.match(stderr, new RegExp(`^mandate: [^\\n]+\\. \\(${code.replace('.', '\\.')}\\)\\n$`));
  assert.equal(stdout, '');
  assert.equal(status, code === 'data.damaged' ? 1 : 2, stderr);
  assert.equal(existsSync(data), existed || code === 'listen.taken');
}
