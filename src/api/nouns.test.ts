import assert from 'node:assert/strict';
import { test } from 'node:test';
import { plusMs } from '../core/instant.ts';
import { REPLACED_TOKEN_MS } from '../govern/renew-token.ts';
import { actorId } from '../core/ids.ts';
import type { JsonObject } from '../core/json.ts';
import { authorize } from '../govern/authorize.ts';
import { PASSPHRASE } from '../govern/control.fixture.ts';
import { openApiFixture, type ApiFixture } from './api.fixture.ts';

const TASK = {
  agent: 'worker',
  purpose: 'Tidy up.',
  scope: { tools: ['files/read_file'] },
  budget: { calls: 3 },
  expires_in_s: 600,
};

test('a task says who triggered it from the credential, never from the body', async (t) => {
  const f = await openApiFixture(t);
  const { secret } = await f.session('dora');
  const asked = await f.ask('POST', '/v1/tasks', { bearer: secret, body: TASK });
  assert.equal(asked.status, 201, asked.text);
  const task = part(asked.json, 'task');
  assert.deepEqual(task['trigger'], { kind: 'human', id: 'dora' });
  assert.equal(task['purpose_source'], 'human');
  assert.match(word(asked.json['token']), /^mdt_/);
  assert.equal(asked.json['token_type'], 'Bearer');
  assert.equal(asked.json['mcp_url'], `${f.url}/mcp`);
  const operators = await f.ask('POST', '/v1/tasks', { bearer: f.operator, body: TASK });
  assert.equal(part(operators.json, 'task')['purpose_source'], 'event');
  for (const forged of [{ trigger: { kind: 'human', id: 'ann' } }, { purpose_source: 'human' }]) {
    assert.equal((await f.ask('POST', '/v1/tasks', { bearer: secret, body: { ...TASK, ...forged } })).status, 400);
  }
});

test('an agent reads, renews and closes its own task and no other', async (t) => {
  const f = await openApiFixture(t);
  const other = await f.ask('POST', '/v1/tasks', { bearer: f.operator, body: TASK });
  const otherId = word(part(other.json, 'task')['id']);
  const own = `/v1/tasks/${f.task.id}`;
  assert.equal((await f.ask('GET', own, { bearer: f.taskToken })).status, 200);
  for (const [method, path] of [
    ['GET', `/v1/tasks/${otherId}`],
    ['POST', `/v1/tasks/${otherId}/token`],
    ['POST', `/v1/tasks/${otherId}/close`],
    ['POST', `${own}/purpose`],
    ['GET', '/v1/tasks'],
    ['GET', '/v1/events'],
  ] as const) {
    assert.equal(
      (await f.ask(method, path, { bearer: f.taskToken, ...(method === 'POST' ? { body: {} } : {}) })).json['code'],
      'auth.forbidden',
      path,
    );
  }
  const renewed = await f.ask('POST', `${own}/token`, { bearer: f.taskToken, body: {} });
  assert.equal(renewed.status, 201, renewed.text);
  assert.equal(
    (await f.ask('GET', own, { bearer: f.taskToken })).status,
    200,
    'what runs under the old one is not cut',
  );
  f.control.clock.set(plusMs(f.control.clock.now(), REPLACED_TOKEN_MS));
  assert.equal((await f.ask('GET', own, { bearer: f.taskToken })).json['code'], 'auth.invalid', 'the old token ended');
  const token = word(renewed.json['token']);
  const closed = await f.ask('POST', `${own}/close`, { bearer: token, body: { reason: 'Done.' } });
  assert.equal(part(closed.json, 'task')['state'], 'closed');
  assert.equal((await f.ask('GET', own, { bearer: token })).status, 401);
});

test('decisions are read with their evidence; an agent sees those of its own task alone', async (t) => {
  const f = await openApiFixture(t);
  await authorize(f.api, f.request('read_file', { path: 'a' }));
  const held = await authorize(f.api, f.request('delete_file', { path: 'a' }));
  const foreign = await authorize(f.api, f.request('read_file', {}, { agent: actorId('intern'), task: null }));
  const all = await f.ask('GET', '/v1/decisions', { bearer: f.operator });
  assert.equal(items(all.json).length, 3);
  const allowed = await f.ask('GET', '/v1/decisions?effect=allow', { bearer: f.operator });
  assert.equal(items(allowed.json).length, 1);
  assert.equal(items(allowed.json)[0]?.['outcome'], null);

  const own = await f.ask('GET', '/v1/decisions', { bearer: f.taskToken });
  assert.deepEqual(
    items(own.json).map((one) => part(one, 'decision')['effect']),
    ['hold', 'allow'],
  );
  const read = await f.ask('GET', `/v1/decisions/${held.decision.id}`, { bearer: f.taskToken });
  assert.equal(part(read.json, 'decision')['id'], held.decision.id);
  assert.match(word(part(read.json, 'evidence')['hash']), /^sha256:/);
  assert.equal((await f.ask('GET', `/v1/decisions/${foreign.decision.id}`, { bearer: f.taskToken })).status, 404);
  assert.equal(
    (await f.ask('GET', '/v1/decisions?agent=intern', { bearer: f.taskToken })).json['code'],
    'auth.forbidden',
  );

  const page = await f.ask('GET', '/v1/decisions?limit=2', { bearer: f.operator });
  const rest = await f.ask('GET', `/v1/decisions?limit=2&cursor=${word(page.json['next_cursor'])}`, {
    bearer: f.operator,
  });
  assert.deepEqual([items(page.json).length, items(rest.json).length, rest.json['next_cursor']], [2, 1, null]);
});

