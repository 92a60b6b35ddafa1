import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { cli, folder, scripted } from './run-cli.fixture.ts';

const ADMIN = `mda_${'a'.repeat(43)}`;

test('MANDATE_TOKEN goes before the admin token, and --as operator before both', async (t) => {
  const home = withAdminToken(folder(t));
  const { url, calls } = await scripted(t, () => ({ json: { kind: 'operator' } }));
  const env = { MANDATE_URL: url };
  assert.match((await cli(['whoami'], { home, env })).stdout, /with +admin-token/);
  await cli(['whoami'], { home, env: { ...env, MANDATE_TOKEN: 'mdc_x' } });
  await cli(['whoami', '--as', 'operator'], { home, env: { ...env, MANDATE_TOKEN: 'mdc_x' } });
  assert.deepEqual(
    calls.map((call) => call.bearer),
    [ADMIN, 'mdc_x', ADMIN],
  );
});

test('no server is exit status 3 and a sentence that says what to do, with or without a credential', async (t) => {
  const url = `http://127.0.0.1:${await freePort()}`;
  for (const home of [withAdminToken(folder(t)), folder(t)]) {
    const ran = await cli(['agent', 'list'], { home, env: { MANDATE_URL: url } });
    assert.equal(ran.status, 3);
    assert.equal(
      ran.stderr,
      `mandate: Nothing listens at ${url}; is \`mandate serve\` running there? (upstream.unreachable)\n`,
    );
  }
});

test('a server that is not Mandate is exit status 3', async (t) => {
  const home = withAdminToken(folder(t));
  const { url } = await scripted(t, () => ({ text: '<html>hello</html>' }));
  const ran = await cli(['agent', 'list'], { home, env: { MANDATE_URL: url } });
  assert.equal(ran.status, 3);
  assert.match(ran.stderr, /is not Mandate/);
});

test('a redirect is not followed: the credential would go along', async (t) => {
  const home = withAdminToken(folder(t));
  const other = await scripted(t, () => ({ json: { kind: 'operator' } }));
  const { url } = await scripted(t, () => ({ status: 307, location: `${other.url}/v1/whoami` }));
  const ran = await cli(['whoami'], { home, env: { MANDATE_URL: url } });
  assert.equal(ran.status, 3);
  assert.equal(other.calls.length, 0);
});

test('another machine gets no credential without TLS, and never the admin token of this one', async (t) => {
  const home = withAdminToken(folder(t));
  const plain = await cli(['whoami'], {
    home,
    env: { MANDATE_URL: 'http://mandate.invalid:7373', MANDATE_TOKEN: 'mdc_x' },
  });
  assert.equal(plain.status, 3);
  assert.match(plain.stderr, /without TLS/);
  const { findToken } = await import('./token.ts');
  const token = findToken(new URL('https://mandate.invalid'), join(home, '.mandate'), 'operator');
  assert.equal(token.secret, null);
});

test("the server's refusal is its sentence, its code and exit status 1", async (t) => {
  const home = withAdminToken(folder(t));
  const { url } = await scripted(t, () => ({
    status: 409,
    json: {
      type: 'about:blank',
      title: 'x',
      status: 409,
      code: 'conflict.exists',
      detail: 'This id is taken.',
      at: '/id',
    },
  }));
  const ran = await cli(['actor', 'add-human', 'ana', '--role', 'member', '--json'], {
    home,
    env: { MANDATE_URL: url },
  });
  assert.equal(ran.status, 1);
  assert.equal(ran.stderr, 'mandate: This id is taken. (conflict.exists)\n');
  assert.deepEqual(JSON.parse(ran.stdout), {
    type: 'about:blank',
    title: 'conflict.exists',
    code: 'conflict.exists',
    detail: 'This id is taken.',
    at: '/id',
  });
});

test('where there is no credential, the sentence says where one could come from', async (t) => {
  const { url, calls } = await scripted(t, () => ({
    status: 401,
    json: { code: 'auth.missing', detail: 'No credential was given.' },
  }));
  const ran = await cli(['whoami'], { home: folder(t), env: { MANDATE_URL: url } });
  assert.equal(ran.status, 1);
  assert.match(ran.stderr, /mandate login HUMAN.*\(auth\.missing\)/);
  assert.equal(calls[0]?.bearer, null);
});

test('a list goes over as many pages as its limit takes, and says when there is more', async (t) => {
  const home = withAdminToken(folder(t));
  const { url, calls } = await scripted(t, ({ path }) => {
    const cursor = new URL(path, 'http://x').searchParams.get('cursor');
    const page = cursor === null ? 1 : Number(cursor);
    return {
      json: { items: [{ id: `a${page}`, lifecycle: 'active' }], next_cursor: page < 5 ? String(page + 1) : null },
    };
  });
  const ran = await cli(['agent', 'list', '--json', '--limit', '3'], { home, env: { MANDATE_URL: url } });
  assert.deepEqual(JSON.parse(ran.stdout), {
    items: [1, 2, 3].map((page) => ({ id: `a${page}`, lifecycle: 'active' })),
    more: true,
  });
  assert.match(ran.stderr, /There are more/);
  assert.deepEqual(
    calls.map((call) => call.path),
    ['/v1/agents?limit=3', '/v1/agents?limit=2&cursor=2', '/v1/agents?limit=1&cursor=3'],
  );
});

test('untrusted text in a table or in JSON cannot act on the terminal', async (t) => {
  const home = withAdminToken(folder(t));
  const purpose = 'pay\u001b[2J\u202e\u009b31m p\u0430ypal';
  const { url } = await scripted(t, () => ({ json: { items: [{ id: 'a', purpose }], next_cursor: null } }));
  const table = await cli(['agent', 'list'], { home, env: { MANDATE_URL: url } });
  assert.match(table.stdout, /pay⟦U\+001B⟧\[2J⟦U\+202E⟧⟦U\+009B⟧31m p⟦U\+0430≈a⟧ypal/);
  const json = await cli(['agent', 'list', '--json'], { home, env: { MANDATE_URL: url } });
  assert.doesNotMatch(json.stdout.replaceAll('\n', ''), /[\p{Cc}\p{Cf}]/u);
  assert.equal((JSON.parse(json.stdout) as { items: { purpose: string }[] }).items[0]?.purpose, purpose);
});

test('an id is one segment of a path, whatever is in it', async (t) => {
  const home = withAdminToken(folder(t));
  const { url, calls } = await scripted(t, () => ({ json: {} }));
  await cli(['task', 'show', '../humans?x=1'], { home, env: { MANDATE_URL: url } });
  assert.equal(calls[0]?.path, '/v1/tasks/..%2Fhumans%3Fx%3D1');
});

/** A port that nothing listens on. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' ? (address?.port ?? 0) : 0;
}

function withAdminToken(home: string): string {
  mkdirSync(join(home, '.mandate'), { mode: 0o700 });
  writeFileSync(join(home, '.mandate', 'admin-token'), `${ADMIN}\n`, { mode: 0o600 });
  return home;
}
