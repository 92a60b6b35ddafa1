import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TASK_MS_MAX } from '../core/task.ts';
import { authenticate } from './authenticate.ts';
import { acceptedOwners, agentNamed, openControlFixture, toolPattern, type ControlFixture } from './control.fixture.ts';
import { issueConnectionKey } from './issue-connection-key.ts';
import { openTask, type OpenTaskRequest } from './open-task.ts';
import { unstatedTask } from './open-unstated-task.ts';
import { revisePurposeOf } from './revise-purpose.ts';

const wish = {
  agent: 'worker',
  purpose: 'Tidy up.',
  scope: { tools: ['files/read_file', 'files/write_file'] },
  budget: { calls: 5 },
  expires_in_s: 3600,
};

async function opened(control: ControlFixture, more: Partial<OpenTaskRequest> = {}) {
  const made = await openTask(control, { caller: more.caller ?? (await control.human('ann')), ...wish, ...more });
  return { ...made, caller: authenticate(control, made.token_secret) };
}

test('a human opens a task in their own name', async () => {
  const control = await openControlFixture();
  const { task, token, token_secret } = await opened(control);
  assert.deepEqual([task.purpose_source, task.trigger, task.revision], ['human', { kind: 'human', id: 'ann' }, 1]);
  assert.deepEqual(task.chain, [
    { actor: 'ann', kind: 'human' },
    { actor: 'worker', kind: 'agent' },
  ]);
  assert.deepEqual(task.revisions, [
    { revision: 1, purpose: 'Tidy up.', purpose_source: 'human', set_by: 'ann', at: control.clock.now() },
  ]);
  assert.equal(token.expires_at, control.clock.now() + 15 * 60_000);
  assert.match(token_secret, /^mdt_/);
  assert.ok(!JSON.stringify([await control.records(), task, token]).includes(token_secret));
});

test('where a purpose comes from follows from the caller', async () => {
  const control = await openControlFixture();
  const byOperator = await opened(control, { caller: control.operator });
  assert.deepEqual(
    [byOperator.task.purpose_source, byOperator.task.trigger.kind, byOperator.task.chain.length],
    ['event', 'operator', 1],
  );
  const own = await opened(control, { caller: byOperator.caller });
  assert.deepEqual([own.task.purpose_source, own.task.trigger], ['agent', { kind: 'agent', id: 'worker' }]);
  const child = await opened(control, { caller: byOperator.caller, parent: byOperator.task.id });
  assert.deepEqual([child.task.purpose_source, child.task.parent], ['parent', byOperator.task.id]);
  const grandchild = await opened(control, { caller: own.caller, parent: own.task.id });
  assert.equal(grandchild.task.purpose_source, 'agent', 'a child of a self-opened task is no better founded');
});

test('a token does not outlive its task', async () => {
  const control = await openControlFixture();
  const { task, token } = await opened(control, { expires_in_s: 60 });
  assert.equal(token.expires_at, task.expires_at);
});

test('no agent opens a task for another one, except under its own task', async () => {
  const control = await openControlFixture();
  const one = await opened(control);
  await assert.rejects(opened(control, { caller: one.caller, agent: 'intern' }), { code: 'auth.forbidden' });
  const other = await opened(control);
  await assert.rejects(opened(control, { caller: one.caller, agent: 'intern', parent: other.task.id }), {
    code: 'auth.forbidden',
  });
  const child = await opened(control, { caller: one.caller, agent: 'intern', parent: one.task.id });
  assert.deepEqual(
    child.task.chain.map((link) => link.actor),
    ['ann', 'worker', 'intern'],
  );
  await assert.rejects(opened(control, { caller: child.caller, agent: 'worker', parent: child.task.id }), {
    code: 'task.scope',
  });
});

test('a human opens a task only under one that runs on their authority', async () => {
  const control = await openControlFixture();
  const one = await opened(control);
  await assert.rejects(opened(control, { caller: await control.human('bob'), agent: 'intern', parent: one.task.id }), {
    code: 'auth.forbidden',
  });
  const child = await opened(control, { agent: 'intern', parent: one.task.id });
  assert.deepEqual(
    child.task.chain.map((link) => link.actor),
    ['ann', 'worker', 'intern'],
  );
});

test('a child never widens its parent, nor hangs on a closed one', async () => {
  const control = await openControlFixture();
  const { task } = await opened(control);
  for (const wider of [
    { scope: { tools: ['files/*'] } },
    { scope: { tools: ['files/delete_file'] } },
    { budget: {} },
    { budget: { calls: 6 } },
    { expires_in_s: 3601 },
  ]) {
    await assert.rejects(
      opened(control, { parent: task.id, ...wider }),
      { code: 'task.scope', at: '/parent' },
      JSON.stringify(wider),
    );
  }
  assert.equal((await opened(control, { parent: task.id })).task.parent, task.id);
  control.clock.advance(3_600_000);
  await assert.rejects(opened(control, { parent: task.id, expires_in_s: 1 }), { code: 'task.closed' });
  await assert.rejects(opened(control, { parent: 'tsk_unknown' }), { code: 'not_found' });
});

