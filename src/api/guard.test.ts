import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openApiFixture, type Ask } from './api.fixture.ts';
import { SESSION_COOKIE } from '../core/session-cookie.ts';

/** Every route of the description, with what it needs to be well-formed. */
const BODIES: Readonly<Record<string, unknown>> = {
  'POST /v1/humans': { id: 'zed', roles: ['member'] },
  'POST /v1/humans/{id}/sign-in-link': {},
  'POST /v1/humans/{id}/transitions': { to: 'suspended', reason: 'Test.' },
  'POST /v1/login': { human: 'ann', passphrase: 'not this one, surely' },
  'POST /v1/sign-in': { secret: 'mdl_none', passphrase: 'not this one, surely' },
  'POST /v1/step-up': { passphrase: 'not this one, surely' },
  'POST /v1/agents': {
    id: 'robot',
    name: 'Robot',
    purpose: 'Tries things.',
    owners: { business: 'ann', technical: 'bob', escalation: 'cleo' },
    environment: 'dev',
    tools: ['files/*'],
    autonomy: 'supervised',
  },
  'POST /v1/agents/{id}/keys': { label: 'a laptop' },
  'POST /v1/agents/{id}/transitions': { to: 'active', reason: 'Test.' },
  'POST /v1/workloads': { id: 'job', name: 'Job', owner: 'bob' },
  'POST /v1/workloads/{id}/transitions': { to: 'active', reason: 'Test.' },
  'POST /v1/servers': {
    id: 'notes',
    transport: { type: 'stdio', command: '/bin/false' },
    environment: 'dev',
    trust: 'untrusted',
  },
  'DELETE /v1/servers/{id}': { reason: 'Test.' },
  'PATCH /v1/servers/{id}/tools/{tool}': { reason: 'Test.', reversible: false },
  'POST /v1/tasks': {
    agent: 'worker',
    purpose: 'Test.',
    scope: { tools: ['files/read_file'] },
    budget: {},
    expires_in_s: 60,
  },
  'POST /v1/tasks/{id}/purpose': { purpose: 'Another.' },
  'POST /v1/tasks/{id}/close': { reason: 'Test.' },
  'POST /v1/approvals/{id}/{verdict}': { digest: 'sha256:00', reason: 'Test.' },
  'POST /v1/decide': { agent: 'worker', task: 'tsk_00000000000000000000000000', server: 'files', tool: 'read_file' },
  'POST /v1/revocations': { kind: 'agent', id: 'nobody', reason: 'Test.' },
};
const OPEN = ['POST /v1/login', 'POST /v1/sign-in'];
/** What an auditor may still send: it changes nothing but their own session. */
const OF_AUDITORS_TOO = ['POST /v1/step-up', 'POST /v1/sign-out', 'POST /v1/decide'];

test('each route answers each kind of caller as it must', async (t) => {
  const f = await openApiFixture(t);
  await f.addHuman('eve', ['auditor']);
  const foreignTask = 'tsk_00000000000000000000000000';
  const routes = await routesOf(f);
  assert.ok(routes.length > 35, `only ${routes.length} routes`);

  for (const { method, path } of routes) {
    const name = `${method} ${path}`;
    const target = path
      .replace('{verdict}', 'approve')
      .replace('{tool}', 'read_file')
      .replace(
        '{id}',
        /tasks/.test(path)
          ? foreignTask
          : /approvals/.test(path)
            ? 'apr_00000000000000000000000000'
            : /decisions/.test(path)
              ? 'dec_00000000000000000000000000'
              : 'nobody',
      );
    const how = (more: Ask): Ask => (method === 'GET' ? more : { body: BODIES[name] ?? {}, ...more });
    const session = await f.session('dora', 'session');
    const cookie = `${SESSION_COOKIE}=${session.secret}`;

    const nobody = await f.ask(method, target, how({}));
    if (OPEN.includes(name)) {
      assert.equal(nobody.status, 401, name);
      assert.equal(nobody.json['code'], 'auth.invalid', name);
      continue;
    }
    assert.equal(nobody.json['code'], 'auth.missing', name);
    assert.equal(nobody.status, 401, name);
    assert.equal(nobody.headers['www-authenticate'], 'Bearer realm="mandate"', name);

    for (const bearer of ['mdt_unknown', 'mda_', session.secret, (await f.session('dora', 'session')).secret]) {
      assert.equal(
        (await f.ask(method, target, how({ bearer }))).json['code'],
        'auth.invalid',
        `${name} with ${bearer.slice(0, 4)}`,
      );
    }
    assert.equal(
      (await f.ask(method, target, how({ headers: { authorization: 'Basic YTpi' } }))).json['code'],
      'auth.invalid',
      name,
    );

    const both = await f.ask(method, target, how({ bearer: f.operator, cookie }));
    assert.equal(both.status, 400, name);
    assert.equal(both.json['code'], 'auth.both', name);

    if (!/decisions/.test(path)) {
      assert.equal(
        (await f.ask(method, target, how({ bearer: f.taskToken }))).json['code'],
        'auth.forbidden',
        `${name} as agent`,
      );
    }
    assert.equal(
      (await f.ask(method, target, how({ bearer: f.connectionKey }))).json['code'],
      'auth.forbidden',
      `${name} with a key`,
    );

    const auditor = await f.ask(method, target, how({ bearer: (await f.session('eve')).secret }));
    if (method !== 'GET' && !OF_AUDITORS_TOO.includes(name))
      assert.equal(auditor.json['code'], 'auth.forbidden', `${name} as auditor`);
    else if (method === 'GET') assert.ok([200, 404].includes(auditor.status), `${name} as auditor: ${auditor.status}`);

    const page = f.fromOurPage(session);
    const crossSite = await f.ask(
      method,
      target,
      how({ ...page, headers: { ...page.headers, 'sec-fetch-site': 'cross-site' } }),
    );
    assert.equal(crossSite.json['code'], 'auth.origin', `${name} cross-site`);
    const otherOrigin = await f.ask(
      method,
      target,
      how({ ...page, headers: { ...page.headers, origin: 'http://localhost:3000' } }),
    );
    assert.equal(otherOrigin.json['code'], 'auth.origin', `${name} from another origin`);
    const rebound = await f.ask(method, target, how({ bearer: f.operator, headers: { host: 'evil.example' } }));
    assert.equal(rebound.status, 403, `${name} under a foreign host`);
    if (method !== 'GET') {
      const unsigned = await f.ask(method, target, how({ cookie, headers: { origin: f.url } }));
      assert.equal(unsigned.json['code'], 'auth.origin', `${name} with a cookie and no form token`);
      const noOrigin = await f.ask(
        method,
        target,
        how({ cookie, headers: { 'x-mandate-form': page.headers?.['x-mandate-form'] ?? '' } }),
      );
      assert.equal(noOrigin.json['code'], 'auth.origin', `${name} with a cookie and no origin`);
    }
  }
});

