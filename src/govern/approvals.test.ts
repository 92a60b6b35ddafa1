import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { APPROVALS_PENDING_PER_AGENT_MAX, type Approval } from '../core/approval.ts';
import type { Caller } from '../core/caller.ts';
import { recordId, type ActorId } from '../core/ids.ts';
import { answerApproval, type AnswerRequest } from './answer-approval.ts';
import { approvalDigest } from './approval-digest.ts';
import { APPROVALS_ASKED_PER_WINDOW_MAX, ASKED_WINDOW_MS, askApproval, type ApprovalRequest } from './ask-approval.ts';
import { authenticate } from './authenticate.ts';
import { changeLifecycle } from './change-lifecycle.ts';
import { closeTask } from './close-task.ts';
import { FILES, openControlFixture, PASSPHRASE, T0, TOO_LONG_AGO_MS, type ControlFixture } from './control.fixture.ts';
import { openTask, type OpenTaskRequest } from './open-task.ts';
import { newSignInLink, registerHuman } from './register-human.ts';
import { signIn, stepUp, useSignInLink } from './sign-in.ts';
import { useApproval } from './use-approval.ts';
import { vouchFor } from './vouch-for.ts';

const DECISION = recordId('dec', T0, new Uint8Array(10));
const wish = { agent: 'worker', purpose: 'Tidy up.', scope: { tools: ['files/*'] }, budget: {}, expires_in_s: 3600 };

/** A task that `by` asked for, and a question about it. */
async function held(control: ControlFixture, more: Partial<ApprovalRequest> = {}, task: Partial<OpenTaskRequest> = {}) {
  const opened = await openTask(control, { caller: task.caller ?? (await control.human('ann')), ...wish, ...task });
  const { trigger } = opened.task;
  const request: ApprovalRequest = {
    subject: {
      kind: 'action',
      server: FILES.id,
      tool: 'delete_file',
      definition_digest: 'sha256:d',
      task: opened.task.id,
      revision: 1,
      shown: '{"name":"delete_file"}',
    },
    digest: `sha256:${opened.task.id}`,
    agent: opened.task.agent,
    environment: opened.task.environment,
    chain: opened.task.chain,
    requesters: trigger.kind === 'human' ? [trigger.id as ActorId] : [], // a human's id by the kind
    ask: { answerer: 'technical', roles: [], quorum: 1, ttl_ms: 900_000, message: 'Delete?' },
    decision: DECISION,
    policy: { serial: 1, hash: 'sha256:p' },
    now: control.clock.now(),
    ...more,
  };
  const asked = await control.exclusively(() => askApproval(control, request));
  assert.ok(asked.asked);
  return { ...opened, approval: asked.approval, request };
}

const answer = (
  control: ControlFixture,
  approval: Approval,
  caller: Caller,
  verdict: AnswerRequest['verdict'] = 'approve',
  digest = approval.digest,
) => answerApproval(control, { caller, approval: approval.id, digest, verdict, reason: 'looked at it' });
const use = (control: ControlFixture, approval: Approval, digest = approval.digest) =>
  useApproval(control, { approval: approval.id, digest, decision: DECISION });

test('a held action is asked once, answered by its owner, and used once', async () => {
  const control = await openControlFixture();
  const { approval, request } = await held(control);
  assert.deepEqual([approval.state, approval.excluded, approval.steps[0]?.asked], ['pending', ['ann'], ['bob']]);
  assert.match(approval.nonce, /^[0-9a-f]{32}$/);
  const again = await control.exclusively(() => askApproval(control, request));
  assert.equal(again.asked && again.approval.id, approval.id);
  assert.equal((await answer(control, approval, await control.human('bob'))).state, 'approved');
  assert.equal((await use(control, approval))?.state, 'consumed');
  assert.equal(await use(control, approval), null);
  const kinds = (await control.records()).filter((record) => record.of === approval.id).map((record) => record.effect);
  assert.deepEqual(kinds, ['approval_asked', 'approved', 'approval_used']);
});

