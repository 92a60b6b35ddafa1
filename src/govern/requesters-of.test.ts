import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Task } from '../core/task.ts';
import { answerApproval } from './answer-approval.ts';
import { authorize } from './authorize.ts';
import { openAuthorizeFixture } from './authorize.fixture.ts';
import { requestersOf } from './requesters-of.ts';

/** Who of ann (admin), bob, cleo and dora (members) may not approve in a task that differs like this. */
async function excluded(change: (task: Task) => Partial<Task>, client?: 'bob'): Promise<readonly string[]> {
  const { control, task } = await openAuthorizeFixture();
  const human = client === undefined ? null : (control.snapshot.human(client)?.id ?? null);
  return [...requestersOf(control.snapshot, { ...task, ...change(task) }, human)].sort();
}

const revisedBy =
  (set_by: string) =>
  (task: Task): Partial<Task> => ({
    revisions: [...task.revisions, { revision: 2, purpose: 'x', purpose_source: 'human', set_by, at: task.opened_at }],
  });

test('TH-27: who triggered a task, who gave it a purpose and whose client calls are all requesters', async () => {
  assert.deepEqual(await excluded(() => ({})), ['dora']);
  assert.deepEqual(await excluded(revisedBy('bob')), ['bob', 'dora']);
  assert.deepEqual(await excluded(() => ({}), 'bob'), ['bob', 'dora']);
});

test('TH-27: what the admin token asked for no admin approves, since any of them may hold it', async () => {
  const byOperator = (task: Task): Partial<Task> => ({
    trigger: { kind: 'operator', id: 'admin-token' },
    revisions: task.revisions.map((revision) => ({ ...revision, set_by: 'operator' })),
  });
  assert.deepEqual(await excluded(byOperator), ['ann']);
  assert.deepEqual(await excluded(revisedBy('operator')), ['ann', 'dora']);
});

test('an owner who gave an agent its purpose cannot approve what the agent then asks for', async () => {
  const { control, deps, request, task } = await openAuthorizeFixture();
  await control.write({ noun: 'task', value: { ...task, ...revisedBy('cleo')(task), revision: 2, version: 2 } });
  const held = await authorize(deps, request('delete_file'));
  assert.ok(held.effect === 'hold');
  const { id, digest } = held.approval;
  const answer = { approval: id, digest, verdict: 'approve', reason: '' } as const;
  await assert.rejects(answerApproval(control, { caller: await control.human('cleo'), ...answer }), {
    code: 'approval.ineligible',
  });
  await answerApproval(control, { caller: await control.human('ann'), ...answer });
});
