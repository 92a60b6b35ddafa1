import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { cli, folder, scripted, type Answer, type Call } from './run-cli.fixture.ts';

const LATER = '2999-01-01T00:00:00.000Z';
const SECRET = 'correct horse battery';

test('a login is kept for its user alone, used from then on, and ended', async (t) => {
  const home = folder(t);
  const { url, calls } = await scripted(t, mandate);
  const env = { MANDATE_URL: url };
  const login = await cli(['login', 'ana', '--passphrase-stdin'], { home, env, stdin: `${SECRET}\n` });
  assert.equal(login.status, 0, login.stderr);
  assert.doesNotMatch(login.stdout, /mdc_/);
  const file = join(home, '.config', 'mandate', 'session.json');
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.deepEqual(readdirSync(join(home, '.config', 'mandate')), ['session.json']);

  await cli(['whoami'], { home, env });
  assert.equal(calls.at(-1)?.bearer, 'mdc_kept');
  assert.match((await cli(['login', '--end'], { home, env })).stdout, /ana is logged out/);
  assert.deepEqual(calls.at(-1)?.path, '/v1/sign-out');
  assert.deepEqual(JSON.parse(readFileSync(file, 'utf8')), {});
});

test('--print prints the token and keeps nothing', async (t) => {
  const home = folder(t);
  const { url } = await scripted(t, mandate);
  const ran = await cli(['login', 'ana', '--passphrase-stdin', '--print'], {
    home,
    env: { MANDATE_URL: url },
    stdin: SECRET,
  });
  assert.equal(ran.stdout, 'mdc_kept\n');
  assert.equal(existsSync(join(home, '.config')), false);
});

test('a sign-in link sets the first passphrase', async (t) => {
  const home = folder(t);
  const { url, calls } = await scripted(t, mandate);
  const link = `${url}/sign-in?link=mdl_abc`;
  const ran = await cli(['login', '--link', link, '--passphrase-stdin'], {
    home,
    env: { MANDATE_URL: url },
    stdin: SECRET,
  });
  assert.equal(ran.status, 0, ran.stderr);
  assert.deepEqual(calls[0], {
    method: 'POST',
    path: '/v1/sign-in',
    bearer: null,
    body: { secret: 'mdl_abc', passphrase: SECRET },
  });
});

test('an expired login is a refusal: nobody silently becomes the operator', async (t) => {
  const home = folder(t);
  const { url, calls } = await scripted(t, mandate);
  const env = { MANDATE_URL: url };
  await cli(['login', 'ana', '--passphrase-stdin'], { home, env, stdin: SECRET });
  const file = join(home, '.config', 'mandate', 'session.json');
  writeFileSync(file, readFileSync(file, 'utf8').replace(LATER, '2020-01-01T00:00:00.000Z'));
  const asked = calls.length;
  const ran = await cli(['whoami'], { home, env });
  assert.equal(ran.status, 1);
  assert.match(ran.stderr, /login of ana has expired.*\(auth\.invalid\)/);
  assert.equal(calls.length, asked);
});

test('a session file that cannot be understood is said, not overwritten', async (t) => {
  const home = folder(t);
  const { url } = await scripted(t, mandate);
  await cli(['login', 'ana', '--passphrase-stdin'], { home, env: { MANDATE_URL: url }, stdin: SECRET });
  const file = join(home, '.config', 'mandate', 'session.json');
  writeFileSync(file, '{half');
  const ran = await cli(['login', 'ana', '--passphrase-stdin'], { home, env: { MANDATE_URL: url }, stdin: SECRET });
  assert.equal(ran.status, 1);
  assert.match(ran.stderr, /data\.damaged/);
  assert.equal(readFileSync(file, 'utf8'), '{half');
});

test('without a terminal the passphrase is asked for on stdin, never as an argument', async (t) => {
  const home = folder(t);
  const { url, calls } = await scripted(t, mandate);
  const ran = await cli(['login', 'ana'], { home, env: { MANDATE_URL: url } });
  assert.equal(ran.status, 2);
  assert.match(ran.stderr, /--passphrase-stdin/);
  assert.equal(calls.length, 0);
});

