import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readYaml } from './read-yaml.ts';

test('a document is its plain values, and every part has its place', () => {
  const read = readYaml('a: 1\nb:\n  - c: two\n  - d: 3\n');
  assert.ok(read.ok);
  assert.deepEqual(read.value, { a: 1, b: [{ c: 'two' }, { d: 3 }] });
  assert.deepEqual(read.placeOf(['b', 1, 'd']), { offset: 26, line: 4, column: 8 });
  // A value on a later line stands where its key does.
  assert.deepEqual(read.placeOf(['b']), { offset: 5, line: 2, column: 1 });
  // What is missing stands where its parent does.
  assert.equal(read.placeOf(['b', 0, 'missing']).line, 3);
  assert.deepEqual(read.placeOf(['nowhere']), { offset: 0, line: 1, column: 1 });
});

test('an empty document is null', () => {
  const read = readYaml('# nothing\n');
  assert.ok(read.ok);
  assert.equal(read.value, null);
});

const REFUSED: readonly (readonly [string, string, number, RegExp])[] = [
  ['an alias', 'a: &x 1\nb: *x\n', 2, /aliases are not accepted/],
  ['an alias in a key', 'a: &x 1\n*x : 2\n', 2, /aliases are not accepted/],
  ['a merge', 'a: &x {b: 1}\nc:\n  <<: *x\n', 3, /aliases are not accepted/],
  ['an alias of nothing', 'a: 1\nb: *x\n', 2, /alias/i],
  ['a key twice', 'a: 1\na: 2\n', 2, /unique/],
  ['an unknown tag', 'a: 1\nb: !!js/function x\n', 2, /tag/i],
  ['two documents', 'a: 1\n---\nb: 2\n', 2, /document/i],
  ['an open bracket', 'a: [\n', 2, /./],
];
for (const [what, text, line, says] of REFUSED) {
  test(`${what} is refused with its line`, () => {
    const read = readYaml(text);
    assert.ok(!read.ok);
    assert.match(read.faults[0]?.message ?? '', says);
    assert.equal(read.faults[0]?.place.line, line);
  });
}

test('nesting that ends the stack is refused', () => {
  const read = readYaml('['.repeat(50_000));
  assert.ok(!read.ok);
  assert.match(read.faults[0]?.message ?? '', /nested too deeply/);
});
