import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TaskId } from '../../core/ids.ts';
import { openTaskMemory } from './memory.ts';

const task = 'tsk_1' as TaskId;

test('parallel calls never exceed a budget, and a released reservation is free again', () => {
  const memory = openTaskMemory();
  memory.load(task, { calls: 1 });
  const first = memory.reserve(task, { calls: 3 });
  const second = memory.reserve(task, { calls: 3 });
  assert.ok(first && second);
  assert.equal(memory.reserve(task, { calls: 3 }), null);
  second.release();
  second.release();
  assert.ok(memory.reserve(task, { calls: 3 }));
  first.keep();
  assert.equal(memory.spent(task).calls, 2);
  assert.equal(memory.reserve(task, { calls: 3 }), null);
});

test('a task that was never loaded has no room, and loading twice does not reset what was spent', () => {
  const memory = openTaskMemory();
  assert.equal(memory.reserve(task, {}), null);
  memory.load(task, { calls: 0 });
  memory.reserve(task, {})?.keep();
  memory.load(task, { calls: 0 });
  assert.equal(memory.spent(task).calls, 1);
  memory.forget(task);
  assert.equal(memory.has(task), false);
});
