import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { rawNumber } from '../standards/strict-json/raw-number.ts';
import type { Json, JsonObject } from '../core/json.ts';
import {
  ARGUMENT_TEXT_BYTES_MAX,
  ARGUMENT_VALUES_MAX,
  layOutArguments,
  UNREPRESENTABLE_NAMES_MAX,
} from './arguments.ts';

const laid = (given: JsonObject) => {
  const { texts, numbers, flags, lists, unrepresentable } = layOutArguments(given);
  return { texts: { ...texts }, numbers: { ...numbers }, flags: { ...flags }, lists: { ...lists }, unrepresentable };
};
const left = (given: JsonObject): readonly string[] => layOutArguments(given).unrepresentable;

test('simple values stand under their dotted path', () => {
  assert.deepEqual(
    laid({
      path: '/a',
      n: -3,
      dry: true,
      to: ['b', 'a', 'a'],
      none: null,
      in: { x: { y: 'z' } },
      rows: [{ id: 1 }, 2],
    }),
    {
      texts: { path: '/a', 'in.x.y': 'z' },
      numbers: { n: -3, 'rows.0.id': 1, 'rows.1': 2 },
      flags: { dry: true },
      lists: { to: ['a', 'b'] },
      unrepresentable: [],
    },
  );
});

test('what has no exact form is left out and named', () => {
  assert.deepEqual(left({ half: 0.5, far: 2 ** 53, near: 2 ** 53 - 1 }), ['far', 'half']);
  // A raw number is what the strict parser makes of an integer that a double cannot hold.
  assert.deepEqual(left({ big: rawNumber('9007199254740993') as unknown as Json }), ['big']);
  assert.deepEqual(left({ lone: '\ud800' }), ['lone']);
});

test('two keys never share a path', () => {
  assert.deepEqual(left({ 'a.b': 'x', a: { b: 'y' } }), ['a.b']);
  assert.deepEqual(left({ a: { '0': 'x' } }), ['a.0']);
  assert.deepEqual(left({ '': 'x' }), ['']);
});

test('a key of the prototype is a key like any other', () => {
  const given = JSON.parse('{"__proto__": "x", "constructor": "y"}') as JsonObject;
  assert.equal(layOutArguments(given).texts['__proto__'], 'x');
  assert.equal(layOutArguments(given).texts['constructor'], 'y');
  assert.equal(layOutArguments({}).texts['constructor'], undefined);
});

test('a text is kept up to its limit in bytes', () => {
  assert.deepEqual(left({ t: 'x'.repeat(ARGUMENT_TEXT_BYTES_MAX) }), []);
  assert.deepEqual(left({ t: 'x'.repeat(ARGUMENT_TEXT_BYTES_MAX + 1) }), ['t']);
  assert.deepEqual(left({ t: 'é'.repeat(ARGUMENT_TEXT_BYTES_MAX / 2 + 1) }), ['t']);
  assert.deepEqual(left({ t: ['x', 'x'.repeat(ARGUMENT_TEXT_BYTES_MAX + 1)] }), ['t']);
});

test('more than can be named is a star', () => {
  const many = Object.fromEntries(Array.from({ length: 5000 }, (_, index) => [`k${index}`, 0.5]));
  const names = left(many);
  assert.equal(names.length, UNREPRESENTABLE_NAMES_MAX);
  assert.ok(names.includes('*'));
});

test('values beyond the count are left out, not lost', () => {
  const many = Object.fromEntries(Array.from({ length: ARGUMENT_VALUES_MAX + 1 }, (_, index) => [`k${index}`, index]));
  const { numbers, unrepresentable } = layOutArguments(many);
  assert.equal(Object.keys(numbers).length, ARGUMENT_VALUES_MAX);
  assert.deepEqual(unrepresentable, [`k${ARGUMENT_VALUES_MAX}`]);
});

test('every value of any arguments is either there or named', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 3 })), (given) => {
      const out = layOutArguments(given as JsonObject);
      for (const [key, value] of Object.entries(given)) {
        if (value === null || typeof value === 'object') continue;
        const there = [out.texts, out.numbers, out.flags].some((kind) => Object.hasOwn(kind, key));
        assert.ok(there || out.unrepresentable.includes(key) || out.unrepresentable.includes('*'));
      }
    }),
  );
});