test('an answer is given with a bearer that is never on the disk, for the digest that was shown', async (t) => {
  const { home, env, calls } = await loggedIn(t);
  const ran = await cli(['approval', 'approve', 'apr_1', '--reason', 'fine', '--passphrase-stdin'], {
    home,
    env,
    stdin: SECRET,
  });
  assert.equal(ran.status, 0, ran.stderr);
  assert.deepEqual(calls, [
    { method: 'GET', path: '/v1/approvals/apr_1', bearer: 'mdc_kept', body: null },
    { method: 'POST', path: '/v1/step-up', bearer: 'mdc_kept', body: { passphrase: SECRET } },
    {
      method: 'POST',
      path: '/v1/approvals/apr_1/approve',
      bearer: 'mdc_proved',
      body: { digest: 'sha256:d1', reason: 'fine' },
    },
    { method: 'POST', path: '/v1/sign-out', bearer: 'mdc_proved', body: {} },
  ]);
  assert.match(ran.stderr, /"pay": "p⟦U\+0430≈a⟧ypal⟦U\+202E⟧"/);
  assert.doesNotMatch(readFileSync(join(home, '.config', 'mandate', 'session.json'), 'utf8'), /mdc_proved/);
});

test('another digest than the one asked about is refused before the passphrase leaves', async (t) => {
  const { home, env, calls } = await loggedIn(t);
  const args = ['approval', 'approve', 'apr_1', '--reason', 'fine', '--digest', 'sha256:d2', '--passphrase-stdin'];
  const ran = await cli(args, { home, env, stdin: SECRET });
  assert.equal(ran.status, 1);
  assert.match(ran.stderr, /\(approval\.digest\)/);
  assert.deepEqual(
    calls.map((call) => call.path),
    ['/v1/approvals/apr_1'],
  );
});

test('the admin token answers no approval: without a human the CLI does not even ask', async (t) => {
  const home = folder(t);
  const { url, calls } = await scripted(t, mandate);
  const ran = await cli(['approval', 'approve', 'apr_1', '--reason', 'fine', '--passphrase-stdin'], {
    home,
    env: { MANDATE_URL: url, MANDATE_TOKEN: `mda_${'a'.repeat(43)}` },
    stdin: SECRET,
  });
  assert.equal(ran.status, 1);
  assert.match(ran.stderr, /Only a person answers/);
  assert.equal(calls.length, 0);
});

test('whoever is not logged in answers with a session that ends with the answer', async (t) => {
  const home = folder(t);
  const { url, calls } = await scripted(t, mandate);
  const ran = await cli(['approval', 'deny', 'apr_1', '--human', 'ana', '--reason', 'no', '--passphrase-stdin'], {
    home,
    env: { MANDATE_URL: url },
    stdin: SECRET,
  });
  assert.equal(ran.status, 0, ran.stderr);
  assert.deepEqual(
    calls.map(({ path, bearer }) => [path, bearer]),
    [
      ['/v1/login', null],
      ['/v1/approvals/apr_1', 'mdc_kept'],
      ['/v1/step-up', 'mdc_kept'],
      ['/v1/approvals/apr_1/deny', 'mdc_proved'],
      ['/v1/sign-out', 'mdc_proved'],
      ['/v1/sign-out', 'mdc_kept'],
    ],
  );
  assert.equal(existsSync(join(home, '.config')), false);
});

async function loggedIn(t: TestContext) {
  const home = folder(t);
  const { url, calls } = await scripted(t, mandate);
  const env = { MANDATE_URL: url };
  await cli(['login', 'ana', '--passphrase-stdin'], { home, env, stdin: SECRET });
  calls.length = 0;
  return { home, env, calls };
}

/** As much of the control API as these tests need. */
function mandate({ path }: Call): Answer {
  switch (path) {
    case '/v1/login':
    case '/v1/sign-in':
      return { status: 201, json: { token: 'mdc_kept', expires_at: LATER, human: { id: 'ana' } } };
    case '/v1/step-up':
      return { json: { stepped_up_until: LATER, token: 'mdc_proved' } };
    case '/v1/whoami':
      return { json: { kind: 'human', id: 'ana' } };
    default:
      return {
        json: {
          id: 'apr_1',
          state: 'pending',
          digest: 'sha256:d1',
          votes: [],
          subject: { kind: 'action', server: 'bank', tool: 'pay', shown: '{"pay": "p\u0430ypal\u202e"}' },
        },
      };
  }
}
