import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { actorId, environmentId, isRecordId, isSlug, recordId, serverId } from './ids.ts';
import { instant } from './instant.ts';

const random = fc.uint8Array({ minLength: 10, maxLength: 10 });
const at = fc.integer({ min: 0, max: 2 ** 48 - 1 }).map(instant);

test('a slug starts with a letter and has up to 31 small letters, digits and hyphens', () => {
  for (const text of ['a', 'a1', 'a-', 'a'.repeat(31)]) assert.equal(isSlug(text), true, text);
  for (const text of ['', 'A', '1a', '-a', 'a_b', 'a b', 'a\n', 'a'.repeat(32), 'é'])
    assert.equal(isSlug(text), false, text);
  for (const make of [actorId, serverId, environmentId]) {
    assert.equal(make('abc'), 'abc');
    assert.throws(() => make('a_b'), TypeError);
  }
});

test('a record id is a UUIDv7 in Crockford base32', () => {
  fc.assert(
    fc.property(at, random, (time, bytes) => {
      const id = recordId('tsk', time, bytes);
      assert.ok(isRecordId('tsk', id));
      assert.ok(!isRecordId('dec', id));
      const bits = Array.from(id.slice(4)).reduce(
        (sum, char) => (sum << 5n) | BigInt('0123456789abcdefghjkmnpqrstvwxyz'.indexOf(char)),
        0n,
      );
      assert.equal(bits >> 128n, 0n);
      assert.equal(Number(bits >> 80n), time);
      assert.equal((bits >> 76n) & 0xfn, 7n, 'version');
      assert.equal((bits >> 62n) & 3n, 2n, 'variant');
    }),
  );
});

test('ids sort by the time they were made', () => {
  fc.assert(
    fc.property(at, at, random, random, (earlier, later, a, b) => {
      if (earlier >= later) return;
      assert.ok(recordId('dec', earlier, a) < recordId('dec', later, b));
    }),
  );
});

test('every random bit counts, except the four and two that the version and variant take', () => {
  fc.assert(
    fc.property(random, fc.nat(9), fc.nat(7), (bytes, index, bit) => {
      const other = Uint8Array.from(bytes, (byte, n) => (n === index ? byte ^ (1 << bit) : byte));
      const overwritten = (index === 0 && bit >= 4) || (index === 2 && bit >= 6);
      const time = instant(1);
      assert.equal(recordId('apr', time, bytes) === recordId('apr', time, other), overwritten);
    }),
  );
});

test('anything else is no record id', () => {
  const id = recordId('tsk', instant(0), new Uint8Array(10));
  for (const text of [
    '',
    'tsk',
    'tsk_',
    id.toUpperCase(),
    `${id}0`,
    id.slice(0, -1),
    `x${id}`,
    id.replace('_', '-'),
    `${id}\n`,
    `tsk_8${id.slice(5)}`,
    `tsk_i${id.slice(5)}`,
  ]) {
    assert.equal(isRecordId('tsk', text), false, text);
  }
  assert.throws(() => recordId('tsk', instant(0), new Uint8Array(9)), RangeError);
});