test('a dry decision says the effect and leaves nothing behind', async (t) => {
  const f = await openApiFixture(t);
  const before = f.control.evidence.head().seq;
  const effects = { read_file: 'allow', delete_file: 'hold', no_such_tool: 'deny' };
  for (const [tool, effect] of Object.entries(effects)) {
    const body = { agent: 'worker', task: f.task.id, server: 'files', tool, arguments: { path: 'a' } };
    const dry = await f.ask('POST', '/v1/decide', { bearer: f.operator, body });
    assert.equal(dry.json['effect'], effect, dry.text);
    assert.ok(items({ items: dry.json['reasons'] ?? [] }).length > 0);
  }
  assert.equal(
    (
      await f.ask('POST', '/v1/decide', {
        bearer: f.operator,
        body: { agent: 'worker', server: 'files', tool: 'read_file' },
      })
    ).json['effect'],
    'deny',
  );
  const { secret } = await f.session('dora');
  assert.equal(
    (
      await f.ask('POST', '/v1/decide', {
        bearer: secret,
        body: { agent: 'worker', task: f.task.id, server: 'files', tool: 'read_file' },
      })
    ).status,
    403,
  );
  assert.equal(f.control.evidence.head().seq, before);
  assert.deepEqual(f.api.memory.spent(f.task.id), { calls: 0 });
  assert.deepEqual([...f.control.snapshot.liveApprovals()], []);
});

test('TH-36 only the operator and admins have a server looked at, and its secrets are not shown', async (t) => {
  const f = await openApiFixture(t);
  await f.addHuman('eve', ['auditor']);
  const body = {
    id: 'notes',
    transport: { type: 'stdio', command: '/bin/notes', args: ['--x'], env: { API_KEY: 'very-secret-value' } },
    environment: 'dev',
    trust: 'untrusted',
  };
  for (const human of ['bob', 'cleo', 'dora', 'eve']) {
    assert.equal(
      (await f.ask('POST', '/v1/servers', { bearer: (await f.session(human)).secret, body })).json['code'],
      'auth.forbidden',
      human,
    );
  }
  assert.equal((await f.ask('POST', '/v1/servers', { bearer: f.taskToken, body })).json['code'], 'auth.forbidden');
  assert.deepEqual(f.listed, [], 'nothing was started for any of them');

  f.offers.push({ name: 'read_note', inputSchema: { type: 'object' } });
  const added = await f.ask('POST', '/v1/servers', { bearer: (await f.session('ann')).secret, body });
  assert.equal(added.status, 201, added.text);
  assert.deepEqual(f.listed, ['notes']);
  for (const path of ['/v1/servers', '/v1/servers/notes', '/v1/evidence']) {
    assert.ok(!(await f.ask('GET', path, { bearer: f.operator })).text.includes('very-secret-value'), path);
  }
  const tools = await f.ask('GET', '/v1/servers/notes/tools', { bearer: f.operator });
  const [tool] = items(tools.json);
  assert.equal(tool?.['state'], 'quarantined');
  const body2 = { accept_digest: tool['digest'], reason: 'Read it.' };
  const accepted = await f.ask('PATCH', '/v1/servers/notes/tools/read_note', {
    bearer: (await f.session('bob')).secret,
    body: body2,
  });
  assert.equal(accepted.json['state'], 'pinned', accepted.text);
  const removed = await f.ask('DELETE', '/v1/servers/notes', {
    bearer: f.operator,
    body: { reason: 'No longer used.' },
  });
  assert.equal(removed.json['state'], 'removed', removed.text);
});

