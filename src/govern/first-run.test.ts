import assert from 'node:assert/strict';
import { test } from 'node:test';
import { changeLifecycle } from './change-lifecycle.ts';
import { openControlFixture } from './control.fixture.ts';
import { firstRunLink } from './first-run.ts';
import { useSignInLink } from './sign-in.ts';

const PASSPHRASE = 'a passphrase of my own';

async function withoutAdmin() {
  const control = await openControlFixture();
  await changeLifecycle(control, { caller: control.operator, actor: 'ann', to: 'suspended', reason: 'test' });
  return control;
}

test('TH-69 there is no first-run link while an active human is admin', async () => {
  assert.equal(await firstRunLink(await openControlFixture()), null);
});

test('TH-69 a first-run link works once, for five minutes, and never again once it was used', async () => {
  const control = await withoutAdmin();
  const late = await firstRunLink(control);
  control.clock.advance(5 * 60_000);
  await assert.rejects(useSignInLink(control, { secret: late ?? '', passphrase: PASSPHRASE }), {
    code: 'auth.invalid',
  });

  const secret = await firstRunLink(control);
  const { human } = await useSignInLink(control, { secret: secret ?? '', passphrase: PASSPHRASE });
  assert.deepEqual(
    [human.id, human.lifecycle, human.roles],
    ['admin', 'active', ['admin', 'security', 'approver', 'member']],
  );
  await assert.rejects(useSignInLink(control, { secret: secret ?? '', passphrase: PASSPHRASE }), {
    code: 'auth.invalid',
  });
  assert.equal(await firstRunLink(control), null);
});

test('TH-69 each start ends the link of the start before', async () => {
  const control = await withoutAdmin();
  const first = await firstRunLink(control);
  const second = await firstRunLink(control);
  assert.notEqual(first, second);
  await assert.rejects(useSignInLink(control, { secret: first ?? '', passphrase: PASSPHRASE }), {
    code: 'auth.invalid',
  });
  assert.equal((await useSignInLink(control, { secret: second ?? '', passphrase: PASSPHRASE })).human.id, 'admin');
});

test('when the only admin is stopped, another first admin is made; an id is never reused', async () => {
  const control = await withoutAdmin();
  await useSignInLink(control, { secret: (await firstRunLink(control)) ?? '', passphrase: PASSPHRASE });
  await changeLifecycle(control, { caller: control.operator, actor: 'admin', to: 'decommissioned', reason: 'test' });
  const { human } = await useSignInLink(control, {
    secret: (await firstRunLink(control)) ?? '',
    passphrase: PASSPHRASE,
  });
  assert.equal(human.id, 'admin-2');
});
