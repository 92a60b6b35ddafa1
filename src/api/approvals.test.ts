import assert from 'node:assert/strict';
import { test } from 'node:test';
import { APPROVAL_MS, type Approval } from '../core/approval.ts';
import { STEP_UP_MS } from '../core/credential.ts';
import { environmentId } from '../core/ids.ts';
import { openApiFixture, type ApiFixture } from './api.fixture.ts';

const VERDICTS = ['approve', 'deny', 'confirm'] as const;

async function answer(
  f: ApiFixture,
  approval: Approval,
  verdict: string,
  human: string,
  more: { digest?: string; steppedUp?: boolean } = {},
) {
  const { secret } = await f.session(human, 'cli_session', more.steppedUp ?? true);
  const body = { digest: more.digest ?? approval.digest, reason: 'Read and considered.' };
  return f.ask('POST', `/v1/approvals/${approval.id}/${verdict}`, { bearer: secret, body });
}

test('the admin token alone answers nothing, and neither does anything an agent holds', async (t) => {
  const f = await openApiFixture(t);
  const approval = await f.hold();
  for (const verdict of VERDICTS) {
    for (const bearer of [f.operator, f.taskToken, f.connectionKey]) {
      const body = { digest: approval.digest, reason: 'Mine.' };
      const refused = await f.ask('POST', `/v1/approvals/${approval.id}/${verdict}`, { bearer, body });
      assert.equal(refused.status, 403, `${verdict} with ${bearer.slice(0, 4)}`);
      assert.equal(refused.json['code'], 'auth.forbidden');
    }
  }
  assert.equal(f.control.snapshot.approval(approval.id)?.state, 'pending');
});

test('the operator cannot get into a session of a human who has a passphrase', async (t) => {
  const f = await openApiFixture(t);
  const reset = await f.ask('POST', '/v1/humans/ann/sign-in-link', { bearer: f.operator, body: { reset: true } });
  assert.equal(reset.json['code'], 'auth.forbidden');
  const link = await f.ask('POST', '/v1/humans/ann/sign-in-link', { bearer: f.operator, body: {} });
  const url = new URL((link.json['sign_in'] as { url: string }).url); // as the API describes it
  const used = await f.ask('POST', '/v1/sign-in', {
    body: { secret: url.searchParams.get('link'), passphrase: 'a passphrase of the operator' },
  });
  assert.equal(used.json['code'], 'auth.invalid');
});

test('the one who is asked approves once; a second answer meets a decided approval', async (t) => {
  const f = await openApiFixture(t);
  const approval = await f.hold();
  const done = await answer(f, approval, 'approve', 'ann');
  assert.equal(done.status, 200, done.text);
  assert.equal(done.json['state'], 'approved');
  const again = await answer(f, approval, 'deny', 'cleo');
  assert.equal(again.status, 409);
  assert.equal(again.json['code'], 'approval.decided');
});

test('answering needs the second factor, within five minutes', async (t) => {
  const f = await openApiFixture(t);
  const approval = await f.hold();
  for (const verdict of ['approve', 'deny']) {
    assert.equal((await answer(f, approval, verdict, 'ann', { steppedUp: false })).json['code'], 'auth.step_up');
  }
  const { secret } = await f.session('ann');
  f.control.clock.advance(STEP_UP_MS);
  const stale = await f.ask('POST', `/v1/approvals/${approval.id}/approve`, {
    bearer: secret,
    body: { digest: approval.digest, reason: 'Late.' },
  });
  assert.equal(stale.json['code'], 'auth.step_up');
});

test('another digest than the one asked about is a conflict', async (t) => {
  const f = await openApiFixture(t);
  const approval = await f.hold();
  const refused = await answer(f, approval, 'approve', 'ann', { digest: `sha256:${'0'.repeat(64)}` });
  assert.equal(refused.status, 409);
  assert.equal(refused.json['code'], 'approval.digest');
});

