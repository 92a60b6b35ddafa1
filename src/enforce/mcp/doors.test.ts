import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { JsonObject } from '../../core/json.ts';
import { ADMIN_TOKEN } from '../../govern/control.fixture.ts';
import { INITIALIZE, legacy, modern, openMcpFixture } from './mcp.fixture.ts';

const mcp = await openMcpFixture();
after(() => mcp.close());
const { secret } = await mcp.bearer();
const CALL = modern('tools/call', { name: 'read_file', arguments: { path: '/a' } });

test('TH-45: every request needs a Host and, where it has one, an Origin of the lists, also on loopback', async () => {
  const own = `127.0.0.1:${mcp.port}`;
  const cases: readonly (readonly [string, string | null, number])[] = [
    [own, null, 200],
    [`localhost:${mcp.port}`, null, 200],
    [`LOCALHOST:${mcp.port}`, null, 200],
    [own, mcp.url, 200],
    ['evil.example', null, 403],
    [`evil.example:${mcp.port}`, null, 403],
    ['127.0.0.1', null, 403],
    [`127.0.0.1:${mcp.port + 1}`, null, 403],
    [`127.0.0.1.evil.example:${mcp.port}`, null, 403],
    [`${own}@evil.example`, null, 403],
    ['', null, 403],
    [own, 'null', 403],
    [own, 'https://evil.example', 403],
    [own, `http://127.0.0.1:${mcp.port + 1}`, 403],
    [own, `${mcp.url}.evil.example`, 403],
    [own, `${mcp.url}/`, 403],
  ];
  for (const [host, origin, status] of cases) {
    mcp.sent.length = 0;
    const answer = await rawCall({ host, ...(origin === null ? {} : { origin }) });
    assert.equal(statusOf(answer), status, `${host} ${String(origin)}`);
    assert.equal(mcp.sent.length, status === 200 ? 1 : 0);
  }
  assert.equal(statusOf(await rawCall({ 'sec-fetch-site': 'cross-site' })), 403);
  assert.equal(statusOf(await rawCall({ 'sec-fetch-site': 'same-origin' })), 200);
});

test('TH-45: a token is needed on loopback too, in the Authorization header and nowhere else', async () => {
  const cases: readonly (readonly [string, Record<string, string>, string, number])[] = [
    ['none', { authorization: '' }, '/mcp/files', 401],
    ['another scheme', { authorization: `Basic ${secret}` }, '/mcp/files', 401],
    ['no scheme', { authorization: secret }, '/mcp/files', 401],
    ['a made-up token', { authorization: 'Bearer mdt_nobody' }, '/mcp/files', 401],
    ['much too long', { authorization: `Bearer ${'a'.repeat(5_000)}` }, '/mcp/files', 401],
    ['two in one', { authorization: `Bearer ${secret}, Bearer ${secret}` }, '/mcp/files', 401],
    ['the admin token', { authorization: `Bearer ${ADMIN_TOKEN}` }, '/mcp/files', 401],
    ['in the query', { authorization: '' }, `/mcp/files?access_token=${secret}`, 400],
    ['in the query too', {}, `/mcp/files?access_token=${secret}`, 400],
    ['in a cookie', { authorization: '', cookie: `session=${secret}` }, '/mcp/files', 401],
    ['a cookie beside it', { cookie: 'session=x' }, '/mcp/files', 400],
    ['in another case', { authorization: `bearer ${secret}` }, '/mcp/files', 200],
  ];
  for (const [name, headers, path, status] of cases) {
    mcp.sent.length = 0;
    const answer = await rawCall(headers, path);
    assert.equal(statusOf(answer), status, `${name}: ${answer}`);
    assert.equal(mcp.sent.length, status === 200 ? 1 : 0, name);
    if (status === 401)
      assert.match(
        answer,
        new RegExp(
          `www-authenticate: Bearer realm="mandate"${name === 'nothing' ? '' : '(, error="invalid_token")?'}\r\n`,
        ),
        name,
      );
    assert.ok(!answer.includes(secret), name);
  }
  assert.match(await rawCall({}, '/mcp/files', `Authorization: Bearer ${secret}\r\n`), /^HTTP\/1\.1 400 /);
  assert.match(await rawCall({}, '/mcp/files', `Mcp-Method: tools/list\r\n`), /^HTTP\/1\.1 400 /);
});

