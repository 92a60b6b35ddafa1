import assert from 'node:assert/strict';
import { test } from 'node:test';
import { recordId } from '../core/ids.ts';
import { plusMs } from '../core/instant.ts';
import { answerApproval } from './answer-approval.ts';
import { authorize } from './authorize.ts';
import { openAuthorizeFixture, type AuthorizeFixture } from './authorize.fixture.ts';
import { closeTask } from './close-task.ts';
import { ENVIRONMENTS } from './control.fixture.ts';
import { revoke } from './revoke.ts';
import { openSnapshot } from './snapshot.ts';

test('a refusal is known as long as its task is open, also after a new start, and not longer', async () => {
  const fixture = await openAuthorizeFixture();
  const refused = await refusedCall(fixture);
  const { control } = fixture;
  assert.equal(control.snapshot.approvalByDigest(refused.digest)?.state, 'denied');
  assert.equal((await restarted(fixture)).approvalByDigest(refused.digest)?.state, 'denied');
  await closeTask(control, { caller: control.operator, task: fixture.task.id, reason: 'done' });
  assert.equal(control.snapshot.approvalByDigest(refused.digest), undefined);
  assert.deepEqual(control.snapshot.approvalsOf(refused.agent), []);
  assert.equal((await restarted(fixture)).approvalByDigest(refused.digest), undefined);
});

test('a refusal is forgotten with the agent that it refused', async () => {
  const fixture = await openAuthorizeFixture();
  const refused = await refusedCall(fixture);
  const { control } = fixture;
  await revoke(control, { caller: control.operator, kind: 'agent', id: refused.agent, reason: 'stop' });
  assert.deepEqual(control.snapshot.approvalsOf(refused.agent), []);
  assert.equal((await restarted(fixture)).approvalByDigest(refused.digest), undefined);
});

test('a refused promotion is forgotten when the agent is another, and not read when its time is past', async () => {
  const fixture = await openAuthorizeFixture('intern');
  const refused = await refusedCall(fixture);
  const { control } = fixture;
  const at = control.clock.now();
  const promotion = {
    ...refused,
    id: recordId('apr', at, new Uint8Array(10).fill(7)),
    subject: { kind: 'transition', to: 'active', shown: '{}' } as const,
    digest: 'sha256:promotion',
    version: 1,
  };
  await control.write({ noun: 'approval', value: promotion });
  assert.equal((await restarted(fixture)).approvalByDigest(promotion.digest)?.id, promotion.id);
  control.clock.set(promotion.expires_at);
  assert.equal((await restarted(fixture)).approvalByDigest(promotion.digest), undefined);
  const intern = control.snapshot.agent('intern');
  assert.ok(intern);
  await control.write({
    noun: 'actor',
    value: { ...intern, name: 'Another', updated_at: plusMs(at, 1), version: intern.version + 1 },
  });
  assert.equal(control.snapshot.approvalByDigest(promotion.digest), undefined);
  assert.equal(control.snapshot.approvalByDigest(refused.digest)?.id, refused.id, 'its task is still open');
});

function restarted({ control }: AuthorizeFixture) {
  return openSnapshot(control.store, ENVIRONMENTS, control.clock.now());
}

async function refusedCall({ control, deps, request }: AuthorizeFixture) {
  const held = await authorize(deps, request('delete_file'));
  assert.ok(held.effect === 'hold');
  const { id, digest } = held.approval;
  const caller = await control.human('cleo');
  return answerApproval(control, { caller, approval: id, digest, verdict: 'deny', reason: 'no' });
}