test('an agent is registered, accepted, and stopped, with what that ended', async (t) => {
  const f = await openApiFixture(t);
  const body = {
    id: 'robot',
    name: 'Robot',
    purpose: 'Tries things.',
    owners: { business: 'ann', technical: 'bob', escalation: 'cleo' },
    environment: 'dev',
    tools: ['files/*'],
    autonomy: 'supervised',
  };
  const filed = await f.ask('POST', '/v1/agents', { bearer: (await f.session('dora')).secret, body });
  assert.equal(filed.status, 201, filed.text);
  assert.equal(filed.json['lifecycle'], 'registered');
  assert.equal((await f.ask('POST', '/v1/agents', { bearer: f.operator, body })).json['code'], 'conflict.exists');
  for (const owner of ['ann', 'bob', 'cleo']) {
    assert.equal(
      (await f.ask('POST', '/v1/agents/robot/accept', { bearer: (await f.session(owner)).secret, body: {} })).status,
      200,
      owner,
    );
  }
  assert.equal(
    (await f.ask('POST', '/v1/agents/robot/accept', { bearer: f.operator, body: {} })).json['code'],
    'auth.forbidden',
  );
  const moved = await f.ask('POST', '/v1/agents/robot/transitions', {
    bearer: (await f.session('bob')).secret,
    body: { to: 'probationary', reason: 'Looks fine.' },
  });
  assert.equal(part(moved.json, 'agent')['lifecycle'], 'probationary', moved.text);

  const stopped = await f.ask('POST', '/v1/agents/worker/transitions', {
    bearer: f.operator,
    body: { to: 'suspended', reason: 'Stop.' },
  });
  assert.equal(part(stopped.json, 'ended')['tasks'], 1);
  assert.equal((await f.ask('GET', `/v1/tasks/${f.task.id}`, { bearer: f.taskToken })).json['code'], 'auth.invalid');
  assert.equal(
    (
      await f.ask('POST', '/v1/humans/worker/transitions', {
        bearer: f.operator,
        body: { to: 'suspended', reason: 'x' },
      })
    ).status,
    404,
  );
  const revoked = await f.ask('POST', '/v1/revocations', {
    bearer: f.operator,
    body: { kind: 'all', reason: 'Drill.' },
  });
  assert.equal(part(revoked.json, 'ended')['agents'], 2);
});

test('keys are shown once, and no list of credentials holds a secret or a hash', async (t) => {
  const f = await openApiFixture(t);
  const made = await f.ask('POST', '/v1/agents/worker/keys', { bearer: f.operator, body: { label: 'a laptop' } });
  assert.equal(made.status, 201, made.text);
  assert.match(word(made.json['key']), /^mdk_/);
  const listed = await f.ask('GET', '/v1/credentials?actor=worker', { bearer: f.operator });
  assert.ok(items(listed.json).length >= 2);
  assert.doesNotMatch(
    (await f.ask('GET', '/v1/credentials', { bearer: f.operator })).text,
    /sha256:|\$scrypt|md[tkscl]_/,
  );
});

test('a human is invited, signs in with the link, logs in, steps up and signs out', async (t) => {
  const f = await openApiFixture(t);
  const invited = await f.ask('POST', '/v1/humans', { bearer: f.operator, body: { id: 'zoe', roles: ['member'] } });
  assert.equal(invited.status, 201, invited.text);
  const link = new URL(word(part(invited.json, 'sign_in')['url']));
  assert.equal(link.origin, f.url);
  const secret = link.searchParams.get('link');
  const passphrase = 'zoe keeps her words';
  const first = await f.ask('POST', '/v1/sign-in', { body: { secret, passphrase } });
  assert.match(word(first.json['token']), /^mdc_/, first.text);
  assert.equal((await f.ask('POST', '/v1/sign-in', { body: { secret, passphrase } })).json['code'], 'auth.invalid');
  const live = f.control.snapshot
    .credentialsOf(actorId('zoe'))
    .map((one) => one.kind)
    .sort();
  assert.deepEqual(live, ['cli_session', 'passphrase'], 'no cookie session is left open');

  const login = await f.ask('POST', '/v1/login', { body: { human: 'zoe', passphrase } });
  const bearer = word(login.json['token']);
  assert.equal((await f.ask('GET', '/v1/whoami', { bearer })).json['stepped_up_until'], null);
  const raised = await f.ask('POST', '/v1/step-up', { bearer, body: { passphrase } });
  const short = word(raised.json['token']);
  assert.ok((await f.ask('GET', '/v1/whoami', { bearer: short })).json['stepped_up_until']);
  assert.equal(
    (await f.ask('GET', '/v1/whoami', { bearer })).json['stepped_up_until'],
    null,
    'what lies on the disk is not raised',
  );
  assert.equal(
    (await f.ask('POST', '/v1/step-up', { bearer: f.operator, body: { passphrase: PASSPHRASE } })).json['code'],
    'auth.forbidden',
  );
  assert.equal((await f.ask('POST', '/v1/sign-out', { bearer, body: {} })).status, 200);
  assert.equal((await f.ask('GET', '/v1/whoami', { bearer })).status, 401);
});