test('TH-27 the relation of whoever answers to the request decides: a matrix', async () => {
  for (const [who, asker, expected] of [
    ['bob', 'ann', 'approved'], // technical owner, did not ask
    ['bob', 'bob', 'approval.ineligible'], // owner and requester
    ['ann', 'ann', 'approval.ineligible'], // requester
    ['ann', 'bob', 'approval.ineligible'], // owner in another role, not asked
    ['cleo', 'ann', 'approval.ineligible'], // escalation contact, before their turn
    ['cleo', 'bob', 'approved'], // escalation contact: the owner may not answer, so it is their turn
    ['eli', 'ann', 'approval.ineligible'], // holds the role approver, which this policy did not name
    ['adm', 'ann', 'approval.ineligible'], // every role but not asked
    ['operator', 'ann', 'auth.forbidden'],
    ['mandate', 'ann', 'auth.forbidden'],
    ['agent', 'ann', 'auth.forbidden'],
    ['key', 'ann', 'auth.forbidden'],
  ] as const) {
    const control = await openControlFixture();
    await control.addHuman('eli', ['approver']);
    await control.addHuman('adm', ['admin', 'security', 'member']);
    const { approval, token, task } = await held(control, {}, { caller: await control.human(asker) });
    const caller: Caller =
      who === 'operator' || who === 'mandate'
        ? { kind: who }
        : who === 'agent'
          ? { kind: 'agent', agent: task.agent, task: task.id, credential: token.id }
          : who === 'key'
            ? { kind: 'agent', agent: task.agent, task: null, credential: token.id }
            : await control.human(who);
    for (const verdict of ['approve', 'deny'] as const) {
      if (expected !== 'approved')
        await assert.rejects(
          answer(control, approval, caller, verdict),
          { code: expected },
          `${who} ${asker} ${verdict}`,
        );
    }
    if (expected === 'approved')
      assert.equal((await answer(control, approval, caller)).state, 'approved', `${who} ${asker}`);
    else assert.equal(control.snapshot.approval(approval.id)?.state, 'pending');
  }
});

test('a role that the policy names answers at any time, but never whoever asked or stands in the chain', async () => {
  const control = await openControlFixture();
  const ask = {
    answerer: 'technical',
    roles: ['approver', 'admin'],
    quorum: 2,
    ttl_ms: 900_000,
    message: 'Delete?',
  } as const;
  const { approval } = await held(control, { ask });
  await assert.rejects(answer(control, approval, await control.human('ann')), { code: 'approval.ineligible' });
  assert.equal((await answer(control, approval, await control.human('cleo'))).state, 'pending');
  await assert.rejects(answer(control, approval, await control.human('cleo')), { code: 'approval.ineligible' });
  assert.equal(await use(control, approval), null, 'one of two is not enough');
  assert.equal((await answer(control, approval, await control.human('bob'))).state, 'approved');
});

test('an answer needs the second factor of the last five minutes, whatever the verdict', async () => {
  const control = await openControlFixture();
  const { approval } = await held(control);
  for (const steppedUp of [null, TOO_LONG_AGO_MS, TOO_LONG_AGO_MS - 1]) {
    for (const verdict of ['approve', 'deny', 'confirm'] as const) {
      await assert.rejects(answer(control, approval, await control.human('bob', steppedUp), verdict), {
        code: 'auth.step_up',
      });
    }
  }
  assert.equal((await answer(control, approval, await control.human('bob', TOO_LONG_AGO_MS - 2))).state, 'approved');
});

test('what a caller claims about their step-up counts for nothing', async () => {
  const control = await openControlFixture();
  const { approval } = await held(control);
  const bob = await control.human('bob', null);
  await assert.rejects(answer(control, approval, { ...bob, stepped_up_at: control.clock.now() }), {
    code: 'auth.step_up',
  });
  const ann = await control.human('ann');
  await assert.rejects(answer(control, approval, { ...ann, human: bob.human }), { code: 'auth.invalid' });
});

test('nothing that the CLI keeps on disk approves; its stepped-up session does', async () => {
  const control = await openControlFixture();
  const { approval } = await held(control);
  const cli = await signIn(control, { human: 'bob', passphrase: PASSPHRASE, as: 'cli_session' });
  const kept = authenticate(control, cli.secret);
  const { secret } = await stepUp(control, { caller: kept, passphrase: PASSPHRASE });
  await assert.rejects(answer(control, approval, authenticate(control, cli.secret)), { code: 'auth.step_up' });
  assert.equal((await answer(control, approval, authenticate(control, secret ?? ''))).state, 'approved');
});

