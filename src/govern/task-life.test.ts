import assert from 'node:assert/strict';
import { test } from 'node:test';
import { askApproval } from './ask-approval.ts';
import { authenticate } from './authenticate.ts';
import { closeTask } from './close-task.ts';
import { FILES, openControlFixture, type ControlFixture } from './control.fixture.ts';
import { expireDue } from './expire.ts';
import { openTask, type OpenTaskRequest } from './open-task.ts';
import { renewToken, REPLACED_TOKEN_MS } from './renew-token.ts';
import { isLive } from '../core/credential.ts';
import { revisePurposeOf } from './revise-purpose.ts';

const wish = {
  agent: 'worker',
  purpose: 'Tidy up.',
  scope: { tools: ['files/*'] },
  budget: { calls: 5 },
  expires_in_s: 3600,
};
const invalid = { code: 'auth.invalid' };

async function opened(control: ControlFixture, more: Partial<OpenTaskRequest> = {}) {
  const made = await openTask(control, { caller: more.caller ?? (await control.human('ann')), ...wish, ...more });
  return { ...made, caller: authenticate(control, made.token_secret) };
}

/** A task with a child of another agent and an approval on each. */
async function family(control: ControlFixture) {
  const parent = await opened(control);
  const child = await opened(control, { caller: parent.caller, agent: 'intern', parent: parent.task.id });
  const approvals = [];
  for (const { task } of [parent, child]) {
    const asked = await control.exclusively(() =>
      askApproval(control, {
        subject: {
          kind: 'action',
          server: FILES.id,
          tool: 'delete_file',
          definition_digest: 'sha256:d',
          task: task.id,
          revision: 1,
          shown: '{}',
        },
        digest: `sha256:${task.id}`,
        agent: task.agent,
        environment: task.environment,
        chain: task.chain,
        requesters: [],
        ask: { answerer: 'business', roles: [], quorum: 1, ttl_ms: 900_000, message: 'Delete?' },
        decision: null,
        policy: null,
        now: control.clock.now(),
      }),
    );
    assert.ok(asked.asked);
    approvals.push(asked.approval.id);
  }
  return { parent, child, approvals };
}

test('closing a task ends its children, all their tokens and unused approvals, in one change', async () => {
  const control = await openControlFixture();
  const { parent, child, approvals } = await family(control);
  const changes = control.announced.length;
  const closed = await closeTask(control, { caller: parent.caller, task: parent.task.id, reason: 'Done.' });
  assert.deepEqual(closed.ended, { tasks: 2, credentials: 2, approvals: 2 });
  assert.equal(control.announced.length, changes + 1);
  assert.deepEqual([closed.task.state, closed.task.ended_reason], ['closed', 'Done.']);
  assert.equal(control.snapshot.task(child.task.id)?.state, 'ended');
  for (const id of approvals) assert.equal(control.snapshot.approval(id)?.state, 'void');
  assert.throws(() => authenticate(control, parent.token_secret), invalid);
  assert.throws(() => authenticate(control, child.token_secret), invalid);
  await assert.rejects(closeTask(control, { caller: control.operator, task: parent.task.id, reason: 'again' }), {
    code: 'task.closed',
  });
});

test('a task is closed by its agent, its trigger, an owner, admins, security and the operator, and by nobody else', async () => {
  const control = await openControlFixture();
  await control.addHuman('mia', ['member']);
  await control.addHuman('eli', ['member', 'approver']);
  const mia = await control.human('mia');
  for (const who of ['self', 'mia', 'ann', 'bob', 'cleo', 'operator']) {
    const { task, caller } = await opened(control, { caller: mia });
    const by = who === 'self' ? caller : who === 'operator' ? control.operator : await control.human(who);
    assert.equal((await closeTask(control, { caller: by, task: task.id, reason: 'x' })).task.state, 'closed', who);
  }
  const { task } = await opened(control, { caller: mia });
  const other = await opened(control, { caller: mia });
  for (const caller of [await control.human('eli'), other.caller]) {
    await assert.rejects(closeTask(control, { caller, task: task.id, reason: 'x' }), { code: 'auth.forbidden' });
  }
  await assert.rejects(closeTask(control, { caller: mia, task: 'tsk_unknown', reason: 'x' }), { code: 'not_found' });
  await assert.rejects(closeTask(control, { caller: mia, task: task.id, reason: ' ' }), { code: 'input.invalid' });
});

