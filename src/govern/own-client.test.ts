import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Approval } from '../core/approval.ts';
import { actorId } from '../core/ids.ts';
import { PURPOSE_NOT_STATED } from '../core/task.ts';
import { answerApproval } from './answer-approval.ts';
import { authorize } from './authorize.ts';
import { openAuthorizeFixture, type AuthorizeFixture } from './authorize.fixture.ts';
import { T0 } from './control.fixture.ts';
import { issueConnectionKey } from './issue-connection-key.ts';

/** As a connection key opens one: nobody but the agent itself asked. */
const NOBODY_ASKED = {
  trigger: { kind: 'agent', id: 'worker' },
  revisions: [{ revision: 1, purpose: PURPOSE_NOT_STATED, purpose_source: 'agent', set_by: 'worker', at: T0 }],
  chain: [{ actor: actorId('worker'), kind: 'agent' }],
} as const;

test('whoever issued the connection key does not approve the calls of their own client; another owner does', async () => {
  const fixture = await openAuthorizeFixture('worker', NOBODY_ASKED);
  const held = await heldThrough(fixture, 'bob');
  assert.deepEqual(held.approval.excluded, ['bob']);
  await assert.rejects(answer(fixture, held.approval, 'bob', 'approve'), { code: 'approval.ineligible' });
  assert.equal((await answer(fixture, held.approval, 'cleo', 'approve')).state, 'approved');
  assert.equal((await authorize(fixture.deps, held.request)).effect, 'allow');
});

test('the same call through the client of another person is another question', async () => {
  const fixture = await openAuthorizeFixture('worker', NOBODY_ASKED);
  const ofBob = await heldThrough(fixture, 'bob');
  await answer(fixture, ofBob.approval, 'cleo', 'approve');
  const ofCleo = await heldThrough(fixture, 'cleo');
  assert.notEqual(ofCleo.approval.id, ofBob.approval.id);
  await assert.rejects(answer(fixture, ofCleo.approval, 'cleo', 'approve'), { code: 'approval.ineligible' });
});

test('the only human, outside production, still confirms a call of their own client', async () => {
  const fixture = await openAuthorizeFixture('worker', NOBODY_ASKED);
  const { control } = fixture;
  const held = await heldThrough(fixture, 'ann');
  for (const id of ['bob', 'cleo', 'dora']) {
    const human = control.snapshot.human(id);
    assert.ok(human);
    await control.write({ noun: 'actor', value: { ...human, lifecycle: 'suspended', version: human.version + 1 } });
  }
  await assert.rejects(answer(fixture, held.approval, 'ann', 'approve'), { code: 'approval.ineligible' });
  assert.equal((await answer(fixture, held.approval, 'ann', 'confirm')).state, 'confirmed');
});

test('a key that the operator issued names nobody, so it excludes nobody', async () => {
  const fixture = await openAuthorizeFixture('worker', NOBODY_ASKED);
  const held = await heldThrough(fixture, null);
  assert.deepEqual(held.approval.excluded, []);
});

/** A call that is held, through a key that this human (null: the operator) issued. */
async function heldThrough({ control, deps, request }: AuthorizeFixture, issuer: string | null) {
  const caller = issuer === null ? control.operator : await control.human(issuer);
  const { credential } = await issueConnectionKey(control, { caller, agent: 'worker', label: 'client' });
  assert.equal(credential.issued_by, issuer ?? 'operator');
  const asked = request('delete_file', {}, { credential: credential.id });
  const held = await authorize(deps, asked);
  assert.ok(held.effect === 'hold', held.effect);
  return { approval: held.approval, request: asked };
}

async function answer({ control }: AuthorizeFixture, approval: Approval, id: string, verdict: 'approve' | 'confirm') {
  const { digest } = approval;
  const caller = await control.human(id);
  return answerApproval(control, { caller, approval: approval.id, digest, verdict, reason: 'fixture' });
}