test('a scope lies within what the agent and the requester may reach, and names what exists', async () => {
  const control = await openControlFixture();
  await control.addHuman('dora', ['member'], {
    entitlement: {
      tools: [toolPattern('files/read_file')],
      set_by: 'ann',
      reason: 'x',
      approved_by: null,
      review_by: control.clock.now(),
    },
  });
  await control.write({
    noun: 'actor',
    value: agentNamed('reader', 'active', {
      entitlement: { ...agentNamed('x', 'active').entitlement, tools: [toolPattern('files/read_file')] },
    }),
  });
  const dora = await control.human('dora');
  for (const [more, code, message] of [
    [
      { agent: 'reader', scope: { tools: ['files/write_file'] } },
      'task.scope',
      /files\/write_file is outside what reader/,
    ],
    [{ agent: 'reader', scope: { tools: ['files/*'] } }, 'task.scope', /files\/\* is outside/],
    [{ caller: dora, scope: { tools: ['files/write_file'] } }, 'task.scope', /files\/write_file is outside what dora/],
    [{ scope: { tools: ['files/fly'] } }, 'task.scope', /has no tool fly/],
    [{ scope: { tools: ['moon/fly'] } }, 'task.scope', /no server moon/],
    [{ scope: { tools: [] } }, 'task.scope', /names no tool/],
    [{ scope: { tools: ['fly'] } }, 'input.invalid', /form server\/tool/],
    [{ scope: { tools: ['files/*'], destinations: ['example.com'] } }, 'input.invalid', /destinations/],
    [{ scope: { tools: ['files/*'], data_ceiling: 'top' as 'public' } }, 'input.invalid', /ceiling/], // a body that lies about its type
    [{ budget: { calls: -1 } }, 'input.invalid', /calls/],
    [{ budget: { spend: 0.5 } }, 'input.invalid', /spend/],
    [{ expires_in_s: 0 }, 'input.invalid', /lasts/],
    [{ expires_in_s: TASK_MS_MAX / 1000 + 1 }, 'input.invalid', /lasts/],
    [{ purpose: '  ' }, 'task.purpose', /empty/],
    [{ agent: 'nobody' }, 'not_found', /nobody/],
    [{ agent: 'ann' }, 'not_found', /ann/],
  ] as const) {
    await assert.rejects(opened(control, more), { code, message }, JSON.stringify(more));
  }
  assert.equal(
    (await opened(control, { expires_in_s: TASK_MS_MAX / 1000, caller: dora, scope: { tools: ['files/read_file'] } }))
      .task.agent,
    'worker',
  );
});

test('only a probationary or active agent, whose owners stand, holds a task', async () => {
  const control = await openControlFixture();
  for (const state of ['discovered', 'registered', 'suspended', 'decommissioned'] as const) {
    await control.write({ noun: 'actor', value: agentNamed(`a-${state}`, state) });
    await assert.rejects(opened(control, { agent: `a-${state}` }), { code: 'task.agent_state' });
  }
  assert.equal((await opened(control, { agent: 'intern' })).task.agent, 'intern');
  await control.addHuman('gone', ['member'], { lifecycle: 'suspended' });
  await control.write({
    noun: 'actor',
    value: agentNamed('orphan', 'active', { owners: acceptedOwners('ann', 'bob', 'gone') }),
  });
  await assert.rejects(opened(control, { agent: 'orphan' }), { code: 'owners.inactive' });
});

test('an auditor asks for no task', async () => {
  const control = await openControlFixture();
  await control.addHuman('aud', ['auditor']);
  await assert.rejects(opened(control, { caller: await control.human('aud') }), { code: 'auth.forbidden' });
});

test('an agent that calls before a purpose was stated gets one task for that, however often it asks', async () => {
  const control = await openControlFixture();
  const key = await issueConnectionKey(control, { caller: control.operator, agent: 'worker', label: 'laptop' });
  const asking = { agent: key.credential.actor, credential: key.credential.id };
  const [one, two] = await Promise.all([unstatedTask(control, asking), unstatedTask(control, asking)]);
  assert.equal(one?.id, two?.id);
  assert.deepEqual([one?.purpose_unstated, one?.purpose_source, one?.scope.tools], [true, 'agent', ['files/*']]);
  control.clock.advance(TASK_MS_MAX);
  assert.notEqual((await unstatedTask(control, asking)).id, one?.id);
});

test('a connection key survives that somebody states the purpose of its task', async () => {
  const control = await openControlFixture();
  const key = await issueConnectionKey(control, { caller: control.operator, agent: 'worker', label: 'laptop' });
  const asking = { agent: key.credential.actor, credential: key.credential.id };
  const first = await unstatedTask(control, asking);
  const { task } = await revisePurposeOf(control, {
    caller: await control.human('ann'),
    task: first.id,
    purpose: 'Tidy the files.',
  });
  const found = await unstatedTask(control, asking);
  assert.deepEqual([found.id, found.purpose_unstated, found.revision], [first.id, false, task.revision]);
});

test('nobody gets such a task with a key that ended', async () => {
  const control = await openControlFixture();
  const { credential } = await issueConnectionKey(control, {
    caller: control.operator,
    agent: 'worker',
    label: 'laptop',
  });
  await control.write({ noun: 'credential', value: { ...credential, ended_at: control.clock.now(), version: 2 } });
  await assert.rejects(unstatedTask(control, { agent: credential.actor, credential: credential.id }), {
    code: 'auth.invalid',
  });
});
