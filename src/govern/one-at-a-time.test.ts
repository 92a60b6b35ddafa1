import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EXCLUSIVE_WAITING_MAX, EXCLUSIVE_WAITING_OF_AGENTS_MAX, oneAtATime } from './make-change.ts';

test('however many changes agents bring about, a revocation finds its place and runs', async () => {
  const exclusively = oneAtATime();
  const gate = Promise.withResolvers<void>();
  const flood = Array.from({ length: EXCLUSIVE_WAITING_OF_AGENTS_MAX }, () => exclusively(() => gate.promise, 'agent'));
  await assert.rejects(
    exclusively(() => assert.fail('it must not run'), 'agent'),
    { code: 'limit.reached' },
  );
  const revocation = exclusively(async () => 'revoked', 'human');
  gate.resolve();
  assert.equal(await revocation, 'revoked');
  await Promise.all(flood);
  assert.equal(await exclusively(async () => 'again', 'agent'), 'again', 'places are given back');
});

test('the queue has an end for everyone, and a change that fails gives its place back', async () => {
  const exclusively = oneAtATime();
  const gate = Promise.withResolvers<void>();
  const full = Array.from({ length: EXCLUSIVE_WAITING_MAX }, () => exclusively(() => gate.promise));
  await assert.rejects(
    exclusively(async () => 'one more'),
    { code: 'limit.reached' },
  );
  gate.reject(new Error('the store is gone'));
  for (const result of await Promise.allSettled(full)) assert.equal(result.status, 'rejected');
  assert.equal(await exclusively(async () => 'next'), 'next');
});

test('changes run one after the other, in the order in which they were asked for', async () => {
  const exclusively = oneAtATime();
  const order: string[] = [];
  await Promise.all(
    ['a', 'b', 'c'].map((name) =>
      exclusively(async () => {
        order.push(`${name} begins`);
        await Promise.resolve();
        order.push(`${name} ends`);
      }),
    ),
  );
  assert.deepEqual(order, ['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends']);
});