test('renewing gives a new token, and the old one ends soon after, so that what runs under it may finish', async () => {
  const control = await openControlFixture();
  const { task, token_secret, caller } = await opened(control);
  const fresh = await renewToken(control, { caller, task: task.id });
  assert.deepEqual(control.announced.at(-1)?.ended.credentials, []);
  assert.equal(authenticate(control, token_secret).kind, 'agent');
  const next = authenticate(control, fresh.token_secret);
  assert.equal(next.kind === 'agent' && next.task, task.id);
  control.clock.advance(REPLACED_TOKEN_MS);
  assert.throws(() => authenticate(control, token_secret), invalid);
  assert.equal(authenticate(control, fresh.token_secret).kind, 'agent');
  await assert.rejects(renewToken(control, { caller, task: task.id }), invalid);
});

test('a token that was replaced does not pile up others', async () => {
  const control = await openControlFixture();
  const { task, caller } = await opened(control);
  for (let n = 0; n < 20; n += 1) await renewToken(control, { caller: control.operator, task: task.id });
  const live = control.snapshot.credentialsOf(task.agent).filter((one) => isLive(one, control.clock.now()));
  assert.ok(live.length <= 5, `${live.length} tokens are live`);
  await assert.rejects(renewToken(control, { caller, task: task.id }), invalid);
});

test('a token is renewed by its agent and whoever triggered the task, while it is open', async () => {
  const control = await openControlFixture();
  const { task } = await opened(control);
  const other = await opened(control);
  await renewToken(control, { caller: await control.human('ann'), task: task.id });
  await renewToken(control, { caller: control.operator, task: task.id });
  for (const caller of [await control.human('bob'), other.caller]) {
    await assert.rejects(renewToken(control, { caller, task: task.id }), { code: 'auth.forbidden' });
  }
  control.clock.advance(3_600_000);
  await assert.rejects(renewToken(control, { caller: control.operator, task: task.id }), { code: 'task.closed' });
});

test('a revised purpose ends tokens, approvals and children; budgets and the end stay', async () => {
  const control = await openControlFixture();
  const { parent, child, approvals } = await family(control);
  const revised = await revisePurposeOf(control, {
    caller: await control.human('ann'),
    task: parent.task.id,
    purpose: 'Something else.',
  });
  assert.deepEqual(
    [revised.task.revision, revised.task.purpose, revised.task.purpose_source],
    [2, 'Something else.', 'human'],
  );
  assert.deepEqual([revised.task.budget, revised.task.expires_at], [parent.task.budget, parent.task.expires_at]);
  assert.equal(control.snapshot.task(child.task.id)?.state, 'ended');
  for (const id of approvals) assert.equal(control.snapshot.approval(id)?.state, 'void');
  assert.throws(() => authenticate(control, parent.token_secret), invalid);
  assert.equal(authenticate(control, revised.token_secret).kind, 'agent');
});

test('only the trigger or an owner revises; the operator where the operator triggered; an agent never', async () => {
  const control = await openControlFixture();
  await control.addHuman('mia', ['member', 'admin', 'security']);
  const byAnn = await opened(control);
  const byOperator = await opened(control, { caller: control.operator });
  const revise = (caller: OpenTaskRequest['caller'], task: string) =>
    revisePurposeOf(control, { caller, task, purpose: 'Other.' });
  for (const [caller, task] of [
    [byAnn.caller, byAnn.task.id],
    [await control.human('mia'), byAnn.task.id],
    [control.operator, byAnn.task.id],
    [await control.human('mia'), byOperator.task.id],
  ] as const) {
    await assert.rejects(revise(caller, task), { code: 'auth.forbidden' });
  }
  assert.equal((await revise(await control.human('cleo'), byAnn.task.id)).task.revision, 2, 'an owner');
  const event = await revise(control.operator, byOperator.task.id);
  assert.equal(event.task.purpose_source, 'event');
});

test('what is past its end is written down, and told', async () => {
  const control = await openControlFixture();
  const { parent, child, approvals } = await family(control);
  assert.equal(await expireDue(control, { now: control.clock.now() }), 0);
  control.clock.advance(900_000);
  assert.ok((await expireDue(control, { now: control.clock.now() })) >= 4, 'two approvals and two tokens');
  for (const id of approvals) assert.equal(control.snapshot.approval(id)?.state, 'expired');
  assert.equal(control.snapshot.task(parent.task.id)?.state, 'open');
  control.clock.advance(2_700_000);
  await expireDue(control, { now: control.clock.now() });
  assert.deepEqual(
    [control.snapshot.task(parent.task.id)?.state, control.snapshot.task(child.task.id)?.state],
    ['expired', 'expired'],
  );
  const records = (await control.records()).length;
  assert.equal(await expireDue(control, { now: control.clock.now() }), 0);
  assert.equal((await control.records()).length, records);
});
