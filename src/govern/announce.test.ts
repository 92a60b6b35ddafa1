import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openTaskMemory } from '../adapters/task-memory/memory.ts';
import { announceTo, type Cut } from './announce.ts';
import { openAuthorizeFixture } from './authorize.fixture.ts';
import { closeTask } from './close-task.ts';
import type { Feed } from './feed.ts';
import type { Control } from './make-change.ts';
import { openTask } from './open-task.ts';
import { revisePurposeOf } from './revise-purpose.ts';

async function listening() {
  const { control } = await openAuthorizeFixture();
  const memory = openTaskMemory();
  const cuts: Cut[] = [];
  const told: string[] = [];
  const feed: Pick<Feed, 'changed'> = {
    changed: ({ writes }) => void told.push(writes.map(({ noun }) => noun).join()),
  };
  const deps: Control = { ...control, announce: announceTo({ memory, cuts, feed }) };
  const open = async () =>
    (
      await openTask(
        { ...control, ...deps },
        {
          caller: control.operator,
          agent: 'worker',
          purpose: 'x',
          scope: { tools: ['files/*'] },
          budget: { calls: 2 },
          expires_in_s: 600,
        },
      )
    ).task;
  return { control, deps, memory, cuts, told, open };
}

test('an opened task may spend its budget from its announcement on, and no task spends before', async () => {
  const { control, memory, told, open } = await listening();
  assert.equal(memory.has(control.random.id('tsk')), false);
  const task = await open();
  assert.notEqual(memory.reserve(task.id, task.budget), null);
  assert.deepEqual(told, ['task,credential']);
});

test('another change of an open task leaves what it spent', async () => {
  const { control, deps, memory, open } = await listening();
  const task = await open();
  memory.reserve(task.id, task.budget)?.keep();
  await revisePurposeOf({ ...control, ...deps }, { caller: control.operator, task: task.id, purpose: 'y' });
  assert.deepEqual(memory.spent(task.id), { calls: 1 });
});

test('what ended is cut in order, its task is forgotten after that, and watchers are told last', async () => {
  const { control, deps, memory, cuts, told, open } = await listening();
  const task = await open();
  const seen: unknown[] = [];
  for (const name of ['first', 'second'])
    cuts.push((ended) => seen.push([name, ended.tasks, memory.has(task.id), told.length]));
  await closeTask({ ...control, ...deps }, { caller: control.operator, task: task.id, reason: 'x' });
  assert.deepEqual(seen, [
    ['first', [task.id], true, 1],
    ['second', [task.id], true, 1],
  ]);
  assert.equal(memory.has(task.id), false);
  assert.equal(told.length, 2);
});
