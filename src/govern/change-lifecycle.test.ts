import assert from 'node:assert/strict';
import { test } from 'node:test';
import { acceptOwnership, acceptWorkload } from './accept-ownership.ts';
import { answerApproval } from './answer-approval.ts';
import { authenticate } from './authenticate.ts';
import { changeLifecycle } from './change-lifecycle.ts';
import { agentNamed, openControlFixture, type ControlFixture } from './control.fixture.ts';
import { issueConnectionKey } from './issue-connection-key.ts';
import type { Caller } from '../core/caller.ts';
import type { Lifecycle } from '../core/lifecycle.ts';
import { openTask } from './open-task.ts';
import { registerAgent } from './register-agent.ts';
import { registerHuman } from './register-human.ts';
import { registerWorkload } from './register-workload.ts';
import { revoke } from './revoke.ts';

const wish = { purpose: 'Tidy up.', scope: { tools: ['files/*'] }, budget: {}, expires_in_s: 3600 };
const robo = {
  id: 'robo',
  name: 'Robo',
  purpose: 'Keeps the notes.',
  owners: { business: 'ann', technical: 'bob', escalation: 'cleo' },
  environment: 'dev',
  tools: ['files/read_file'],
  autonomy: 'supervised',
} as const;
const go = (control: ControlFixture, caller: Caller, actor: string, to: Lifecycle, reason = 'because') =>
  changeLifecycle(control, { caller, actor, to, reason });

test('an agent leaves `registered` when its three owners accepted and security approves', async () => {
  const control = await openControlFixture();
  await registerAgent(control, { caller: control.operator, ...robo });
  const bob = await control.human('bob');
  for (const id of ['ann', 'bob', 'cleo']) {
    await assert.rejects(go(control, bob, 'robo', 'probationary'), { code: 'owners.unaccepted' });
    await acceptOwnership(control, { caller: await control.human(id), agent: 'robo' });
  }
  await assert.rejects(go(control, await control.human('cleo'), 'robo', 'probationary'), { code: 'lifecycle.needs' });
  const { actor, ended } = await go(control, bob, 'robo', 'probationary');
  assert.equal(actor.lifecycle, 'probationary');
  assert.deepEqual(ended, { tasks: 0, credentials: 0, approvals: 0, streams: 0 });
  const agent = control.snapshot.agent('robo');
  assert.deepEqual([agent?.entitlement.approved_by, agent?.probation_since], ['bob', control.clock.now()]);
});

test('in production the business and the technical owner must be two people', async () => {
  const control = await openControlFixture();
  await registerAgent(control, {
    caller: control.operator,
    ...robo,
    environment: 'prod',
    owners: { business: 'ann', technical: 'ann', escalation: 'cleo' },
  });
  for (const id of ['ann', 'cleo']) await acceptOwnership(control, { caller: await control.human(id), agent: 'robo' });
  await assert.rejects(go(control, await control.human('bob'), 'robo', 'probationary'), { code: 'owners.same_person' });
});

test('an owner who is not active yet keeps an agent where it is', async () => {
  const control = await openControlFixture();
  await registerHuman(control, { caller: control.operator, id: 'dora', roles: ['member'] });
  await registerAgent(control, { caller: control.operator, ...robo, owners: { ...robo.owners, escalation: 'dora' } });
  for (const id of ['ann', 'bob']) await acceptOwnership(control, { caller: await control.human(id), agent: 'robo' });
  await assert.rejects(go(control, await control.human('bob'), 'robo', 'probationary'), { code: 'owners.inactive' });
});

test('a promotion waits for the approval of an owner who did not ask, and uses it up', async () => {
  const control = await openControlFixture();
  const bob = await control.human('bob');
  let asked = '';
  await assert.rejects(go(control, bob, 'intern', 'active', ''), (error: { code: string; at: string }) => {
    asked = error.at;
    return error.code === 'lifecycle.needs' && asked.startsWith('apr_');
  });
  await assert.rejects(
    go(control, bob, 'intern', 'active', ''),
    { code: 'lifecycle.needs', at: asked },
    'the same question',
  );
  const approval = control.snapshot.approval(asked);
  assert.equal(approval?.subject.kind, 'transition');
  const answer = {
    approval: asked,
    digest: approval?.digest ?? '',
    verdict: 'approve',
    reason: 'It did well.',
  } as const;
  await assert.rejects(answerApproval(control, { caller: bob, ...answer }), { code: 'approval.ineligible' });
  await assert.rejects(answerApproval(control, { caller: control.operator, ...answer }), { code: 'auth.forbidden' });
  await answerApproval(control, { caller: await control.human('ann'), ...answer });
  const { actor } = await go(control, bob, 'intern', 'active', '');
  assert.equal(actor.lifecycle, 'active');
  assert.equal(control.snapshot.approval(asked)?.state, 'consumed');
});

