import assert from 'node:assert/strict';
import { test } from 'node:test';
import { authenticate, authenticateSession } from './authenticate.ts';
import { openControlFixture, PASSPHRASE, type ControlFixture } from './control.fixture.ts';
import {
  CHECKS_AT_THE_DOOR_MAX,
  FAILURES_OF_UNKNOWN_PER_MINUTE_MAX,
  FAILURES_PER_LANE_PER_MINUTE_MAX,
} from './passphrase-attempts.ts';
import { newSignInLink, registerHuman } from './register-human.ts';
import { SESSIONS_PER_HUMAN_MAX, signIn, signOut, stepUp, useSignInLink } from './sign-in.ts';

const invalid = { code: 'auth.invalid' };
const NEW = 'a passphrase of my own';

async function invited(control: ControlFixture) {
  return registerHuman(control, { caller: await control.human('ann'), id: 'dora', roles: ['member'] });
}

test('a link sets the first passphrase, makes its human active and opens a session that is stepped up', async () => {
  const control = await openControlFixture();
  const { human, sign_in_secret } = await invited(control);
  assert.equal(human.lifecycle, 'registered');
  assert.match(sign_in_secret, /^mdl_/);
  const used = await useSignInLink(control, { secret: sign_in_secret, passphrase: NEW });
  assert.equal(used.human.lifecycle, 'active');
  assert.equal(used.session.stepped_up_at, control.clock.now());
  assert.match(used.session_secret, /^mds_/);
  assert.equal(authenticateSession(control, used.session_secret).human.id, 'dora');
  assert.equal((await signIn(control, { human: 'dora', passphrase: NEW, as: 'session' })).human.id, 'dora');
});

test('a link is used once', async () => {
  const control = await openControlFixture();
  const { sign_in_secret } = await invited(control);
  const both = await Promise.allSettled([
    useSignInLink(control, { secret: sign_in_secret, passphrase: NEW }),
    useSignInLink(control, { secret: sign_in_secret, passphrase: `${NEW} too` }),
  ]);
  assert.deepEqual(both.map((one) => one.status).sort(), ['fulfilled', 'rejected']);
  await assert.rejects(useSignInLink(control, { secret: sign_in_secret, passphrase: NEW }), invalid);
});

test('a link is dead after five minutes', async () => {
  const control = await openControlFixture();
  const { sign_in_secret } = await invited(control);
  control.clock.advance(5 * 60_000);
  await assert.rejects(useSignInLink(control, { secret: sign_in_secret, passphrase: NEW }), invalid);
});

test('a passphrase that cannot be set leaves the link as it was', async () => {
  const control = await openControlFixture();
  const { sign_in_secret } = await invited(control);
  for (const passphrase of [
    '',
    'eleven char',
    'x'.repeat(1025),
    'aaaaaaaaaaaaaaaa',
    '            ',
    '\ud800 lone surrogate',
  ]) {
    await assert.rejects(useSignInLink(control, { secret: sign_in_secret, passphrase }), {
      code: 'input.invalid',
      at: '/passphrase',
    });
  }
  const used = await useSignInLink(control, { secret: sign_in_secret, passphrase: 'twelve chars' });
  assert.equal(used.human.id, 'dora');
});

test('the id is no passphrase', async () => {
  const control = await openControlFixture();
  const { sign_in_secret } = await registerHuman(control, {
    caller: await control.human('ann'),
    id: 'dorothea-of-the-hill',
    roles: ['member'],
  });
  await assert.rejects(useSignInLink(control, { secret: sign_in_secret, passphrase: ' Dorothea-of-the-Hill' }), {
    code: 'input.invalid',
  });
});

test('a new link does not replace the passphrase of an active human, unless a human admin resets it', async () => {
  const control = await openControlFixture();
  const { sign_in_secret } = await newSignInLink(control, { caller: control.operator, human: 'bob' });
  await assert.rejects(useSignInLink(control, { secret: sign_in_secret, passphrase: NEW }), invalid);
  assert.equal((await useSignInLink(control, { secret: sign_in_secret, passphrase: PASSPHRASE })).human.id, 'bob');

  await assert.rejects(newSignInLink(control, { caller: control.operator, human: 'bob', reset: true }), {
    code: 'auth.forbidden',
  });
  await assert.rejects(newSignInLink(control, { caller: await control.human('bob'), human: 'cleo', reset: true }), {
    code: 'auth.forbidden',
  });
  const session = await signIn(control, { human: 'bob', passphrase: PASSPHRASE, as: 'session' });
  const reset = await newSignInLink(control, { caller: await control.human('ann'), human: 'bob', reset: true });
  assert.throws(() => authenticateSession(control, session.secret), invalid);
  await assert.rejects(signIn(control, { human: 'bob', passphrase: PASSPHRASE, as: 'session' }), invalid);
  await useSignInLink(control, { secret: reset.sign_in_secret, passphrase: NEW });
  assert.equal((await signIn(control, { human: 'bob', passphrase: NEW, as: 'session' })).human.id, 'bob');
});