test('TH-24 another digest than the one that was read is refused, and uses nothing up', async () => {
  const control = await openControlFixture();
  const { approval } = await held(control);
  const bob = await control.human('bob');
  await assert.rejects(answer(control, approval, bob, 'approve', 'sha256:other'), { code: 'approval.digest' });
  await answer(control, approval, bob);
  assert.equal(await use(control, approval, 'sha256:other'), null);
  assert.notEqual(await use(control, approval), null);
});

test('TH-24 change any one field after the approval and its digest does not fit', async () => {
  const control = await openControlFixture();
  const bound: Parameters<typeof approvalDigest>[1] = {
    action: {
      kind: 'call',
      server: FILES.id,
      tool: 'delete_file',
      method: 'tools/call',
      params: { name: 'delete_file', arguments: { path: '/a' } },
    },
    definition_digest: 'sha256:d',
    agent: 'worker' as ActorId,
    task: recordId('tsk', T0, new Uint8Array(10)),
    revision: 1, // ids by their form
  };
  const digest = approvalDigest(control.hasher, bound);
  assert.equal(approvalDigest(control.hasher, structuredClone(bound)), digest);
  const leaves: (readonly string[])[] = [];
  const walk = (value: unknown, path: readonly string[]): void => {
    if (typeof value !== 'object' || value === null) leaves.push(path);
    else for (const [key, member] of Object.entries(value)) walk(member, [...path, key]);
  };
  walk(bound, []);
  fc.assert(
    fc.property(fc.constantFrom(...leaves), fc.oneof(fc.string(), fc.integer()), (path, value) => {
      const changed = structuredClone(bound) as unknown as Record<string, unknown>; // changed by path below
      let at = changed;
      for (const key of path.slice(0, -1)) at = at[key] as Record<string, unknown>; // the walk came through objects
      const last = path.at(-1) ?? '';
      fc.pre(at[last] !== value);
      at[last] = value;
      assert.notEqual(approvalDigest(control.hasher, changed as unknown as typeof bound), digest); // of the same shape but for one leaf
    }),
  );
});

test('TH-24 of many uses of one approval at the same time exactly one gets it', async () => {
  const control = await openControlFixture();
  const { approval } = await held(control);
  await answer(control, approval, await control.human('bob'));
  const uses = await Promise.all(Array.from({ length: 20 }, () => use(control, approval)));
  assert.equal(uses.filter((one) => one !== null).length, 1);
});

test('TH-24 a use that another process was first with gets nothing', async () => {
  const control = await openControlFixture();
  const { approval } = await held(control);
  const approved = await answer(control, approval, await control.human('bob'));
  const change = {
    id: control.random.id('chg'),
    at: control.clock.now(),
    kind: 'approval_used',
    by: 'mandate',
  } as const;
  await control.changes.commit({
    ...change,
    writes: [{ noun: 'approval', value: { ...approved, state: 'consumed', version: approved.version + 1 } }],
  });
  assert.equal(await use(control, approval), null);
});

test('TH-28 nothing is used after expiry, after a suspension, after its task closed, or twice', async () => {
  for (const [what, then] of [
    ['expiry', (control: ControlFixture) => Promise.resolve(control.clock.advance(900_000))],
    [
      'suspension',
      (control: ControlFixture) =>
        changeLifecycle(control, { caller: control.operator, actor: 'worker', to: 'suspended', reason: 'x' }),
    ],
    [
      'close',
      (control: ControlFixture, task: string) => closeTask(control, { caller: control.operator, task, reason: 'x' }),
    ],
    ['use', (control: ControlFixture, _: string, approval: Approval) => use(control, approval)],
  ] as const) {
    const control = await openControlFixture();
    const { approval, task } = await held(control);
    await answer(control, approval, await control.human('bob'));
    await then(control, task.id, approval);
    assert.equal(await use(control, approval), null, what);
    await assert.rejects(answer(control, approval, await control.human('bob')), { code: 'approval.decided' }, what);
  }
});

test('TH-28 nobody answers for an agent that was stopped or a task that ended', async () => {
  const control = await openControlFixture();
  const { approval } = await held(control);
  const bob = await control.human('bob');
  control.clock.advance(3_600_000);
  await assert.rejects(answer(control, approval, await control.human('bob')), { code: 'approval.decided' });
  await assert.rejects(
    answerApproval(control, { caller: bob, approval: 'apr_unknown', digest: 'x', verdict: 'deny', reason: 'x' }),
    { code: 'not_found' },
  );
});