test('TH-27 who asked, who is in the chain, who is not asked and who is asked later may not answer', async (t) => {
  const f = await openApiFixture(t);
  await f.addHuman('zoe', ['member']);
  const approval = await f.hold();
  for (const [human, why] of [
    ['dora', /asked for it/],
    ['zoe', /not asked/],
  ] as const) {
    const refused = await answer(f, approval, 'approve', human);
    assert.equal(refused.json['code'], 'approval.ineligible', human);
    assert.match(refused.text, why, human);
  }
  assert.equal(
    (await answer(f, approval, 'confirm', 'dora')).json['code'],
    'approval.ineligible',
    'there are others who can approve',
  );
});

test('a quorum of two takes two people, and one of them twice is not two', async (t) => {
  const f = await openApiFixture(t);
  const approval = await raised(f, { quorum: 2, roles: ['approver', 'security'] });
  assert.equal((await answer(f, approval, 'approve', 'cleo')).json['state'], 'pending');
  assert.equal((await answer(f, approval, 'approve', 'cleo')).json['code'], 'approval.ineligible');
  assert.equal((await answer(f, approval, 'approve', 'bob')).json['state'], 'approved');
});

test('one deny decides, whatever the quorum', async (t) => {
  const f = await openApiFixture(t);
  const approval = await raised(f, { quorum: 2, roles: ['approver', 'security'] });
  await answer(f, approval, 'approve', 'cleo');
  assert.equal((await answer(f, approval, 'deny', 'bob')).json['state'], 'denied');
});

test('a single human outside production confirms their own request, and in production never', async (t) => {
  for (const [environment, expected] of [
    ['dev', 'confirmed'],
    ['prod', 'approval.ineligible'],
  ] as const) {
    const f = await openApiFixture(t);
    const approval = await raised(f, { environment: environmentId(environment) });
    for (const id of ['ann', 'bob', 'cleo']) {
      const human = f.control.snapshot.human(id);
      assert.ok(human);
      await f.control.write({ noun: 'actor', value: { ...human, lifecycle: 'suspended', version: human.version + 1 } });
    }
    const given = await answer(f, approval, 'confirm', 'dora');
    assert.equal(given.json['state'] ?? given.json['code'], expected, environment);
  }
});

test('after its end an approval reads as expired and takes no answer', async (t) => {
  const f = await openApiFixture(t);
  const approval = await f.hold();
  f.control.clock.set(approval.expires_at);
  const read = await f.ask('GET', `/v1/approvals/${approval.id}`, { bearer: f.operator });
  assert.equal(read.json['state'], 'expired');
  assert.equal((await answer(f, approval, 'approve', 'ann')).json['code'], 'approval.decided');
  const pending = await f.ask('GET', '/v1/approvals?state=pending', { bearer: f.operator });
  assert.deepEqual(pending.json['items'], []);
  assert.ok(approval.expires_at - approval.created_at <= APPROVAL_MS);
});

test('an approval shows exactly what will be forwarded, and no nonce', async (t) => {
  const f = await openApiFixture(t);
  const approval = await f.hold('delete_file', { path: 'a\u202etxt' });
  const read = await f.ask('GET', `/v1/approvals/${approval.id}`, { bearer: f.operator });
  assert.deepEqual(
    (read.json['subject'] as { shown: string }).shown,
    '{"arguments":{"path":"a\u202etxt"},"name":"delete_file"}',
  );
  assert.equal(read.json['url'], `${f.url}/approvals/${approval.id}`);
  assert.ok(!('nonce' in read.json));
  assert.equal(read.json['purpose'], f.task.purpose);
  assert.equal(read.json['purpose_source'], f.task.purpose_source);
  assert.equal(read.json['requester'], 'dora');
  const [first] = approval.steps;
  assert.deepEqual(read.json['may_answer'], { asked: first?.asked, roles: approval.roles });
  assert.ok((first?.asked.length ?? 0) > 0);
  f.control.clock.set(approval.expires_at);
  const over = await f.ask('GET', `/v1/approvals/${approval.id}`, { bearer: f.operator });
  assert.deepEqual(over.json['may_answer'], { asked: [], roles: [] });
});

/** A held action whose approval asks for more than the policy at hand would. */
async function raised(f: ApiFixture, more: Partial<Approval>): Promise<Approval> {
  const approval = await f.hold();
  const value: Approval = { ...approval, ...more, version: approval.version + 1 };
  await f.control.write({ noun: 'approval', value });
  return value;
}
