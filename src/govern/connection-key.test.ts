import assert from 'node:assert/strict';
import { test } from 'node:test';
import { actorId } from '../core/ids.ts';
import { authenticate } from './authenticate.ts';
import { acceptedOwners, agentNamed, openControlFixture } from './control.fixture.ts';
import { CONNECTION_KEYS_PER_AGENT_MAX, issueConnectionKey } from './issue-connection-key.ts';
import { revoke } from './revoke.ts';

test('a connection key names an agent and a client, and is shown once', async () => {
  const control = await openControlFixture();
  const { secret, credential } = await issueConnectionKey(control, {
    caller: await control.human('bob'),
    agent: 'worker',
    label: 'Laptop of Bob',
  });
  assert.match(secret, /^mdk_/);
  assert.deepEqual([credential.label, credential.task, credential.expires_at], ['Laptop of Bob', null, null]);
  assert.ok(!JSON.stringify([credential, await control.records()]).includes(secret));
  assert.deepEqual(authenticate(control, secret), {
    kind: 'agent',
    agent: 'worker',
    task: null,
    credential: credential.id,
  });
});

test('the operator, admins and the owners issue keys, for agents that are not stopped', async () => {
  const control = await openControlFixture();
  await control.addHuman('mia', ['security', 'approver', 'member']);
  const issue = (caller: Parameters<typeof issueConnectionKey>[1]['caller'], agent = 'worker') =>
    issueConnectionKey(control, { caller, agent, label: 'x' });
  for (const caller of [control.operator, await control.human('ann'), await control.human('cleo')]) await issue(caller);
  await assert.rejects(issue(await control.human('mia')), { code: 'auth.forbidden' });
  await assert.rejects(issue(control.operator, 'nobody'), { code: 'not_found' });
  await assert.rejects(issueConnectionKey(control, { caller: control.operator, agent: 'worker', label: ' ' }), {
    code: 'input.invalid',
  });
  for (const state of ['suspended', 'decommissioned'] as const) {
    await control.write({ noun: 'actor', value: agentNamed(`a-${state}`, state) });
    await assert.rejects(issue(control.operator, `a-${state}`), { code: 'conflict.state' });
  }
});

test('whoever is only named as an owner issues no key, and neither stops nor ends anything', async () => {
  const control = await openControlFixture();
  await control.addHuman('dora', ['member']);
  const owners = { ...acceptedOwners('ann', 'bob', 'cleo'), technical: { human: actorId('dora'), accepted_at: null } };
  await control.write({ noun: 'actor', value: agentNamed('third', 'registered', { owners }) });
  const caller = await control.human('dora');
  const { credential } = await issueConnectionKey(control, { caller: control.operator, agent: 'third', label: 'x' });
  for (const attempt of [
    issueConnectionKey(control, { caller, agent: 'third', label: 'x' }),
    revoke(control, { caller, kind: 'agent', id: 'third', reason: 'x' }),
    revoke(control, { caller, kind: 'token', id: credential.id, reason: 'x' }),
  ])
    await assert.rejects(attempt, { code: 'auth.forbidden' });
});

test('an agent has so many keys and no more', async () => {
  const control = await openControlFixture();
  for (let n = 0; n < CONNECTION_KEYS_PER_AGENT_MAX; n += 1)
    await issueConnectionKey(control, { caller: control.operator, agent: 'worker', label: `client ${n}` });
  await assert.rejects(issueConnectionKey(control, { caller: control.operator, agent: 'worker', label: 'one more' }), {
    code: 'limit.reached',
  });
});
