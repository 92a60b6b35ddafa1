import type { TestContext } from 'node:test';
import { test } from 'node:test';
import assert from 'node:assert/strict';
import {
  call,
  rejects,
  send,
  textOf,
  upstreamSuite,
  type RigOptions,
  type UpstreamRig,
} from '../../ports/upstream.suite.ts';
import { sampleServer, testClock, testHasher } from './sample-deps.suite.ts';
import { openHttpUpstream } from './open.ts';
import { openSampleHttp, type SampleHttp } from './sample-http.suite.ts';
import type { SampleState } from './sample-server.suite.ts';

async function openRig(
  t: TestContext,
  kind: Parameters<typeof openSampleHttp>[0],
  limits: RigOptions = {},
): Promise<UpstreamRig & { readonly http: SampleHttp }> {
  let state: SampleState = {};
  const http = await openSampleHttp(kind, () => state);
  const upstream = openHttpUpstream({ hasher: testHasher, clock: testClock, version: '0.0.0', limits });
  t.after(async () => {
    await upstream.close();
    await http.close();
    assert.deepEqual(http.faults, []);
  });
  return {
    http,
    upstream,
    server: sampleServer({ type: 'http', url: http.url }),
    hasher: testHasher,
    setState(next) {
      state = next as SampleState; // written by the suite
    },
    received: () => http.received,
    cancelMark: kind === 'modern' ? /^closed \d+$/ : /notifications\/cancelled/,
    streams: kind !== 'legacy-json',
    sessions: kind !== 'modern',
  };
}

for (const kind of ['modern', 'legacy-json', 'legacy-sse'] as const) {
  upstreamSuite(`upstream over HTTP, ${kind}`, (t, options) => openRig(t, kind, options));
}

test('a session that the server ended fails the call it met and is begun anew for the next', async (t) => {
  const rig = await openRig(t, 'legacy-json');
  assert.match(textOf(await send(rig, call('count', {}))), /session 1 call 1/);
  rig.http.forgetSessions();
  await rejects(send(rig, call('count', {})), 'upstream.unreachable', true);
  assert.match(textOf(await send(rig, call('count', {}))), /session 2 call 1/);
});

test('a session is ended at the server with the task', async (t) => {
  const rig = await openRig(t, 'legacy-json');
  await send(rig, call('count', {}));
  await rig.upstream.close();
  assert.equal(rig.received().at(-1), 'DELETE session-1');
});