test('our own page may send JSON with its cookie and form token', async (t) => {
  const f = await openApiFixture(t);
  const session = await f.session('dora', 'session');
  const ours = f.fromOurPage(session);
  const who = await f.ask('GET', '/v1/whoami', ours);
  assert.equal(who.json['form_token'], ours.headers?.['x-mandate-form']);
  assert.equal((await f.ask('POST', '/v1/tasks', { ...ours, body: TASK })).status, 201);
});

test('a misspelt field is named before the required one that is missing', async (t) => {
  const f = await openApiFixture(t);
  const { purpose, ...rest } = TASK;
  const answer = await f.ask('POST', '/v1/tasks', { bearer: f.operator, body: { ...rest, porpoise: purpose } });
  assert.equal(answer.status, 400);
  assert.equal(answer.json['at'], '/porpoise', answer.text);
});

test('of the environment of a server only the names are shown, also of values that look like no secret', async (t) => {
  const f = await openApiFixture(t);
  const env = { NOTES_HOME: '/srv/notes-of-ann', API_KEY: 'short' };
  const body = { id: 'notes', transport: { type: 'stdio', command: 'n', env }, environment: 'dev', trust: 'trusted' };
  const added = await f.ask('POST', '/v1/servers', { bearer: (await f.session('ann')).secret, body });
  assert.equal(added.status, 201, added.text);
  const one = await f.ask('GET', '/v1/servers/notes', { bearer: f.operator });
  const [inList] = items((await f.ask('GET', '/v1/servers', { bearer: f.operator })).json);
  for (const server of [part(added.json, 'server'), one.json, inList ?? {}]) {
    assert.deepEqual(part(server, 'transport')['env'], { NOTES_HOME: '[redacted]', API_KEY: '[redacted]' });
    assert.doesNotMatch(JSON.stringify(server), /notes-of-ann|short/);
  }
});

test('TH-10 a fault in authentication, store or evidence is a refusal at every place it can happen', async (t) => {
  const places: readonly (readonly [what: string, breakIt: (f: ApiFixture) => void, status: number])[] = [
    ['hasher', (f) => t.mock.method(f.control.hasher, 'sha256', broken), 500],
    ['snapshot', (f) => t.mock.method(f.control.snapshot, 'credentialByHash', broken), 500],
    ['humans', (f) => t.mock.method(f.control.snapshot, 'human', broken), 500],
    ['clock', (f) => t.mock.method(f.control.clock, 'now', broken), 500],
    ['evidence', (f) => t.mock.method(f.control.evidence, 'append', broken), 500],
    ['store', (f) => t.mock.method(f.control.store.changes, 'commit', broken), 500],
  ];
  const whole = await openApiFixture(t);
  const unbroken = { bearer: (await whole.session('dora')).secret, body: TASK };
  assert.equal((await whole.ask('POST', '/v1/tasks', unbroken)).status, 201, 'with nothing broken it is opened');
  for (const [what, breakIt, status] of places) {
    const f = await openApiFixture(t);
    const { secret } = await f.session('dora');
    const tasks = [...f.control.snapshot.openTasks()].length;
    breakIt(f);
    const answer = await f.ask('POST', '/v1/tasks', { bearer: secret, body: TASK });
    assert.equal(answer.status, status, `${what}: ${answer.text}`);
    assert.equal(f.faults.length, 1, `${what} is reported`);
    assert.equal([...f.control.snapshot.openTasks()].length, tasks, what);
    t.mock.restoreAll();
  }
});

test('the description lists every route, with its schemas', async (t) => {
  const f = await openApiFixture(t);
  const { json } = await f.ask('GET', '/v1/openapi.json');
  assert.equal(json['openapi'], '3.1.0');
  const paths = Object.keys(part(json, 'paths'));
  for (const path of [
    '/v1/agents',
    '/v1/approvals/{id}/{verdict}',
    '/v1/tasks/{id}/token',
    '/v1/servers/{id}/tools/{tool}',
    '/v1/revocations',
  ]) {
    assert.ok(paths.includes(path), path);
  }
  const [schema] = [part(part(part(json, 'components'), 'schemas'), 'Agent')];
  assert.ok('properties' in schema);
});

function broken(): never {
  throw new Error('broken for the test');
}

function part(of: JsonObject, name: string): JsonObject {
  const value = of[name];
  assert.ok(typeof value === 'object' && value !== null, `${name} in ${JSON.stringify(of).slice(0, 300)}`);
  return value as JsonObject; // an object, see above
}

function items(of: JsonObject): readonly JsonObject[] {
  return of['items'] as readonly JsonObject[]; // a list, as the API describes it
}

function word(value: unknown): string {
  assert.equal(typeof value, 'string');
  return value as string; // checked on the line above
}
