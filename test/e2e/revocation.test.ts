import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { test } from 'node:test';
import { done, mcpRequest } from './api.fixture.ts';
import type { Approval } from './organisation.fixture.ts';
import { openRecordedOrganisation, type RecordedOrganisation } from './recorded-organisation.fixture.ts';
import { receivedCalls } from './recording-server.fixture.ts';

/** The promise: nothing of a stopped agent goes on for longer than this. */
const LAST_BYTE_MS_MAX = 1_000;
const DEADLINE_MS = 10_000;

test('TH-11 a suspended agent loses its stream, its approvals, its token and its key within a second', async (t) => {
  const org = await openRecordedOrganisation(t, { agents: ['worker', 'bystander'] });
  const { token, task } = await org.taskOf('worker');
  const key = await org.keyOf('worker');
  const other = await org.taskOf('bystander');

  const pending = await org.hold(token, 'put', { n: 'pending' });
  const approved = await org.hold(token, 'put', { n: 'approved' });
  await org.approve(approved);
  const stream = await watch(org, token);
  const untouched = await watch(org, other.token);
  await stream.flowing();

  const suspended_at = performance.now();
  const answer = await done<Suspended>(
    org.request('POST', '/v1/agents/worker/transitions', org.operator, {
      to: 'suspended',
      reason: 'It does what nobody asked.',
    }),
  );
  const answered_ms = performance.now() - suspended_at;
  const last_ms = (await stream.ended) - suspended_at;
  t.diagnostic(
    `last byte ${last_ms.toFixed(1)} ms after the suspension was sent; answered after ${answered_ms.toFixed(1)} ms, in force in ${answer.in_force_ms} ms`,
  );
  assert.ok(last_ms < LAST_BYTE_MS_MAX, `the stream went on for ${last_ms} ms`);
  assert.ok(answer.in_force_ms < LAST_BYTE_MS_MAX);
  assert.equal(answer.ended.tasks, 1);
  assert.ok(answer.ended.approvals >= 2, JSON.stringify(answer.ended));
  assert.equal(answer.ended.streams, 1);

  const before = receivedCalls(org.record).length;
  for (const bearer of [token, key]) {
    const refused = await org.call(bearer, 'look', {});
    assert.equal(refused.status, 401, refused.answer.text);
    assert.equal((await org.call(bearer, 'put', { n: 'approved' })).status, 401);
  }
  const renewed = await org.request('POST', `/v1/tasks/${task.id}/token`, token, {});
  assert.equal(renewed.status, 401);
  assert.equal(receivedCalls(org.record).length, before, 'a call reached the server after the suspension');

  for (const id of [pending, approved]) {
    assert.equal((await done<Approval>(org.request('GET', `/v1/approvals/${id}`, org.operator))).state, 'void');
  }
  const ruth = await org.stepUp('ruth');
  const { digest } = await done<Approval>(org.request('GET', `/v1/approvals/${pending}`, ruth));
  const late = await org.request('POST', `/v1/approvals/${pending}/approve`, ruth, { digest, reason: 'Late.' });
  assert.deepEqual([late.status, late.code], [409, 'approval.decided']);
  const opened = await org.taskOf('worker').catch((error: unknown) => error);
  assert.match(String(opened), /suspended/);

  await untouched.flowing();
  assert.equal((await org.call(other.token, 'look', {})).effect, 'allow', 'another agent was stopped as well');
  untouched.leave();

  // Starting again gives nothing back.
  await done(
    org.request('POST', '/v1/agents/worker/transitions', org.operator, { to: 'probationary', reason: 'Looked into.' }),
  );
  assert.equal((await org.call(token, 'look', {})).status, 401);
  const fresh = await org.taskOf('worker');
  assert.equal(
    (await org.call(fresh.token, 'put', { n: 'approved' })).effect,
    'hold',
    'an approval outlived the suspension',
  );
});

interface Suspended {
  readonly in_force_ms: number;
  readonly ended: { readonly tasks: number; readonly approvals: number; readonly streams: number };
}

interface Stream {
  /** When the last byte came or the connection ended, whichever was later. */
  readonly ended: Promise<number>;
  /** Resolves when more bytes come. */
  flowing(): Promise<void>;
  leave(): void;
}

/** A call that only reads, and that its server answers with progress for ever. */
async function watch({ url }: RecordedOrganisation, bearer: string): Promise<Stream> {
  const { body, headers } = mcpRequest('tools/call', { name: 'rec__watch', arguments: {} }, { progressToken: 'p' });
  return open(`${url}/mcp`, bearer, headers, JSON.stringify(body));
}

async function open(
  url: string,
  bearer: string,
  headers: Readonly<Record<string, string>>,
  body: string,
): Promise<Stream> {
  const asked = httpRequest(url, {
    method: 'POST',
    agent: false,
    headers: { ...headers, authorization: `Bearer ${bearer}`, 'content-type': 'application/json' },
  });
  asked.end(body);
  const [response] = (await once(asked, 'response', { signal: AbortSignal.timeout(DEADLINE_MS) })) as [IncomingMessage]; // node:http's own
  assert.equal(response.statusCode, 200);
  let last = performance.now();
  response.on('data', () => {
    last = performance.now();
  });
  const ended = new Promise<number>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('the stream did not end')), DEADLINE_MS);
    const over = (): void => {
      clearTimeout(timer);
      resolve(Math.max(last, performance.now()));
    };
    response.once('close', over).on('error', over);
  });
  ended.catch(() => undefined); // for the streams whose end nobody waits for
  return {
    ended,
    flowing: async () => {
      await once(response, 'data', { signal: AbortSignal.timeout(DEADLINE_MS) });
    },
    leave: () => asked.destroy(),
  };
}