test('an unknown field is refused on every route that takes a body, by its name', async (t) => {
  const f = await openApiFixture(t);
  for (const { method, path } of await routesOf(f)) {
    if (method === 'GET') continue;
    const target = path
      .replace('{verdict}', 'approve')
      .replace('{tool}', 'read_file')
      .replace(
        '{id}',
        /tasks/.test(path)
          ? 'tsk_00000000000000000000000000'
          : /approvals/.test(path)
            ? 'apr_00000000000000000000000000'
            : 'nobody',
      );
    const body = { ...(BODIES[`${method} ${path}`] as object | undefined), surplus: 1 };
    const answer = await f.ask(method, target, { bearer: f.operator, body });
    assert.equal(answer.status, 400, `${method} ${path}: ${answer.text}`);
    assert.equal(answer.json['code'], 'input.invalid', `${method} ${path}`);
    assert.equal(answer.json['at'], '/surplus', `${method} ${path}`);
  }
});

test('an unknown or repeated query parameter is refused', async (t) => {
  const f = await openApiFixture(t);
  for (const query of ['?surplus=1', '?limit=0', '?limit=501', '?limit=1&limit=2', '?cursor=']) {
    assert.equal(
      (await f.ask('GET', `/v1/agents${query}`, { bearer: f.operator })).json['code'],
      'input.invalid',
      query,
    );
  }
});

test('a body that two readers could understand differently is refused, and one that is too large', async (t) => {
  const f = await openApiFixture(t);
  const post = (raw: string, headers = {}) => f.ask('POST', '/v1/revocations', { bearer: f.operator, raw, headers });
  for (const raw of [
    '{"kind":"all","kind":"task","id":"","reason":"x"}',
    '{',
    '\ufeff{}',
    '{"__proto__":{}}',
    '{"id":"\\ud800"}',
  ]) {
    assert.equal((await post(raw)).json['code'], 'input.json', raw);
  }
  assert.equal((await post('kind=all', { 'content-type': 'text/plain' })).status, 400);
  assert.equal((await post('[]')).json['code'], 'input.invalid');
  const large = await post(JSON.stringify({ kind: 'all', id: '', reason: 'x'.repeat(300_000) }));
  assert.equal(large.status, 413);
  assert.equal(large.json['code'], 'input.too_large');
});

test('TH-45 health, readiness and metrics need no bearer and answer only under our own name', async (t) => {
  const f = await openApiFixture(t);
  for (const path of ['/healthz', '/readyz', '/metrics', '/v1/openapi.json']) {
    assert.equal((await f.ask('GET', path)).status, 200, path);
    const rebound = await f.ask('GET', path, { headers: { host: 'evil.example' } });
    assert.equal(rebound.status, 403, path);
    assert.equal(rebound.json['code'], 'auth.origin', path);
  }
  const metrics = await f.ask('GET', '/metrics');
  assert.match(metrics.text, /mandate_decisions_total\{effect="allow"\} 0/);
  assert.match(metrics.text, /mandate_stdio_children 2/);
});

test('a fault inside says nothing of its inside and is reported', async (t) => {
  const f = await openApiFixture(t);
  t.mock.method(f.control.store.actors, 'list', () => {
    throw new Error('secret detail of the store');
  });
  const answer = await f.ask('GET', '/v1/agents', { bearer: f.operator });
  assert.equal(answer.status, 500);
  assert.equal(answer.json['code'], 'internal');
  assert.ok(!answer.text.includes('secret detail'));
  assert.equal(f.faults.length, 1);
});

async function routesOf(
  f: Awaited<ReturnType<typeof openApiFixture>>,
): Promise<readonly { readonly method: string; readonly path: string }[]> {
  const { json } = await f.ask('GET', '/v1/openapi.json');
  const paths = json['paths'] as Readonly<Record<string, object>>; // the description that the API makes
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => ({ method: method.toUpperCase(), path })),
  );
}