test('another link ends the one before', async () => {
  const control = await openControlFixture();
  const first = await invited(control);
  const second = await newSignInLink(control, { caller: await control.human('ann'), human: 'dora' });
  await assert.rejects(useSignInLink(control, { secret: first.sign_in_secret, passphrase: NEW }), invalid);
  assert.equal((await useSignInLink(control, { secret: second.sign_in_secret, passphrase: NEW })).human.id, 'dora');
});

test('a wrong passphrase, an unknown human and one who is not active are refused alike', async () => {
  const control = await openControlFixture();
  await invited(control);
  const told = new Set<string>();
  for (const human of ['ann', 'nobody', 'dora', 'worker', '']) {
    await assert.rejects(signIn(control, { human, passphrase: 'not the right one', as: 'session' }), (error: Error) => {
      told.add(
        `${error.message} ${'code' in error ? String(error.code) : ''} ${'at' in error ? String(error.at) : ''}`,
      );
      return true;
    });
  }
  assert.equal(told.size, 1, [...told].join('\n'));
});

test('an unknown human costs as much work as a known one', async () => {
  const control = await openControlFixture();
  let checks = 0;
  const hasher = {
    ...control.hasher,
    matchesPassphrase: (text: string, hash: string) => ((checks += 1), control.hasher.matchesPassphrase(text, hash)),
  };
  for (const human of ['ann', 'nobody']) {
    checks = 0;
    await assert.rejects(
      signIn({ ...control, hasher }, { human, passphrase: 'not the right one', as: 'session' }),
      invalid,
    );
    assert.equal(checks, 1);
  }
});

test('after five failures in a minute even the right passphrase is refused, for this human at the door only', async () => {
  const control = await openControlFixture();
  const wrong = () => signIn(control, { human: 'ann', passphrase: 'not the right one', as: 'session' });
  for (let n = 0; n < FAILURES_PER_LANE_PER_MINUTE_MAX; n += 1) await assert.rejects(wrong(), invalid);
  await assert.rejects(signIn(control, { human: 'ann', passphrase: PASSPHRASE, as: 'session' }), { code: 'auth.rate' });
  // Whoever guesses at the door keeps nobody from answering who is in already.
  const inside = await control.human('ann', null);
  assert.ok(await stepUp(control, { caller: inside, passphrase: PASSPHRASE }));
  await signIn(control, { human: 'bob', passphrase: PASSPHRASE, as: 'session' });
  control.clock.advance(60_000);
  await signIn(control, { human: 'ann', passphrase: PASSPHRASE, as: 'session' });
});

test('guesses at the same time count together', async () => {
  const control = await openControlFixture();
  const guesses = Array.from({ length: 20 }, () =>
    signIn(control, { human: 'ann', passphrase: 'not the right one', as: 'session' }),
  );
  const codes = (await Promise.allSettled(guesses)).map((one) =>
    one.status === 'rejected' ? (one.reason as { code: string }).code : 'in',
  ); // a MandateError
  assert.equal(codes.filter((code) => code === 'auth.invalid').length, FAILURES_PER_LANE_PER_MINUTE_MAX);
  assert.equal(codes.filter((code) => code === 'auth.rate').length, 15);
});

test('guessing names that nobody has is limited in all, and keeps out nobody who exists', async () => {
  const control = await openControlFixture();
  for (let n = 0; n < FAILURES_OF_UNKNOWN_PER_MINUTE_MAX; n += 1) {
    await assert.rejects(signIn(control, { human: `h-${n}`, passphrase: 'not the right one', as: 'session' }), invalid);
  }
  await assert.rejects(signIn(control, { human: 'nobody', passphrase: PASSPHRASE, as: 'session' }), {
    code: 'auth.rate',
  });
  await signIn(control, { human: 'cleo', passphrase: PASSPHRASE, as: 'session' });
  control.clock.advance(60_000);
  const many = Array.from({ length: CHECKS_AT_THE_DOOR_MAX + 1 }, (_, n) =>
    signIn(control, { human: `h-${n}`, passphrase: 'wrong wrong wrong', as: 'session' }),
  );
  const rate = (await Promise.allSettled(many)).filter(
    (one) => one.status === 'rejected' && (one.reason as { code: string }).code === 'auth.rate',
  ); // a MandateError
  assert.equal(rate.length, 1);
});