test('a refusal stays, and the same call is not asked again while it is fresh', async () => {
  const control = await openControlFixture();
  const { approval, request } = await held(control);
  assert.equal((await answer(control, approval, await control.human('bob'), 'deny')).state, 'denied');
  const again = await control.exclusively(() => askApproval(control, request));
  assert.equal(again.asked && again.approval.state, 'denied');
  assert.equal(await use(control, approval), null);
});

test('after its expiry the same call is a new question', async () => {
  const control = await openControlFixture();
  const { approval, request } = await held(control);
  control.clock.advance(900_000);
  const again = await control.exclusively(() => askApproval(control, { ...request, now: control.clock.now() }));
  assert.ok(again.asked);
  assert.notEqual(again.approval.id, approval.id);
});

test('alone outside production the requester may confirm, which is never an approval', async () => {
  const control = await openControlFixture();
  const { approval } = await held(control);
  await assert.rejects(
    answer(control, approval, await control.human('ann'), 'confirm'),
    { code: 'approval.ineligible' },
    'others are there',
  );
  for (const id of ['bob', 'cleo']) {
    const human = control.snapshot.human(id);
    assert.ok(human !== undefined);
    await control.write({ noun: 'actor', value: { ...human, lifecycle: 'suspended', version: human.version + 1 } });
  }
  const confirmed = await answer(control, approval, await control.human('ann'), 'confirm');
  assert.deepEqual([confirmed.state, confirmed.votes.map((vote) => vote.verdict)], ['confirmed', ['confirm']]);
  assert.equal((await control.records()).at(-1)?.effect, 'confirmed');
  assert.equal((await use(control, approval))?.state, 'consumed');
});

test('in production nobody confirms, and an environment that is not configured counts as production', async () => {
  for (const environment of ['prod', 'moon']) {
    const control = await openControlFixture();
    const { approval } = await held(control, { environment: environment as ApprovalRequest['environment'] }); // an id by its form
    for (const id of ['bob', 'cleo']) {
      const human = control.snapshot.human(id);
      assert.ok(human !== undefined);
      await control.write({ noun: 'actor', value: { ...human, lifecycle: 'suspended', version: human.version + 1 } });
    }
    await assert.rejects(answer(control, approval, await control.human('ann'), 'confirm'), {
      code: 'approval.ineligible',
    });
  }
});

test('TH-26 a flood: five hundred requests in a minute leave a bounded queue, one signal, and an agent on probation', async () => {
  const control = await openControlFixture();
  const { request } = await held(control);
  let asked = 1;
  for (let n = 0; n < 500; n += 1) {
    control.clock.advance(100);
    const result = await control.exclusively(() =>
      askApproval(control, { ...request, digest: `sha256:${n}`, now: control.clock.now() }),
    );
    if (result.asked) asked += 1;
  }
  assert.equal(asked, APPROVALS_PENDING_PER_AGENT_MAX);
  const signals = (await control.records()).filter((record) => record.kind === 'signal');
  assert.deepEqual(
    signals.map((signal) => [signal.effect, signal.of]),
    [['approval_flood', 'worker']],
  );
  assert.equal(control.snapshot.agent('worker')?.lifecycle, 'probationary');
  assert.equal(control.snapshot.agent('intern')?.lifecycle, 'probationary');
});

test('TH-26 a flood whose requests are answered at once is limited by its rate', async () => {
  const control = await openControlFixture();
  const { request, approval } = await held(control);
  const results: boolean[] = [true];
  await answer(control, approval, await control.human('bob'), 'deny');
  for (let n = 1; n <= APPROVALS_ASKED_PER_WINDOW_MAX; n += 1) {
    const result = await control.exclusively(() =>
      askApproval(control, { ...request, digest: `sha256:${n}`, now: control.clock.now() }),
    );
    results.push(result.asked);
    if (result.asked) await answer(control, result.approval, await control.human('bob'), 'deny');
  }
  assert.equal(results.filter(Boolean).length, APPROVALS_ASKED_PER_WINDOW_MAX);
  assert.equal(results.at(-1), false);
  control.clock.advance(ASKED_WINDOW_MS);
  const later = await control.exclusively(() =>
    askApproval(control, { ...request, digest: 'sha256:later', now: control.clock.now() }),
  );
  assert.equal(later.asked, true, 'the window moves on');
});

