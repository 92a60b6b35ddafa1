import assert from 'node:assert/strict';
import { request, type IncomingMessage } from 'node:http';
import { test, type TestContext } from 'node:test';
import type { JsonObject } from '../core/json.ts';
import { authorize } from '../govern/authorize.ts';
import { openSseReader } from '../standards/sse/read-sse.ts';
import { openApiFixture, type ApiFixture } from './api.fixture.ts';
import { readCursor, writeCursor } from './event-cursor.ts';
import { STREAMS_MAX } from './events.ts';

interface Seen {
  readonly event: string;
  readonly id: string | undefined;
  readonly data: JsonObject;
}

const DEADLINE_MS = 5_000;

/** Follows the stream; `next` waits for an event that is asked for, `ended` for its end. */
async function follow(t: TestContext, f: ApiFixture, bearer: string, lastEventId?: string) {
  const seen: Seen[] = [];
  const waiting = new Set<() => void>();
  const headers = {
    authorization: `Bearer ${bearer}`,
    ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }),
  };
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const asked = request(`${f.url}/v1/events`, { headers, agent: false }, resolve);
    asked.on('error', reject);
    asked.end();
  });
  t.after(() => response.destroy());
  const reader = openSseReader({ line_bytes_max: 1_000_000, event_bytes_max: 1_000_000 }, ({ event, id, data }) => {
    seen.push({ event, id, data: JSON.parse(Buffer.from(data).toString()) as JsonObject }); // the stream's data are objects
    for (const wake of waiting) wake();
  });
  // The first bytes say that the follower is in place.
  await new Promise<void>((resolve) => {
    response.on('data', (chunk: Buffer) => {
      reader.push(chunk);
      resolve();
    });
  });
  const ended = new Promise<void>((resolve) => {
    response.on('close', resolve);
  });
  const next = (wanted: (one: Seen) => boolean): Promise<Seen> =>
    withDeadline(
      new Promise((resolve) => {
        const look = (): void => {
          const found = seen.find(wanted);
          if (found === undefined) return;
          waiting.delete(look);
          resolve(found);
        };
        waiting.add(look);
        look();
      }),
      () => `saw ${seen.map((one) => one.event).join(', ')}`,
    );
  return { response, seen, next, ended: () => withDeadline(ended, () => 'it did not end') };
}

function withDeadline<T>(work: Promise<T>, why: () => string): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(why())), DEADLINE_MS);
  return Promise.race([work, late.promise]).finally(() => clearTimeout(timer));
}

test('what is decided and changed arrives as its noun, as its own GET would answer', async (t) => {
  const f = await openApiFixture(t);
  const stream = await follow(t, f, f.operator);
  assert.match(String(stream.response.headers['content-type']), /^text\/event-stream/);
  const approval = await f.hold();
  const decision = await stream.next((one) => one.event === 'decision');
  const read = await f.ask('GET', `/v1/decisions/${approval.decision}`, { bearer: f.operator });
  assert.deepEqual(decision.data, read.json);
  const asked = await stream.next((one) => one.event === 'approval');
  assert.deepEqual(asked.data, (await f.ask('GET', `/v1/approvals/${approval.id}`, { bearer: f.operator })).json);
  assert.equal(asked.id, undefined, 'only evidence moves the position');
  await stream.next((one) => one.event === 'change');
});

test('a client that comes back gets what it missed, once and in order', async (t) => {
  const f = await openApiFixture(t);
  const first = await follow(t, f, f.operator);
  await authorize(f.api, f.request('read_file', { path: '1' }));
  const { id } = await first.next((one) => one.event === 'decision');
  first.response.destroy();
  for (const path of ['2', '3']) await authorize(f.api, f.request('read_file', { path }));
  const again = await follow(t, f, f.operator, id);
  await authorize(f.api, f.request('read_file', { path: '4' }));
  const last = f.control.evidence.head();
  await again.next((one) => one.id === writeCursor(last));
  const seqs = again.seen.map((one) => readCursor(one.id ?? '')?.seq);
  assert.deepEqual(seqs, [last.seq - 2, last.seq - 1, last.seq]);
});

test('a position that is not known is answered with a reset', async (t) => {
  const f = await openApiFixture(t);
  const head = f.control.evidence.head();
  for (const id of [
    'garbage',
    writeCursor({ chain: 'another', seq: 1 }),
    writeCursor({ ...head, seq: head.seq + 1 }),
  ]) {
    const stream = await follow(t, f, f.operator, id);
    const reset = await stream.next((one) => one.event === 'reset');
    assert.deepEqual(readCursor(reset.id ?? ''), {
      chain: f.control.evidence.head().chain,
      seq: f.control.evidence.head().seq,
    });
  }
});

test('the stream ends with the session of whoever watches', async (t) => {
  const f = await openApiFixture(t);
  const { secret } = await f.session('bob');
  const stream = await follow(t, f, secret);
  assert.equal((await f.ask('POST', '/v1/sign-out', { bearer: secret, body: {} })).status, 200);
  await stream.ended();
  assert.deepEqual(
    stream.seen.filter((one) => one.event === 'decision'),
    [],
  );
});

test('the stream of a human who is suspended ends at once, and so does their session', async (t) => {
  const f = await openApiFixture(t);
  const { secret } = await f.session('dora');
  const stream = await follow(t, f, secret);
  const suspended = await f.ask('POST', '/v1/humans/dora/transitions', {
    bearer: f.operator,
    body: { to: 'suspended', reason: 'Stop.' },
  });
  assert.equal(suspended.status, 200, suspended.text);
  await stream.ended();
  assert.equal((await f.ask('GET', '/v1/whoami', { bearer: secret })).status, 401);
});

test('there is room for so many streams, and a client that goes away leaves its place', async (t) => {
  const f = await openApiFixture(t);
  const open = await Promise.all(Array.from({ length: STREAMS_MAX }, () => follow(t, f, f.operator)));
  const refused = await f.ask('GET', '/v1/events', { bearer: f.operator });
  assert.equal(refused.status, 503);
  assert.equal(refused.json['code'], 'limit.reached');
  for (const { response } of open) response.destroy();
  const deadline = Date.now() + DEADLINE_MS;
  // Until the server has noticed that they are gone.
  while ((await statusOf(f)) === 503) assert.ok(Date.now() < deadline, 'no place became free');
});

async function statusOf(f: ApiFixture): Promise<number> {
  return new Promise((resolve, reject) => {
    const asked = request(
      `${f.url}/v1/events`,
      { headers: { authorization: `Bearer ${f.operator}` }, agent: false },
      (response) => {
        response.destroy();
        resolve(response.statusCode ?? 0);
      },
    );
    asked.on('error', reject);
    asked.end();
  });
}

test('an agent and an unknown caller watch nothing', async (t) => {
  const f = await openApiFixture(t);
  assert.equal((await f.ask('GET', '/v1/events', { bearer: f.taskToken })).status, 403);
  assert.equal((await f.ask('GET', '/v1/events')).status, 401);
});
