import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import type { Ended } from '../../govern/snapshot.ts';
import type { UpstreamAnswer } from '../../ports/upstream.ts';
import { INITIALIZE, legacy, modern, openMcpFixture, type McpFixture } from './mcp.fixture.ts';
import { MCP_LIMITS } from './limits.ts';
import { openSessions } from './sessions.ts';

const NOTHING: Ended = { agents: [], tasks: [], credentials: [], approvals: [], servers: [] };
const CALL = modern('tools/call', { name: 'read_file', arguments: {} }, { progressToken: 1 });
const done: UpstreamAnswer = { kind: 'result', result: { content: [] }, bytes: 0 };

test('TH-11: whatever of a running call ends, its stream is cut at once and the work behind it is stopped', async () => {
  for (const what of ['agents', 'tasks', 'credentials', 'servers'] as const) {
    const mcp = await openMcpFixture();
    const { secret, credential } = await mcp.bearer();
    const other = await mcp.bearer();
    const stopped = hang(mcp);
    const begun = await mcp.post('/mcp/files', secret, INITIALIZE);
    const running = stream(mcp, secret);
    await running.opened;
    const ended: Ended = {
      ...NOTHING,
      [what]: { agents: ['worker'], tasks: [mcp.task.id], credentials: [credential.id], servers: ['files'] }[what],
    };
    mcp.mcp.cut({ ...NOTHING, agents: ['intern'] as unknown as Ended['agents'] });
    assert.equal(mcp.mcp.stats().in_flight, 1);
    const from = performance.now();
    mcp.mcp.cut(ended);
    const heard = await running.closed;
    assert.equal(heard.includes('"result"'), false);
    // A client would wait to its own deadline for the answer to a stream that just breaks off.
    assert.match(heard, /"error":\{"code":-32000,"message":"Ended by the gateway before its answer/);
    await stopped;
    assert.ok(performance.now() - from < 1_000, 'cut within the second');
    mcp.answerWith(async () => done);
    const { status } = await mcp.post('/mcp/files', what === 'credentials' ? other.secret : secret, legacy('ping'), {
      'mcp-session-id': String(begun.headers['mcp-session-id']),
    });
    // The session of a task goes on with the task's next token; with its agent, task or server it is gone.
    assert.equal(status, what === 'credentials' ? 200 : 404);
    await mcp.close();
    assert.deepEqual(mcp.mcp.stats(), { in_flight: 0, sessions: what === 'credentials' ? 1 : 0 });
  }
});

test('TH-11: an agent that is suspended while it waits for an approval gets nothing more', async () => {
  const mcp = await openMcpFixture();
  const { secret } = await mcp.bearer();
  const able = { 'io.modelcontextprotocol/clientCapabilities': { elicitation: { url: {} } } };
  const held = { name: 'delete_file', arguments: { path: '/x' } };
  const first = modern('tools/call', held, able);
  const asked = (await mcp.post('/mcp/files', secret, first.body, first.headers)).body['result'] as {
    requestState: string;
  };
  const retry = modern('tools/call', { ...held, requestState: asked.requestState }, able);
  const waiting = mcp.post('/mcp/files', secret, retry.body, retry.headers);
  while (mcp.mcp.stats().in_flight === 0) await new Promise((resolve) => setImmediate(resolve));
  mcp.mcp.cut({ ...NOTHING, agents: [mcp.task.agent] });
  await assert.rejects(waiting);
  assert.deepEqual(mcp.sent, []);
  await mcp.close();
});

test('a client that goes away ends the work behind its call', async () => {
  const mcp = await openMcpFixture();
  const { secret } = await mcp.bearer();
  const stopped = hang(mcp);
  const running = stream(mcp, secret);
  await running.opened;
  running.leave();
  await stopped;
  await mcp.close();
  const rows = await mcp.control.records();
  assert.equal(rows.filter((row) => row.kind === 'outcome').length, 1);
});

test('one agent takes at most its places, all agents at most all, and both come back', async () => {
  const mcp = await openMcpFixture('worker', { in_flight_per_agent_max: 2, in_flight_max: 3 });
  const { secret } = await mcp.bearer();
  const intern = mcp.control.snapshot.agent('intern');
  assert.ok(intern);
  const task = await mcp.addTask({ agent: intern.id, chain: [{ actor: intern.id, kind: 'agent' }] });
  const other = await mcp.bearer({ agent: intern.id, task: task.id });
  void hang(mcp);
  const running = [stream(mcp, secret), stream(mcp, secret)];
  await Promise.all(running.map(({ opened }) => opened));
  const busy = await mcp.post('/mcp/files', secret, CALL.body, CALL.headers);
  assert.deepEqual([busy.status, busy.headers['retry-after']], [429, '1']);
  const third = stream(mcp, other.secret);
  await third.opened;
  assert.equal((await mcp.post('/mcp/files', other.secret, CALL.body, CALL.headers)).status, 503);
  for (const one of [...running, third]) one.leave();
  await mcp.close();
  assert.equal(mcp.mcp.stats().in_flight, 0);
});

test('a call has a deadline of its own, and a slow body is not waited for', async () => {
  const mcp = await openMcpFixture('worker', { call_ms_max: 300, body_ms_max: 100 });
  const { secret } = await mcp.bearer();
  const stopped = hang(mcp);
  await mcp.post('/mcp/files', secret, CALL.body, CALL.headers);
  await stopped;
  const head = `POST /mcp/files HTTP/1.1\r\nHost: 127.0.0.1:${mcp.port}\r\nAuthorization: Bearer ${secret}\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{`;
  assert.match(await mcp.raw(head, /\r\n\r\n/), /^HTTP\/1\.1 408 /);
  await mcp.close();
});

test('progress beyond the limits is dropped, the result is not', async () => {
  const mcp = await openMcpFixture('worker', { relayed_notifications_max: 3 });
  const { secret } = await mcp.bearer();
  mcp.answerWith(async (_grant, options) => {
    for (let progress = 0; progress < 100; progress += 1)
      options.onNotification('notifications/progress', { progress });
    return done;
  });
  const { text } = await mcp.post('/mcp/files', secret, CALL.body, CALL.headers);
  assert.equal(text.match(/notifications\/progress/g)?.length, 3);
  assert.match(text, /"result"/);
  await mcp.close();
});

test('a client that does not read is cut off, and what waits for it stays bounded', async () => {
  const mcp = await openMcpFixture('worker', {
    write_ms_max: 200,
    stream_buffer_bytes_max: 100_000,
    relayed_notifications_max: 1_000_000,
  });
  const { secret } = await mcp.bearer();
  const answered = Promise.withResolvers<void>();
  mcp.answerWith(async (_grant, options) => {
    for (let progress = 0; progress < 20_000; progress += 1)
      options.onNotification('notifications/progress', { progress, message: 'x'.repeat(1_000) });
    answered.resolve();
    return { kind: 'result', result: { content: [{ type: 'text', text: 'x'.repeat(40_000_000) }] }, bytes: 40_000_000 };
  });
  const before = process.memoryUsage.rss();
  const socket = connect(mcp.port, '127.0.0.1');
  socket.on('error', () => undefined);
  socket.pause();
  const cut = mcp.connectionClosed();
  socket.write(requestText(mcp, secret));
  await answered.promise;
  assert.ok(process.memoryUsage.rss() - before < 50 * 1_048_576);
  // More than the kernel keeps, and nobody reads: only the deadline can close the far end.
  await cut;
  let got = 0;
  socket.on('data', (chunk: Buffer) => (got += chunk.length));
  socket.resume();
  await once(socket, 'close');
  assert.ok(got < 40_000_000, String(got));
  await mcp.close();
});

test('sessions are bounded and idle ones end; a crowd of one agent costs the others nothing', () => {
  let now = 0;
  const random = { drawn: 0, bytes: (count: number) => Buffer.alloc(count, String((random.drawn += 1))) };
  const clock = { now: () => now } as unknown as Parameters<typeof openSessions>[0]['clock'];
  const sessions = openSessions({ clock, random }, { sessions_max: 4, session_idle_ms_max: 1_000 });
  const caller = (agent: string) =>
    ({ kind: 'agent', agent, task: `task-${agent}`, credential: 'c' }) as unknown as Parameters<
      typeof sessions.open
    >[0];
  const said = { revision: '2025-11-25', client: {}, offers_url: false };
  const quiet = sessions.open(caller('quiet'), null, said);
  const loud = [1, 2, 3, 4, 5, 6].map(() => sessions.open(caller('loud'), null, said));
  assert.equal(sessions.count(), 4);
  assert.equal(sessions.find(quiet.id, caller('quiet'), null), quiet);
  assert.deepEqual(
    loud.map((session) => sessions.find(session.id, caller('loud'), null) === session),
    [false, false, false, true, true, true],
  );
  now = 900;
  assert.ok(sessions.find(quiet.id, caller('quiet'), null));
  now = 1_500;
  assert.ok(sessions.find(quiet.id, caller('quiet'), null), 'used meanwhile');
  assert.equal(sessions.count(), 1);
  now = 2_501;
  assert.equal(sessions.find(quiet.id, caller('quiet'), null), undefined);
});

test('ten thousand idle sessions are cheap', async () => {
  const sessions = openSessions(
    { clock: { now: () => 0 as never }, random: { bytes: (count) => crypto.getRandomValues(new Uint8Array(count)) } },
    MCP_LIMITS,
  );
  const before = process.memoryUsage().heapUsed;
  for (let i = 0; i < 10_000; i += 1) {
    sessions.open({ kind: 'agent', agent: `a${i % 100}`, task: 't', credential: 'c' } as never, null, {
      revision: '2025-11-25',
      client: { name: 'x' },
      offers_url: false,
    });
  }
  assert.equal(sessions.count(), 10_000);
  assert.ok(process.memoryUsage().heapUsed - before < 40 * 1_048_576);
});

test('closing refuses what comes and ends what does not', async () => {
  const mcp = await openMcpFixture('worker', { drain_ms_max: 100 });
  const { secret } = await mcp.bearer();
  const stopped = hang(mcp);
  const running = stream(mcp, secret);
  await running.opened;
  const closing = mcp.mcp.close();
  assert.equal((await mcp.post('/mcp/files', secret, CALL.body, CALL.headers)).status, 503);
  await stopped;
  await running.closed;
  await closing;
  await mcp.close();
});

/** The server sends one progress and then nothing more; resolves when it was told to stop. */
function hang(mcp: McpFixture): Promise<void> {
  const stopped = Promise.withResolvers<void>();
  mcp.answerWith(async (_grant, options) => {
    const { signal } = options;
    options.onNotification('notifications/progress', { progress: 1 });
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
    stopped.resolve();
    return done;
  });
  return stopped.promise;
}

interface Running {
  /** After the first event. */
  readonly opened: Promise<void>;
  /** All that came. */
  readonly closed: Promise<string>;
  leave(): void;
}

function stream(mcp: McpFixture, secret: string): Running {
  const socket = connect(mcp.port, '127.0.0.1');
  const opened = Promise.withResolvers<void>();
  let got = '';
  socket.on('error', () => undefined);
  socket.on('data', (chunk: Buffer) => {
    got += chunk.toString('utf8');
    if (got.includes('data: ')) opened.resolve();
  });
  socket.write(requestText(mcp, secret));
  return { opened: opened.promise, closed: once(socket, 'close').then(() => got), leave: () => socket.destroy() };
}

function requestText(mcp: McpFixture, secret: string): string {
  const body = JSON.stringify(CALL.body);
  const headers = Object.entries(CALL.headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `POST /mcp/files HTTP/1.1\r\nHost: 127.0.0.1:${mcp.port}\r\nAuthorization: Bearer ${secret}\r\nContent-Type: application/json\r\nAccept: application/json, text/event-stream\r\nContent-Length: ${Buffer.byteLength(body)}\r\n${headers.join('')}\r\n${body}`;
}
