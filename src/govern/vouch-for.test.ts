import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MandateError } from '../core/errors.ts';
import { answerApproval } from './answer-approval.ts';
import { authorize } from './authorize.ts';
import { openAuthorizeFixture } from './authorize.fixture.ts';
import { openControlFixture, TOO_LONG_AGO_MS } from './control.fixture.ts';
import { newSignInLink, registerHuman } from './register-human.ts';
import { useSignInLink } from './sign-in.ts';
import { vouchFor } from './vouch-for.ts';

const code = (expected: string) => (error: MandateError) => error.code === expected;
const PASSPHRASE = 'a passphrase of one’s own';

test('a human whom the admin token registered signs in, and answers no approval until an admin vouches', async () => {
  const { control, deps, request } = await openAuthorizeFixture();
  const invited = await registerHuman(control, {
    caller: control.operator,
    id: 'mallory',
    roles: ['admin', 'approver'],
  });
  assert.equal(invited.human.vouched_by, null);
  const { session } = await useSignInLink(control, { secret: invited.sign_in_secret, passphrase: PASSPHRASE });
  const human = control.snapshot.human('mallory');
  assert.ok(human);
  const caller = { kind: 'human', human, credential: session.id, stepped_up_at: control.clock.now() } as const;
  const held = await authorize(deps, request('delete_file'));
  assert.ok(held.effect === 'hold');
  const answer = {
    approval: held.approval.id,
    digest: held.approval.digest,
    verdict: 'approve',
    reason: 'mine',
  } as const;
  await assert.rejects(answerApproval(control, { caller, ...answer }), code('approval.ineligible'));
  await assert.rejects(vouchFor(control, { caller, human: 'mallory' }), code('auth.forbidden'));

  await vouchFor(control, { caller: await control.human('ann'), human: 'mallory' });
  const approved = await answerApproval(control, { caller, ...answer });
  assert.equal(approved.state, 'approved');
});

test('only an admin with standing who has just stepped up vouches', async () => {
  const control = await openControlFixture();
  await registerHuman(control, { caller: control.operator, id: 'dan', roles: ['member'] });
  const rows = [
    [control.operator, 'auth.forbidden'],
    [await control.human('bob'), 'auth.forbidden'],
    [await control.human('ann', null), 'auth.step_up'],
    [await control.human('ann', TOO_LONG_AGO_MS), 'auth.step_up'],
  ] as const;
  for (const [caller, expected] of rows)
    await assert.rejects(vouchFor(control, { caller, human: 'dan' }), code(expected));
  assert.equal((await vouchFor(control, { caller: await control.human('ann'), human: 'dan' })).vouched_by, 'ann');
  await assert.rejects(vouchFor(control, { caller: await control.human('ann'), human: 'dan' }), code('conflict.state'));
});

test('an admin who has just stepped up registers people with standing, without it people without', async () => {
  const control = await openControlFixture();
  const fresh = await registerHuman(control, { caller: await control.human('ann'), id: 'eve', roles: ['approver'] });
  const stale = await registerHuman(control, {
    caller: await control.human('ann', null),
    id: 'fay',
    roles: ['approver'],
  });
  assert.equal(fresh.human.vouched_by, 'ann');
  assert.equal(stale.human.vouched_by, null);
});

test('nobody becomes a person with standing through a link that a bearer alone could get', async () => {
  const control = await openControlFixture();
  await registerHuman(control, { caller: await control.human('ann'), id: 'eve', roles: ['approver'] });
  const links = [{ human: 'eve' }, { human: 'cleo', reset: true }];
  for (const link of links) {
    await assert.rejects(newSignInLink(control, { caller: control.operator, ...link }), code('auth.forbidden'));
    await assert.rejects(
      newSignInLink(control, { caller: await control.human('ann', null), ...link }),
      code('auth.step_up'),
    );
    assert.ok(await newSignInLink(control, { caller: await control.human('ann'), ...link }));
  }
});
