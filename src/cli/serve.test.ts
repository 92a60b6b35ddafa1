import assert from 'node:assert/strict';
import { existsSync, lstatSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import type { ChildProcess } from 'node:child_process';
import { cli, ended, folder, seen, start } from './run-cli.fixture.ts';

const SECRET = 'correct horse battery staple';

test('serve prints the real port and the first-run link once, serves the CLI, and ends with 0 on SIGTERM', async (t) => {
  const home = folder(t);
  const { child, url, link } = await serving(t, home);
  assert.match(url, /^http:\/\/127\.0\.0\.1:[1-9]\d*$/);
  const env = { MANDATE_URL: url };
  assert.match((await cli(['whoami'], { home, env })).stdout, /acting as +operator/);
  assert.ok(link !== null);
  const login = await cli(['login', '--link', link, '--passphrase-stdin'], { home, env, stdin: SECRET });
  assert.equal(login.status, 0, login.stderr);
  assert.match((await cli(['whoami'], { home, env })).stdout, /acting as +human admin/);
  assert.match((await cli(['whoami', '--as', 'operator'], { home, env })).stdout, /acting as +operator/);

  const made = await cli(['actor', 'add-human', 'ben', '--role', 'member', '--role', 'approver', '--json'], {
    home,
    env,
  });
  assert.equal(made.status, 0, made.stderr);
  assert.match((await cli(['actor', 'list'], { home, env })).stdout, /^ben +human +registered/m);
  const again = await cli(['actor', 'add-human', 'ben', '--role', 'member'], { home, env });
  assert.equal(again.status, 1);
  assert.match(again.stderr, /\(conflict\.exists\)/);
  const missing = await cli(['server', 'add', 'files', '--environment', 'development', '--', './no-such-program'], {
    home,
    env,
  });
  assert.equal(missing.status, 1);
  assert.match(missing.stderr, /\(server\.command\)/);
  const scoped = await cli(['task', 'open', '--agent', 'nobody', '--purpose', 'try', '--tool', 'files/*'], {
    home,
    env,
  });
  assert.equal(scoped.status, 1);
  assert.match((await cli(['audit', 'verify'], { home })).stdout, /^verified: /m);

  assert.match(
    (await cli(['whoami', '--as', 'operator'], { home })).stdout,
    new RegExp(`at +${url}\n`),
    'found by its data directory',
  );

  assert.deepEqual(readableByOthers(join(home, '.mandate')), []);
  child.kill('SIGTERM');
  assert.equal(await ended(child), 0);
  assert.deepEqual(readableByOthers(join(home, '.mandate')), []);
  assert.equal((await cli(['whoami'], { home, env })).status, 3);
  assert.equal(existsSync(join(home, '.mandate', 'address')), false);
  assert.equal((await cli(['audit', 'verify'], { home })).status, 0);

  const second = await serving(t, home);
  assert.equal(second.link, null, 'there is an administrator now');
  second.child.kill('SIGINT');
  assert.equal(await ended(second.child), 0);
});

test('a second serve on the same directory, a port in use and a wrong configuration end with 2 and one sentence', async (t) => {
  const home = folder(t);
  const { child } = await serving(t, home);
  const second = await cli(['serve', '--port', '0', '--quiet'], { home });
  assert.equal(second.status, 2);
  assert.equal(second.stdout, '');
  assert.match(second.stderr, new RegExp(`^mandate: [^\\n]*pid ${child.pid}[^\\n]* \\(data\\.locked\\)\\n$`));
  child.kill('SIGTERM');
  await ended(child);

  const port = await taken(t);
  const busy = await cli(['serve', '--port', String(port), '--quiet'], { home });
  assert.equal(busy.status, 2);
  assert.match(busy.stderr, new RegExp(`^mandate: [^\\n]*:${port} [^\\n]* \\(listen\\.taken\\)\\n$`));

  writeFileSync(join(home, '.mandate', 'mandate.yaml'), 'lisen: 127.0.0.1:1\n');
  const wrong = await cli(['serve', '--port', '0'], { home });
  assert.equal(wrong.status, 2);
  assert.match(wrong.stderr, /mandate\.yaml:1: lisen: is not a known key \(config\.invalid\)\n$/);
});

test('options that cannot be are refused before anything is opened', async (t) => {
  const home = folder(t);
  for (const args of [
    ['--port', '65536'],
    ['--listen', 'nowhere'],
    ['--config', join(home, 'none.yaml')],
  ]) {
    assert.equal((await cli(['serve', ...args], { home })).status, 2, args.join(' '));
  }
  const postgres = await cli(['serve'], { home, env: { MANDATE_DATABASE_URL: 'postgres://db/mandate' } });
  assert.equal(postgres.status, 2);
  assert.match(postgres.stderr, /MANDATE_DATABASE_URL.*\(config\.invalid\)/);
});

test('a data directory that others can read is refused', async (t) => {
  const home = folder(t);
  const data = join(home, 'shared');
  mkdirSync(data, { mode: 0o755 });
  writeFileSync(join(data, 'something'), '');
  const ran = await cli(['serve', '--port', '0', '--data', data], { home });
  assert.equal(ran.status, 2);
  assert.match(ran.stderr, /\(data\.unreadable\)\n$/);
});

async function serving(
  t: TestContext,
  home: string,
): Promise<{ child: ChildProcess; url: string; link: string | null }> {
  const child = start(['serve', '--port', '0', '--quiet', '--json'], { home });
  t.after(() => child.kill('SIGKILL'));
  const printed = await seen(child, (out) => (out.endsWith('}\n') ? out : null));
  const { url, first_run_link, pid } = JSON.parse(printed) as {
    url: string;
    first_run_link: string | null;
    pid: number;
  };
  assert.equal(pid, child.pid);
  return { child, url, link: first_run_link };
}

/** A port on the loopback that somebody listens on. */
async function taken(t: TestContext): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  const address = server.address();
  return typeof address === 'object' ? (address?.port ?? 0) : 0;
}

/** Whatever lies in the folder and has a mode that gives anyone else anything. */
function readableByOthers(path: string): readonly string[] {
  const names = readdirSync(path, { recursive: true, encoding: 'utf8' });
  assert.ok(names.includes('audit.db') && names.includes('mandate.db'));
  return names.filter((name) => (lstatSync(join(path, name)).mode & 0o077) !== 0);
}