test('right passphrases are no failures', async () => {
  const control = await openControlFixture();
  for (let n = 0; n < 10; n += 1) await signIn(control, { human: 'ann', passphrase: PASSPHRASE, as: 'cli_session' });
});

test('a cookie session is stepped up by signing in, and again in place', async () => {
  const control = await openControlFixture();
  const signed = await signIn(control, { human: 'ann', passphrase: PASSPHRASE, as: 'session' });
  assert.equal(signed.credential.stepped_up_at, control.clock.now());
  control.clock.advance(3_600_000);
  const { session, secret } = await stepUp(control, {
    caller: authenticateSession(control, signed.secret),
    passphrase: PASSPHRASE,
  });
  assert.equal(secret, null);
  assert.equal(session.id, signed.credential.id);
  assert.equal(authenticateSession(control, signed.secret).stepped_up_at, control.clock.now());
});

test('the bearer that a CLI keeps on disk is never stepped up; the one that is lives five minutes', async () => {
  const control = await openControlFixture();
  const signed = await signIn(control, { human: 'ann', passphrase: PASSPHRASE, as: 'cli_session' });
  assert.equal(signed.credential.stepped_up_at, null);
  const { session, secret } = await stepUp(control, {
    caller: authenticate(control, signed.secret),
    passphrase: PASSPHRASE,
  });
  assert.ok(secret !== null);
  assert.notEqual(session.id, signed.credential.id);
  const [kept, fresh] = [authenticate(control, signed.secret), authenticate(control, secret)];
  assert.equal(kept.kind === 'human' && kept.stepped_up_at, null);
  assert.equal(fresh.kind === 'human' && fresh.stepped_up_at, control.clock.now());
  control.clock.advance(5 * 60_000);
  assert.throws(() => authenticate(control, secret), invalid);
  assert.equal(authenticate(control, signed.secret).kind, 'human');
});

test('only a human steps up, with the right passphrase and a session that is live', async () => {
  const control = await openControlFixture();
  const caller = await control.human('ann', null);
  await assert.rejects(stepUp(control, { caller, passphrase: 'not the right one' }), invalid);
  await assert.rejects(stepUp(control, { caller: control.operator, passphrase: PASSPHRASE }), {
    code: 'auth.forbidden',
  });
  await signOut(control, { caller });
  await assert.rejects(stepUp(control, { caller, passphrase: PASSPHRASE }), invalid);
  await assert.rejects(signOut(control, { caller }), invalid);
});

test('a session ends after twelve hours, and the oldest when there are too many', async () => {
  const control = await openControlFixture();
  const first = await signIn(control, { human: 'ann', passphrase: PASSPHRASE, as: 'session' });
  control.clock.advance(12 * 3_600_000);
  assert.throws(() => authenticateSession(control, first.secret), invalid);
  const sessions: Awaited<ReturnType<typeof signIn>>[] = [];
  for (let n = 0; n <= SESSIONS_PER_HUMAN_MAX; n += 1) {
    sessions.push(await signIn(control, { human: 'ann', passphrase: PASSPHRASE, as: 'session' }));
    control.clock.advance(1);
  }
  assert.throws(() => authenticateSession(control, sessions[0]?.secret ?? ''), invalid);
  assert.equal(authenticateSession(control, sessions[1]?.secret ?? '').human.id, 'ann');
});

test('no secret and no passphrase stands in the evidence or in a stored record', async () => {
  const control = await openControlFixture();
  const { sign_in_secret } = await invited(control);
  const used = await useSignInLink(control, { secret: sign_in_secret, passphrase: NEW });
  const cli = await signIn(control, { human: 'dora', passphrase: NEW, as: 'cli_session' });
  const everything = JSON.stringify([await control.records(), control.announced]);
  for (const secret of [sign_in_secret, used.session_secret, cli.secret, NEW]) assert.ok(!everything.includes(secret));
});