test('a promotion that was approved does not fit an agent that was changed since', async () => {
  const control = await openControlFixture();
  let asked = '';
  const ask = () => go(control, control.operator, 'intern', 'active', '');
  await assert.rejects(ask(), (error: { at: string }) => ((asked = error.at), true));
  const digest = control.snapshot.approval(asked)?.digest ?? '';
  await answerApproval(control, {
    caller: await control.human('ann'),
    approval: asked,
    digest,
    verdict: 'approve',
    reason: 'fine',
  });
  const intern = control.snapshot.agent('intern');
  assert.ok(intern !== undefined);
  await control.write({ noun: 'actor', value: { ...intern, purpose: 'Something else.', version: intern.version + 1 } });
  await assert.rejects(
    ask(),
    (error: { code: string; at: string }) => error.code === 'lifecycle.needs' && error.at !== asked,
  );
  assert.equal(control.snapshot.agent('intern')?.lifecycle, 'probationary');
});

test('a promotion that was refused stays refused', async () => {
  const control = await openControlFixture();
  let asked = '';
  await assert.rejects(
    go(control, control.operator, 'intern', 'active'),
    (error: { at: string }) => ((asked = error.at), true),
  );
  const digest = control.snapshot.approval(asked)?.digest ?? '';
  await answerApproval(control, {
    caller: await control.human('ann'),
    approval: asked,
    digest,
    verdict: 'deny',
    reason: 'not yet',
  });
  await assert.rejects(go(control, control.operator, 'intern', 'active'), {
    code: 'lifecycle.needs',
    message: /refused/,
    at: asked,
  });
});

test('TH-11 a suspension ends tasks, tokens, approvals and the tasks of others under it, in one change', async () => {
  const control = await openControlFixture();
  const ann = await control.human('ann');
  const one = await openTask(control, { caller: ann, agent: 'worker', ...wish });
  const child = await openTask(control, {
    caller: authenticate(control, one.token_secret),
    agent: 'intern',
    parent: one.task.id,
    ...wish,
  });
  const unrelated = await openTask(control, { caller: ann, agent: 'intern', ...wish });
  const changes = control.announced.length;
  const { actor, ended } = await changeLifecycle(
    { ...control, streamsOf: () => 3 },
    { caller: await control.human('cleo'), actor: 'worker', to: 'suspended', reason: 'Odd.' },
  );
  assert.equal(actor.lifecycle, 'suspended');
  assert.deepEqual(ended, { tasks: 2, credentials: 2, approvals: 0, streams: 3 });
  assert.equal(control.announced.length, changes + 1);
  assert.deepEqual(control.announced.at(-1)?.ended.agents, ['worker']);
  assert.deepEqual([...(control.announced.at(-1)?.ended.tasks ?? [])].sort(), [one.task.id, child.task.id].sort());
  assert.equal(control.snapshot.task(unrelated.task.id)?.state, 'open');
  await assert.rejects(openTask(control, { caller: ann, agent: 'worker', ...wish }), { code: 'task.agent_state' });
});

test('a suspended agent comes back on probation; its keys came through, its tasks did not', async () => {
  const control = await openControlFixture();
  const key = await issueConnectionKey(control, { caller: control.operator, agent: 'worker', label: 'laptop' });
  const task = await openTask(control, { caller: control.operator, agent: 'worker', ...wish });
  await go(control, control.operator, 'worker', 'suspended');
  assert.throws(() => authenticate(control, key.secret), { code: 'auth.invalid' });
  await assert.rejects(go(control, control.operator, 'worker', 'active'), { code: 'lifecycle.impossible' });
  await go(control, await control.human('bob'), 'worker', 'probationary');
  assert.equal(authenticate(control, key.secret).kind, 'agent');
  assert.throws(() => authenticate(control, task.token_secret), { code: 'auth.invalid' });
});

