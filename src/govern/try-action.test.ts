import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answerApproval } from './answer-approval.ts';
import { authorize } from './authorize.ts';
import { openAuthorizeFixture, type AuthorizeFixture } from './authorize.fixture.ts';
import { tryAction } from './try-action.ts';

test('a dry run answers what the call would meet: before a person answered, and after', async () => {
  for (const [verdict, effect] of [
    ['approve', 'allow'],
    ['deny', 'deny'],
  ] as const) {
    const fixture = await openAuthorizeFixture();
    assert.equal(dry(fixture, 'read_file').effect, 'allow');
    assert.equal(dry(fixture, 'delete_file').effect, 'hold');
    const held = await authorize(fixture.deps, fixture.request('delete_file'));
    assert.ok(held.effect === 'hold');
    const caller = await fixture.control.human('cleo');
    const { id, digest } = held.approval;
    await answerApproval(fixture.control, { caller, approval: id, digest, verdict, reason: 'so' });
    assert.equal(dry(fixture, 'delete_file').effect, effect);
    assert.equal((await authorize(fixture.deps, fixture.request('delete_file'))).effect, effect);
  }
});

test('a dry run takes nothing of the budget, records nothing, and is denied when the budget is spent', async () => {
  const fixture = await openAuthorizeFixture('worker', { budget: { calls: 1 } });
  const before = (await fixture.control.records()).length;
  for (let n = 0; n < 3; n += 1) assert.equal(dry(fixture, 'read_file').effect, 'allow');
  assert.equal((await fixture.control.records()).length, before);
  assert.equal((await authorize(fixture.deps, fixture.request('read_file'))).effect, 'allow');
  assert.deepEqual(
    dry(fixture, 'read_file').reasons.map(({ code }) => code),
    ['budget.exhausted'],
  );
});

test('a fault that became a deny is reported', async () => {
  const { deps, request, faults } = await openAuthorizeFixture();
  const fault = new Error('the memory is broken');
  const broken = {
    ...deps,
    memory: {
      ...deps.memory,
      reserve: () => {
        throw fault;
      },
    },
  };
  assert.equal((await authorize(broken, request('read_file'))).effect, 'deny');
  assert.deepEqual(faults, [fault]);
});

function dry({ deps, request }: AuthorizeFixture, tool: string) {
  const { agent, task, action } = request(tool);
  return tryAction(deps, { agent, task, action });
}