test('three people sign in by themselves, one asks, one approves, one is refused', async () => {
  const control = await openControlFixture();
  const people = new Map<string, Caller>();
  for (const id of ['xa', 'xb', 'xc']) {
    const { sign_in_secret } = await registerHuman(control, {
      caller: await control.human('ann'),
      id,
      roles: id === 'xb' ? ['approver'] : ['member'],
    });
    const { human, session } = await useSignInLink(control, {
      secret: sign_in_secret,
      passphrase: `my own passphrase ${id}`,
    });
    people.set(id, { kind: 'human', human, credential: session.id, stepped_up_at: session.stepped_up_at });
  }
  const [xa, xb, xc] = ['xa', 'xb', 'xc'].map((id) => people.get(id) ?? control.operator);
  const ask = { answerer: 'business', roles: ['approver'], quorum: 1, ttl_ms: 900_000, message: 'Delete?' } as const;
  const { approval } = await held(control, { ask }, { caller: xa ?? control.operator });
  await assert.rejects(answer(control, approval, xc ?? control.operator), { code: 'approval.ineligible' });
  await assert.rejects(answer(control, approval, xa ?? control.operator), { code: 'approval.ineligible' });
  assert.equal((await answer(control, approval, xb ?? control.operator)).state, 'approved');
});

test('the admin token alone cannot approve: not by itself, and not through a person it makes', async () => {
  const control = await openControlFixture();
  const ask = { answerer: 'business', roles: ['approver'], quorum: 1, ttl_ms: 900_000, message: 'Delete?' } as const;
  const { approval } = await held(control, { ask });
  await assert.rejects(answer(control, approval, control.operator), { code: 'auth.forbidden' });
  const { sign_in_secret } = await registerHuman(control, {
    caller: control.operator,
    id: 'puppet',
    roles: ['admin', 'security', 'approver'],
  });
  const { human, session } = await useSignInLink(control, {
    secret: sign_in_secret,
    passphrase: 'a passphrase of my own',
  });
  const puppet: Caller = { kind: 'human', human, credential: session.id, stepped_up_at: session.stepped_up_at };
  for (const verdict of ['approve', 'deny', 'confirm'] as const) {
    await assert.rejects(answer(control, approval, puppet, verdict), { code: 'approval.ineligible' });
  }
  await assert.rejects(vouchFor(control, { caller: puppet, human: 'puppet' }), { code: 'auth.forbidden' });
  await assert.rejects(vouchFor(control, { caller: control.operator, human: 'puppet' }), { code: 'auth.forbidden' });
  const next = await registerHuman(control, { caller: puppet, id: 'puppet-2', roles: ['approver'] });
  assert.equal(next.human.vouched_by, null);
  await assert.rejects(newSignInLink(control, { caller: control.operator, human: 'cleo', reset: true }), {
    code: 'auth.forbidden',
  });
  await assert.rejects(newSignInLink(control, { caller: puppet, human: 'cleo', reset: true }), {
    code: 'auth.forbidden',
  });
});

test('an admin who has just proved themselves vouches, and then the person may answer', async () => {
  const control = await openControlFixture();
  const ask = { answerer: 'business', roles: ['approver'], quorum: 1, ttl_ms: 900_000, message: 'Delete?' } as const;
  const { approval } = await held(control, { ask });
  await control.addHuman('eli', ['approver'], { vouched_by: null });
  await assert.rejects(answer(control, approval, await control.human('eli')), { code: 'approval.ineligible' });
  await assert.rejects(vouchFor(control, { caller: await control.human('ann', TOO_LONG_AGO_MS), human: 'eli' }), {
    code: 'auth.step_up',
  });
  await assert.rejects(vouchFor(control, { caller: await control.human('bob'), human: 'eli' }), {
    code: 'auth.forbidden',
  });
  assert.equal((await vouchFor(control, { caller: await control.human('ann'), human: 'eli' })).vouched_by, 'ann');
  await assert.rejects(vouchFor(control, { caller: await control.human('ann'), human: 'eli' }), {
    code: 'conflict.state',
  });
  assert.equal((await answer(control, approval, await control.human('eli'))).state, 'approved');
});
