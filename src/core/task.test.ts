import assert from 'node:assert/strict';
import { test } from 'node:test';
import { actorId, environmentId, recordId } from './ids.ts';
import { instant, plusMs } from './instant.ts';
import { endTask, isOpen, revisePurpose, type Task } from './task.ts';

const T = instant(1000);
const task: Task = {
  id: recordId('tsk', T, new Uint8Array(10)),
  agent: actorId('robo'),
  environment: environmentId('dev'),
  purpose: 'one',
  purpose_source: 'agent',
  revision: 1,
  revisions: [{ revision: 1, purpose: 'one', purpose_source: 'agent', set_by: 'robo', at: T }],
  trigger: { kind: 'agent', id: 'robo' },
  chain: [{ actor: actorId('robo'), kind: 'agent' }],
  scope: { tools: [] },
  budget: { calls: 3 },
  parent: null,
  state: 'open',
  purpose_unstated: true,
  opened_at: T,
  expires_at: plusMs(T, 10),
  ended_at: null,
  ended_reason: null,
  version: 1,
};

test('a task is open until its end, to the millisecond', () => {
  assert.equal(isOpen(task, plusMs(T, 9)), true);
  assert.equal(isOpen(task, plusMs(T, 10)), false);
  for (const state of ['closed', 'expired', 'ended'] as const) assert.equal(isOpen({ ...task, state }, T), false);
});

test('a revised purpose is a new revision; the earlier ones, the scope, the budget and the end stay', () => {
  const next = revisePurpose(task, { purpose: 'two', purpose_source: 'human', set_by: 'ann', at: plusMs(T, 1) });
  assert.equal(next.revision, 2);
  assert.equal(next.purpose, 'two');
  assert.equal(next.purpose_source, 'human');
  assert.equal(next.purpose_unstated, false);
  assert.deepEqual(next.revisions, [
    ...task.revisions,
    { revision: 2, purpose: 'two', purpose_source: 'human', set_by: 'ann', at: plusMs(T, 1) },
  ]);
  assert.deepEqual(
    [next.scope, next.budget, next.expires_at, next.trigger, next.version],
    [task.scope, task.budget, task.expires_at, task.trigger, 2],
  );
});

test('an ended task says when and why', () => {
  const ended = endTask(task, 'closed', 'done', plusMs(T, 2));
  assert.deepEqual(
    [ended.state, ended.ended_at, ended.ended_reason, ended.version],
    ['closed', plusMs(T, 2), 'done', 2],
  );
});