test('a decommissioned agent loses its keys and entitlement, and its id stays taken', async () => {
  const control = await openControlFixture();
  const key = await issueConnectionKey(control, { caller: control.operator, agent: 'worker', label: 'laptop' });
  const { ended } = await go(control, await control.human('ann'), 'worker', 'decommissioned');
  assert.equal(ended.credentials, 1);
  assert.deepEqual(control.snapshot.agent('worker')?.entitlement.tools, []);
  assert.throws(() => authenticate(control, key.secret), { code: 'auth.invalid' });
  await assert.rejects(registerAgent(control, { caller: control.operator, ...robo, id: 'worker' }), {
    code: 'conflict.exists',
  });
  await assert.rejects(go(control, control.operator, 'worker', 'probationary'), { code: 'lifecycle.impossible' });
});

test('with a human stop their sessions, the tasks they asked for, their answers and the agents they own', async () => {
  const control = await openControlFixture();
  await control.addHuman('mia', ['member']);
  await control.addHuman('dan', ['member']);
  await control.write({
    noun: 'actor',
    value: agentNamed('helper', 'active', {
      owners: {
        ...agentNamed('x', 'active').owners,
        technical: {
          human: control.snapshot.human('mia')?.id ?? agentNamed('x', 'active').id,
          accepted_at: control.clock.now(),
        },
      },
    }),
  });
  const mia = await control.human('mia');
  const asked = await openTask(control, { caller: mia, agent: 'worker', ...wish });
  const owned = await openTask(control, { caller: await control.human('dan'), agent: 'helper', ...wish });
  const { ended } = await go(control, control.operator, 'mia', 'suspended');
  assert.equal(ended.tasks, 2);
  assert.deepEqual(
    [control.snapshot.task(asked.task.id)?.state, control.snapshot.task(owned.task.id)?.state],
    ['ended', 'ended'],
  );
  assert.deepEqual(
    [control.snapshot.agent('helper')?.lifecycle, control.snapshot.agent('worker')?.lifecycle],
    ['suspended', 'active'],
  );
  assert.match(control.snapshot.task(owned.task.id)?.ended_reason ?? '', /owner of helper, mia, is suspended/);
  await assert.rejects(openTask(control, { caller: mia, agent: 'worker', ...wish }), { code: 'auth.invalid' });
});

test('an approval given by a human who is then stopped is void', async () => {
  const control = await openControlFixture();
  let asked = '';
  await assert.rejects(
    go(control, control.operator, 'intern', 'active'),
    (error: { at: string }) => ((asked = error.at), true),
  );
  const digest = control.snapshot.approval(asked)?.digest ?? '';
  const eli = await control.addHuman('eli', ['approver']);
  await answerApproval(control, {
    caller: await control.human('eli'),
    approval: asked,
    digest,
    verdict: 'approve',
    reason: 'fine',
  });
  await go(control, control.operator, eli.id, 'suspended');
  assert.equal(control.snapshot.approval(asked)?.state, 'void');
  assert.equal(control.snapshot.agent('intern')?.lifecycle, 'probationary');
});

test('who may stop an agent: the operator, its owners, admins and security; who may end it: fewer', async () => {
  for (const [who, suspends, ends] of [
    ['operator', true, true],
    ['ann', true, true],
    ['bob', true, false],
    ['cleo', true, false],
    ['mia', false, false],
    ['sec', true, false],
    ['adm', true, true],
    ['apr', false, false],
  ] as const) {
    for (const [to, may] of [
      ['suspended', suspends],
      ['decommissioned', ends],
    ] as const) {
      const control = await openControlFixture();
      await control.addHuman('mia', ['member']);
      await control.addHuman('sec', ['security']);
      await control.addHuman('adm', ['admin']);
      await control.addHuman('apr', ['approver']);
      const moved = go(control, who === 'operator' ? control.operator : await control.human(who), 'worker', to);
      if (may) assert.equal((await moved).actor.lifecycle, to, `${who} ${to}`);
      else await assert.rejects(moved, { code: 'auth.forbidden' }, `${who} ${to}`);
    }
  }
});

test('what a move needs is asked for', async () => {
  const control = await openControlFixture();
  await registerHuman(control, { caller: control.operator, id: 'dora', roles: ['member'] });
  await assert.rejects(go(control, control.operator, 'worker', 'suspended', ' '), {
    code: 'input.invalid',
    at: '/reason',
  });
  await assert.rejects(go(control, control.operator, 'dora', 'active'), { code: 'lifecycle.needs' });
  await assert.rejects(go(control, control.operator, 'worker', 'registered'), { code: 'lifecycle.impossible' });
  await assert.rejects(go(control, control.operator, 'worker', 'active'), { code: 'lifecycle.impossible' });
  await assert.rejects(go(control, control.operator, 'nobody', 'suspended'), { code: 'not_found' });
  await assert.rejects(go(control, await control.human('cleo'), 'ann', 'suspended'), { code: 'auth.forbidden' });
});