test('a token that ended, ran out or whose agent was stopped is refused with 401', async () => {
  const { clock } = mcp.control;
  const ended = await mcp.bearer();
  await mcp.control.write({ noun: 'credential', value: { ...ended.credential, ended_at: clock.now(), version: 2 } });
  assert.equal((await mcp.post('/mcp/files', ended.secret, CALL.body, CALL.headers)).status, 401);
  const closed = await mcp.addTask({});
  const of = await mcp.bearer({ task: closed.id });
  await mcp.control.write({ noun: 'task', value: { ...closed, state: 'closed', version: 2 } });
  assert.equal((await mcp.post('/mcp/files', of.secret, CALL.body, CALL.headers)).status, 401);
  const stopped = await openMcpFixture();
  const bearer = await stopped.bearer();
  const worker = stopped.control.snapshot.agent('worker');
  assert.ok(worker);
  await stopped.control.write({ noun: 'actor', value: { ...worker, lifecycle: 'suspended', version: 2 } });
  assert.equal((await stopped.post('/mcp/files', bearer.secret, CALL.body, CALL.headers)).status, 401);
  await stopped.close();
});

test('only POST carries messages; GET has no stream to open, DELETE ends a session', async () => {
  for (const method of ['GET', 'HEAD', 'PUT', 'PATCH', 'OPTIONS']) {
    const answer = await mcp.raw(
      `${method} /mcp/files HTTP/1.1\r\nHost: 127.0.0.1:${mcp.port}\r\nAuthorization: Bearer ${secret}\r\nConnection: close\r\n\r\n`,
    );
    assert.match(answer, /^HTTP\/1\.1 405 [^]*allow: POST, DELETE/i, method);
  }
  const begun = await mcp.post('/mcp/files', secret, INITIALIZE);
  const id = String(begun.headers['mcp-session-id']);
  const remove = () =>
    mcp.raw(
      `DELETE /mcp/files HTTP/1.1\r\nHost: 127.0.0.1:${mcp.port}\r\nAuthorization: Bearer ${secret}\r\nMcp-Session-Id: ${id}\r\nConnection: close\r\n\r\n`,
    );
  assert.match(await remove(), /^HTTP\/1\.1 204 /);
  assert.match(await remove(), /^HTTP\/1\.1 404 /);
  assert.equal((await mcp.post('/mcp/files', secret, legacy('tools/list'), { 'mcp-session-id': id })).status, 404);
});

test('TH-43: a session works for the principal, task, key and address it was opened with, and is unknown to all others', async () => {
  const intern = mcp.control.snapshot.agent('intern');
  assert.ok(intern);
  const secondTask = await mcp.addTask({});
  const internTask = await mcp.addTask({ agent: intern.id, chain: [{ actor: intern.id, kind: 'agent' }] });
  const presenters = [
    { name: 'worker, first task', ...(await mcp.bearer()) },
    { name: 'worker, second task', ...(await mcp.bearer({ task: secondTask.id })) },
    { name: 'intern', ...(await mcp.bearer({ agent: intern.id, task: internTask.id })) },
    { name: 'worker, a key', ...(await mcp.bearer({ kind: 'connection_key' })) },
    { name: 'worker, another key', ...(await mcp.bearer({ kind: 'connection_key' })) },
  ].flatMap((who) => ['/mcp/files', '/mcp'].map((path) => ({ ...who, path })));
  const handles = await Promise.all(
    presenters.map(async ({ secret: bearer, path }) =>
      String((await mcp.post(path, bearer, INITIALIZE)).headers['mcp-session-id']),
    ),
  );
  assert.equal(new Set(handles).size, presenters.length);
  for (const [i, handle] of handles.entries()) {
    for (const [j, { secret: bearer, path, name }] of presenters.entries()) {
      const { status, text } = await mcp.post(path, bearer, legacy('ping'), { 'mcp-session-id': handle });
      assert.equal(status, i === j ? 200 : 404, `session of ${presenters[i]?.name} by ${name} on ${path}: ${text}`);
    }
    assert.equal((await mcp.post('/mcp/files', null, legacy('ping'), { 'mcp-session-id': handle })).status, 401);
  }
  for (const guess of [
    '',
    'x',
    handles[0]?.slice(0, -1) ?? '',
    `${handles[0] ?? ''}x`,
    handles[0]?.toLowerCase() ?? '',
  ]) {
    const { status } = await mcp.post('/mcp/files', secret, legacy('ping'), { 'mcp-session-id': guess });
    assert.ok(status === 404 || status === 400, guess);
  }
  // A renewed token of the same task goes on with its session.
  const renewed = await mcp.bearer();
  assert.equal(
    (await mcp.post('/mcp/files', renewed.secret, legacy('ping'), { 'mcp-session-id': handles[0] ?? '' })).status,
    200,
  );
});

