import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { instant, plusMs, toRfc3339 } from './instant.ts';

const YEAR_9999_END = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

test('an instant is printed as the language prints it', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: YEAR_9999_END }), (ms) => {
      assert.equal(toRfc3339(instant(ms)), new Date(ms).toISOString());
    }),
    { numRuns: 5000 },
  );
});

test('leap days, ends of months, years and centuries are printed right', () => {
  for (const text of [
    '1970-01-01T00:00:00.000Z',
    '1972-02-29T23:59:59.999Z',
    '2000-02-29T00:00:00.000Z',
    '2000-03-01T00:00:00.000Z',
    '2099-12-31T23:59:59.999Z',
    '2100-02-28T23:59:59.999Z',
    '2100-03-01T00:00:00.000Z',
    '2400-02-29T12:00:00.001Z',
    '9999-12-31T23:59:59.999Z',
  ]) {
    assert.equal(toRfc3339(instant(Date.parse(text))), text);
  }
});

test('only whole milliseconds are instants', () => {
  for (const ms of [0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53]) assert.throws(() => instant(ms), RangeError);
  assert.equal(plusMs(instant(5), -3), 2);
  assert.throws(() => plusMs(instant(5), 0.1), RangeError);
});