test('a workload becomes active when its owner accepted and security approves', async () => {
  const control = await openControlFixture();
  await registerWorkload(control, { caller: control.operator, id: 'nightly', name: 'Nightly', owner: 'cleo' });
  await assert.rejects(go(control, await control.human('bob'), 'nightly', 'active'), { code: 'owners.unaccepted' });
  await acceptWorkload(control, { caller: await control.human('cleo'), workload: 'nightly' });
  await assert.rejects(go(control, await control.human('cleo'), 'nightly', 'active'), { code: 'lifecycle.needs' });
  assert.equal((await go(control, await control.human('bob'), 'nightly', 'active', '')).actor.lifecycle, 'active');
});

test('revoke stops every kind of thing, each in one change', async () => {
  const control = await openControlFixture();
  const stop = (kind: Parameters<typeof revoke>[1]['kind'], id: string) =>
    revoke(control, { caller: control.operator, kind, id, reason: 'Stop.' });
  const first = await openTask(control, { caller: control.operator, agent: 'worker', ...wish });
  const second = await openTask(control, { caller: control.operator, agent: 'worker', ...wish });
  assert.deepEqual((await stop('token', first.token.id)).ended, { agents: 0, tasks: 0, credentials: 1, approvals: 0 });
  assert.throws(() => authenticate(control, first.token_secret), { code: 'auth.invalid' });
  assert.deepEqual((await stop('task', second.task.id)).ended, { agents: 0, tasks: 1, credentials: 1, approvals: 0 });
  assert.deepEqual((await stop('agent', 'worker')).ended, { agents: 1, tasks: 1, credentials: 0, approvals: 0 });
  assert.equal(control.snapshot.agent('worker')?.lifecycle, 'suspended');
  await stop('server', 'files');
  assert.equal(control.snapshot.server('files')?.state, 'removed');
  await assert.rejects(stop('agent', 'worker'), { code: 'lifecycle.impossible' });
  await assert.rejects(stop('agent', 'ann'), { code: 'not_found' });
  await assert.rejects(stop('token', 'crd_unknown'), { code: 'not_found' });
  await assert.rejects(stop('server', 'files'), { code: 'conflict.state' });
});

test('revoke all suspends every agent in one change, also those in one chain', async () => {
  const control = await openControlFixture();
  const one = await openTask(control, { caller: control.operator, agent: 'worker', ...wish });
  await openTask(control, {
    caller: authenticate(control, one.token_secret),
    agent: 'intern',
    parent: one.task.id,
    ...wish,
  });
  const changes = control.announced.length;
  const { ended } = await revoke(control, {
    caller: await control.human('bob'),
    kind: 'all',
    id: '',
    reason: 'Stop everything.',
  });
  assert.deepEqual(ended, { agents: 2, tasks: 2, credentials: 2, approvals: 0 });
  assert.equal(control.announced.length, changes + 1);
  for (const id of ['worker', 'intern']) assert.equal(control.snapshot.agent(id)?.lifecycle, 'suspended');
  assert.equal(
    (await revoke(control, { caller: control.operator, kind: 'all', id: '', reason: 'again' })).ended.agents,
    0,
  );
});

test('who may not stop a thing is refused, and nothing is revoked by a passphrase id', async () => {
  const control = await openControlFixture();
  await control.addHuman('mia', ['member']);
  const mia = await control.human('mia');
  const { token, task } = await openTask(control, { caller: await control.human('ann'), agent: 'worker', ...wish });
  for (const [kind, id] of [
    ['all', ''],
    ['agent', 'worker'],
    ['human', 'ann'],
    ['token', token.id],
    ['task', task.id],
    ['server', 'files'],
  ] as const) {
    await assert.rejects(revoke(control, { caller: mia, kind, id, reason: 'x' }), { code: 'auth.forbidden' }, kind);
  }
  const passphrase = control.snapshot.credentialsOf(mia.human.id).find((one) => one.kind === 'passphrase');
  await assert.rejects(
    revoke(control, { caller: control.operator, kind: 'token', id: passphrase?.id ?? '', reason: 'x' }),
    { code: 'not_found' },
  );
});
