import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ToolPattern } from '../core/scope.ts';
import { unverifiedLimits } from './unverified-limits.ts';

const tools: readonly ToolPattern[] = [];

test('a task names the limits it carries and nobody checks, sorted', () => {
  assert.deepEqual(
    unverifiedLimits({
      scope: { tools, destinations: ['host:a'], data_ceiling: 'internal' },
      budget: { calls: 3, spend: 5, records: 7 },
    }),
    ['data_ceiling', 'destinations', 'records', 'spend'],
  );
});

test('the tools and the number of calls are checked, so they are not among them', () => {
  assert.deepEqual(unverifiedLimits({ scope: { tools }, budget: { calls: 3 } }), []);
});

test('an empty list and a budget of nothing are limits', () => {
  assert.deepEqual(unverifiedLimits({ scope: { tools, destinations: [] }, budget: { spend: 0, records: 0 } }), [
    'destinations',
    'records',
    'spend',
  ]);
});
