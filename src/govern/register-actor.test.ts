import assert from 'node:assert/strict';
import { test } from 'node:test';
import { acceptOwnership, acceptWorkload } from './accept-ownership.ts';
import { forgedCredential, openControlFixture, type ControlFixture } from './control.fixture.ts';
import { registerAgent } from './register-agent.ts';
import { newSignInLink, registerHuman } from './register-human.ts';
import { registerWorkload } from './register-workload.ts';
import { openTask } from './open-task.ts';

const agent = {
  id: 'robo',
  name: 'Robo',
  purpose: 'Keeps the notes.',
  owners: { business: 'ann', technical: 'bob', escalation: 'cleo' },
  environment: 'dev',
  tools: ['files/read_file'],
  autonomy: 'supervised',
} as const;

async function agentCaller(control: ControlFixture) {
  const { task, token } = await openTask(control, {
    caller: control.operator,
    agent: 'worker',
    purpose: 'x',
    scope: { tools: ['files/*'] },
    budget: {},
    expires_in_s: 60,
  });
  return { kind: 'agent', agent: task.agent, task: task.id, credential: token.id } as const;
}

test('anyone with a role may file an agent; it may do nothing yet', async () => {
  const control = await openControlFixture();
  const made = await registerAgent(control, { caller: await control.human('cleo'), ...agent, reason: 'For the team.' });
  assert.equal(made.lifecycle, 'registered');
  assert.deepEqual(made.owners.business, { human: 'ann', accepted_at: null });
  assert.deepEqual(
    [made.entitlement.set_by, made.entitlement.reason, made.entitlement.approved_by],
    ['cleo', 'For the team.', null],
  );
  assert.equal(control.snapshot.agent('robo'), made);
  const record = (await control.records()).at(-1);
  assert.deepEqual([record?.kind, record?.effect, record?.of], ['change', 'registered', 'robo']);
});

test('an auditor, an agent and a caller whose session ended may not file one', async () => {
  const control = await openControlFixture();
  await control.addHuman('aud', ['auditor']);
  const ann = await control.human('ann');
  for (const [caller, code] of [
    [await control.human('aud'), 'auth.forbidden'],
    [await agentCaller(control), 'auth.forbidden'],
    [{ ...ann, credential: forgedCredential() }, 'auth.invalid'],
    [{ ...(await control.human('bob')), human: ann.human }, 'auth.invalid'],
  ] as const) {
    await assert.rejects(registerAgent(control, { caller, ...agent }), { code });
  }
  assert.equal(control.snapshot.agent('robo'), undefined);
});

test('what is wrong in a registration is named, and nothing is written', async () => {
  const control = await openControlFixture();
  await control.addHuman('gone', ['member'], { lifecycle: 'decommissioned' });
  const before = control.announced.length;
  for (const [wrong, code, at] of [
    [{ id: 'Robo' }, 'input.invalid', '/id'],
    [{ id: 'operator' }, 'input.invalid', '/id'],
    [{ id: 'worker' }, 'conflict.exists', '/id'],
    [{ id: 'ann' }, 'conflict.exists', '/id'],
    [{ id: 'gone' }, 'conflict.exists', '/id'],
    [{ name: ' ' }, 'input.invalid', '/name'],
    [{ name: 'a\nb' }, 'input.invalid', '/name'],
    [{ name: 'a\u202eb' }, 'input.invalid', '/name'],
    [{ purpose: '' }, 'task.purpose', '/purpose'],
    [{ purpose: 'x'.repeat(2001) }, 'task.purpose', '/purpose'],
    [{ environment: 'moon' }, 'input.invalid', '/environment'],
    [{ autonomy: 'free' as 'bounded' }, 'input.invalid', '/autonomy'], // a body that lies about its type
    [{ owners: { ...agent.owners, business: '' } }, 'owners.missing', '/owners/business'],
    [{ owners: { ...agent.owners, technical: 'nobody' } }, 'owners.unknown', '/owners/technical'],
    [{ owners: { ...agent.owners, escalation: 'worker' } }, 'owners.unknown', '/owners/escalation'],
    [{ owners: { ...agent.owners, escalation: 'gone' } }, 'owners.inactive', '/owners/escalation'],
    [{ tools: ['files'] }, 'input.invalid', '/tools/0'],
    [{ tools: ['files/*', 'moon/*'] }, 'task.scope', '/tools/1'],
    [{ tools: ['files/fly'] }, 'task.scope', '/tools/0'],
    [{ tools: Array.from({ length: 201 }, () => 'files/*') }, 'input.invalid', '/tools'],
    [{ spiffe_id: 'https://x' }, 'input.invalid', '/spiffe_id'],
    [{ spiffe_id: 'spiffe://td/../x' }, 'input.invalid', '/spiffe_id'],
  ] as const) {
    await assert.rejects(
      registerAgent(control, { caller: control.operator, ...agent, ...wrong }),
      { code, at },
      JSON.stringify(wrong),
    );
  }
  assert.equal(control.announced.length, before);
});

