import assert from 'node:assert/strict';
import { test } from 'node:test';
import { authenticate, authenticateSession, BEARER_CHARS_MAX } from './authenticate.ts';
import { changeLifecycle } from './change-lifecycle.ts';
import { closeTask } from './close-task.ts';
import { ADMIN_TOKEN, openControlFixture, PASSPHRASE } from './control.fixture.ts';
import { issueConnectionKey } from './issue-connection-key.ts';
import { openTask } from './open-task.ts';
import { signIn, signOut } from './sign-in.ts';

const scope = { tools: ['files/read_file'] };
const task = { agent: 'worker', purpose: 'Read the notes.', scope, budget: {}, expires_in_s: 3600 };
const invalid = { code: 'auth.invalid' };

test('each kind of bearer is its own kind of caller', async () => {
  const control = await openControlFixture();
  const ann = await control.human('ann');
  const opened = await openTask(control, { caller: ann, ...task });
  const key = await issueConnectionKey(control, { caller: ann, agent: 'worker', label: 'laptop' });
  const cli = await signIn(control, { human: 'ann', passphrase: PASSPHRASE, as: 'cli_session' });
  assert.deepEqual(authenticate(control, ADMIN_TOKEN), { kind: 'operator' });
  assert.deepEqual(authenticate(control, opened.token_secret), {
    kind: 'agent',
    agent: 'worker',
    task: opened.task.id,
    credential: opened.token.id,
  });
  assert.deepEqual(authenticate(control, key.secret), {
    kind: 'agent',
    agent: 'worker',
    task: null,
    credential: key.credential.id,
  });
  const human = authenticate(control, cli.secret);
  assert.equal(human.kind === 'human' && human.human.id, 'ann');
});

test('a cookie is no bearer and a bearer no cookie', async () => {
  const control = await openControlFixture();
  const cookie = await signIn(control, { human: 'ann', passphrase: PASSPHRASE, as: 'session' });
  const cli = await signIn(control, { human: 'ann', passphrase: PASSPHRASE, as: 'cli_session' });
  assert.equal(authenticateSession(control, cookie.secret).human.id, 'ann');
  assert.throws(() => authenticate(control, cookie.secret), invalid);
  assert.throws(() => authenticateSession(control, cli.secret), invalid);
  assert.throws(() => authenticateSession(control, ADMIN_TOKEN), invalid);
});

test('nothing, something unknown and something too long are refused', async () => {
  const control = await openControlFixture();
  assert.throws(() => authenticate(control, ''), { code: 'auth.missing' });
  assert.throws(() => authenticateSession(control, ''), { code: 'auth.missing' });
  for (const bearer of [
    'x',
    'mdt_unknown',
    ADMIN_TOKEN.slice(0, -1),
    `${ADMIN_TOKEN} `,
    'x'.repeat(BEARER_CHARS_MAX + 1),
    control.operatorHash,
  ]) {
    assert.throws(() => authenticate(control, bearer), invalid, bearer);
    assert.throws(() => authenticateSession(control, bearer), invalid, bearer);
  }
});

test('TH-09 who calls follows from the credential alone: there is nothing else to read it from', async () => {
  const control = await openControlFixture();
  const one = await openTask(control, { caller: await control.human('ann'), ...task });
  const other = await openTask(control, { caller: await control.human('ann'), ...task, agent: 'intern' });
  const caller = authenticate(control, one.token_secret);
  assert.equal(caller.kind === 'agent' && caller.agent, 'worker');
  assert.notEqual(one.task.id, other.task.id);
  assert.equal(authenticate.length, 2); // the ports and the bearer
});

test('a dead credential of a known actor is refused by name, so that the attempt can be recorded', async () => {
  const control = await openControlFixture();
  const opened = await openTask(control, { caller: await control.human('ann'), ...task });
  await closeTask(control, { caller: control.operator, task: opened.task.id, reason: 'done' });
  assert.throws(() => authenticate(control, opened.token_secret), { ...invalid, at: opened.token.id });

  const cli = await signIn(control, { human: 'ann', passphrase: PASSPHRASE, as: 'cli_session' });
  const caller = authenticate(control, cli.secret);
  await signOut(control, { caller });
  assert.throws(() => authenticate(control, cli.secret), { ...invalid, at: cli.credential.id });
});

test('a token is dead from the moment it expires', async () => {
  const control = await openControlFixture();
  const opened = await openTask(control, { caller: await control.human('ann'), ...task });
  control.clock.advance(15 * 60_000 - 1);
  assert.equal(authenticate(control, opened.token_secret).kind, 'agent');
  control.clock.advance(1);
  assert.throws(() => authenticate(control, opened.token_secret), invalid);
});

test('TH-11 every credential of a suspended or decommissioned actor is dead at once', async () => {
  for (const to of ['suspended', 'decommissioned'] as const) {
    const control = await openControlFixture();
    const ann = await control.human('ann');
    const opened = await openTask(control, { caller: ann, ...task });
    const key = await issueConnectionKey(control, { caller: ann, agent: 'worker', label: 'laptop' });
    const cli = await signIn(control, { human: 'bob', passphrase: PASSPHRASE, as: 'cli_session' });
    const cookie = await signIn(control, { human: 'bob', passphrase: PASSPHRASE, as: 'session' });
    await changeLifecycle(control, { caller: ann, actor: 'worker', to, reason: 'test' });
    assert.throws(() => authenticate(control, opened.token_secret), invalid);
    assert.throws(() => authenticate(control, key.secret), invalid);
    await changeLifecycle(control, { caller: ann, actor: 'bob', to, reason: 'test' });
    assert.throws(() => authenticate(control, cli.secret), invalid);
    assert.throws(() => authenticateSession(control, cookie.secret), invalid);
  }
});

test('TH-10 a fault of anything that authentication asks is thrown on: there is no caller by default', async () => {
  const control = await openControlFixture();
  const opened = await openTask(control, { caller: await control.human('ann'), ...task });
  const cli = await signIn(control, { human: 'ann', passphrase: PASSPHRASE, as: 'cli_session' });
  const cookie = await signIn(control, { human: 'ann', passphrase: PASSPHRASE, as: 'session' });
  const fault = new Error('planted');
  const attempts = [
    [opened.token_secret, authenticate],
    [cli.secret, authenticate],
    [ADMIN_TOKEN, authenticate],
    [cookie.secret, authenticateSession],
  ] as const;
  for (const [secret, attempt] of attempts) {
    let calls = 0;
    let failing = 0;
    const faulty = <T extends object>(port: T): T =>
      new Proxy(port, {
        get: (target, name, receiver) => {
          const member: unknown = Reflect.get(target, name, receiver);
          if (typeof member !== 'function') return member;
          return (...given: unknown[]) => {
            calls += 1;
            if (calls === failing) throw fault;
            return Reflect.apply(member, target, given);
          };
        },
      });
    const deps = {
      snapshot: faulty(control.snapshot),
      hasher: faulty(control.hasher),
      clock: faulty(control.clock),
      operatorHash: control.operatorHash,
    };
    attempt(deps, secret);
    const total = calls;
    for (failing = 1; failing <= total; failing += 1) {
      calls = 0;
      assert.throws(() => attempt(deps, secret), fault);
    }
  }
});