test('TH-43: the state of a held call is refused from any other agent, task or call', async () => {
  const able = { 'io.modelcontextprotocol/clientCapabilities': { elicitation: { url: {} } } };
  const held = { name: 'delete_file', arguments: { path: '/state' } };
  const first = modern('tools/call', held, able);
  const asked = (await mcp.post('/mcp/files', secret, first.body, first.headers)).body['result'] as JsonObject;
  const state = asked['requestState'];
  assert.ok(typeof state === 'string');
  const intern = mcp.control.snapshot.agent('intern');
  assert.ok(intern);
  const other = await mcp.addTask({});
  const internTask = await mcp.addTask({ agent: intern.id, chain: [{ actor: intern.id, kind: 'agent' }] });
  const present = async (bearer: string, params: JsonObject, requestState: string) => {
    const { body, headers } = modern('tools/call', { ...params, requestState }, able);
    return (await mcp.post('/mcp/files', bearer, body, headers)).body;
  };
  for (const [bearer, params, given] of [
    [(await mcp.bearer({ task: other.id })).secret, held, state],
    [(await mcp.bearer({ agent: intern.id, task: internTask.id })).secret, held, state],
    [secret, { ...held, arguments: { path: '/other' } }, state],
    [secret, { ...held, name: 'write_file' }, state],
    [secret, held, `${state}0`],
    [secret, held, state.replace(/.$/, (last) => (last === '0' ? '1' : '0'))],
  ] as const) {
    assert.equal('error' in (await present(bearer, params, given)), true);
  }
});

test('a legacy request names its session, and an id that is in use is refused', async () => {
  assert.equal((await mcp.post('/mcp/files', secret, legacy('tools/list'))).status, 400);
  assert.equal((await mcp.post('/mcp/files', secret, { jsonrpc: '2.0', id: 1, result: {} })).status, 400);
  const begun = await mcp.post('/mcp/files', secret, INITIALIZE);
  const session = { 'mcp-session-id': String(begun.headers['mcp-session-id']) };
  assert.equal(
    (await mcp.post('/mcp/files', secret, { jsonrpc: '2.0', method: 'notifications/initialized' }, session)).status,
    202,
  );
  const cancelled = Promise.withResolvers<void>();
  const started = Promise.withResolvers<void>();
  mcp.answerWith(async (_grant, { signal }) => {
    started.resolve();
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
    cancelled.resolve();
    return { kind: 'result', result: { content: [] }, bytes: 0 };
  });
  const call = mcp.post(
    '/mcp/files',
    secret,
    legacy('tools/call', { name: 'read_file', arguments: {} }, 'c1'),
    session,
  );
  await started.promise;
  assert.equal((await mcp.post('/mcp/files', secret, legacy('ping', {}, 'c1'), session)).status, 400);
  await mcp.post(
    '/mcp/files',
    secret,
    { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 'c1' } },
    session,
  );
  await cancelled.promise;
  await call;
});

/** The modern call with these headers in place of or beside the right ones; an empty text leaves one out. */
function rawCall(headers: Record<string, string>, path = '/mcp/files', extra = ''): Promise<string> {
  const body = JSON.stringify(CALL.body);
  const all: Record<string, string> = {
    host: `127.0.0.1:${mcp.port}`,
    authorization: `Bearer ${secret}`,
    'content-type': 'application/json',
    'content-length': String(Buffer.byteLength(body)),
    connection: 'close',
    ...CALL.headers,
    ...headers,
  };
  const lines = Object.entries(all)
    .filter(([name, value]) => value !== '' || name === 'host')
    .map(([name, value]) => `${name}: ${value}\r\n`);
  return mcp.raw(`POST ${path} HTTP/1.1\r\n${lines.join('')}${extra}\r\n${body}`);
}

function statusOf(answer: string): number {
  return Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1] ?? 0);
}