test('a SPIFFE ID names one actor', async () => {
  const control = await openControlFixture();
  const spiffe_id = 'spiffe://example.org/agent/robo';
  assert.equal((await registerAgent(control, { caller: control.operator, ...agent, spiffe_id })).spiffe_id, spiffe_id);
  await assert.rejects(registerAgent(control, { caller: control.operator, ...agent, id: 'robo-2', spiffe_id }), {
    code: 'conflict.exists',
  });
  await assert.rejects(
    registerWorkload(control, { caller: control.operator, id: 'job', name: 'Job', owner: 'ann', spiffe_id }),
    { code: 'conflict.exists' },
  );
});

test('a named owner accepts for themselves, once, and nobody for them', async () => {
  const control = await openControlFixture();
  await registerAgent(control, { caller: control.operator, ...agent });
  const ann = await control.human('ann');
  const accepted = await acceptOwnership(control, { caller: ann, agent: 'robo' });
  assert.deepEqual(
    [accepted.owners.business.accepted_at, accepted.owners.technical.accepted_at],
    [control.clock.now(), null],
  );
  const records = (await control.records()).length;
  assert.equal((await acceptOwnership(control, { caller: ann, agent: 'robo' })).version, accepted.version);
  assert.equal((await control.records()).length, records);
  await control.addHuman('dan', ['admin', 'security']);
  for (const caller of [control.operator, control.mandate, await agentCaller(control), await control.human('dan')]) {
    await assert.rejects(acceptOwnership(control, { caller, agent: 'robo' }), { code: 'auth.forbidden' });
  }
  await assert.rejects(acceptOwnership(control, { caller: ann, agent: 'nobody' }), { code: 'not_found' });
});

test('a workload has one owner, who accepts', async () => {
  const control = await openControlFixture();
  const workload = await registerWorkload(control, {
    caller: await control.human('bob'),
    id: 'nightly',
    name: 'Nightly job',
    owner: 'cleo',
  });
  assert.deepEqual([workload.lifecycle, workload.owner], ['registered', { human: 'cleo', accepted_at: null }]);
  await assert.rejects(acceptWorkload(control, { caller: await control.human('ann'), workload: 'nightly' }), {
    code: 'auth.forbidden',
  });
  await assert.rejects(acceptWorkload(control, { caller: control.operator, workload: 'nightly' }), {
    code: 'auth.forbidden',
  });
  assert.equal(
    (await acceptWorkload(control, { caller: await control.human('cleo'), workload: 'nightly' })).owner.accepted_at,
    control.clock.now(),
  );
});

test('only the operator and admins register humans', async () => {
  const control = await openControlFixture();
  for (const caller of [await control.human('bob'), await control.human('cleo'), await agentCaller(control)]) {
    await assert.rejects(registerHuman(control, { caller, id: 'dora', roles: ['member'] }), { code: 'auth.forbidden' });
    await assert.rejects(newSignInLink(control, { caller, human: 'cleo' }), { code: 'auth.forbidden' });
  }
  const { human } = await registerHuman(control, {
    caller: control.operator,
    id: 'dora',
    roles: ['approver', 'approver'],
    tools: ['files/read_file'],
    deputy: 'bob',
  });
  assert.deepEqual(
    [human.lifecycle, human.roles, human.entitlement?.tools, human.deputy],
    ['registered', ['approver'], ['files/read_file'], 'bob'],
  );
});

test('a human needs a role, and a deputy who is another human', async () => {
  const control = await openControlFixture();
  for (const [wrong, at] of [
    [{ roles: [] }, '/roles'],
    [{ roles: ['root' as 'admin'] }, '/roles'],
    [{ deputy: 'dora' }, '/deputy'],
    [{ deputy: 'worker' }, '/deputy'], // a body that lies about its type
    [{ id: 'mandate' }, '/id'],
  ] as const) {
    await assert.rejects(
      registerHuman(control, { caller: control.operator, id: 'dora', roles: ['member'], ...wrong }),
      { code: 'input.invalid', at },
    );
  }
});

test('of two registrations of one id at the same time, one wins', async () => {
  const control = await openControlFixture();
  const both = await Promise.allSettled([
    registerAgent(control, { caller: control.operator, ...agent }),
    registerHuman(control, { caller: control.operator, id: 'robo', roles: ['member'] }),
  ]);
  assert.deepEqual(
    both.map((one) => one.status),
    ['fulfilled', 'rejected'],
  );
});

test('a secret in words that people write is not kept', async () => {
  const control = await openControlFixture();
  const secret = `ghp_${'a1'.repeat(18)}`;
  const made = await registerAgent(control, {
    caller: control.operator,
    ...agent,
    purpose: `Uses ${secret}`,
    reason: `with ${secret}`,
  });
  assert.ok(!JSON.stringify([made, await control.records()]).includes(secret));
});
