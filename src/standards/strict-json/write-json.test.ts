import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { parseStrictJson, parseStrictResult, type ResultJson } from './parse-strict.ts';
import { isRawNumber } from './raw-number.ts';
import { writeStrictJson } from './write-json.ts';

const result = (text: string): ResultJson => {
  const read = parseStrictResult(Buffer.from(text, 'utf8'));
  assert.ok(read.ok, read.ok ? '' : `${read.code} at ${read.offset}`);
  return read.value;
};

describe('numbers in results', () => {
  const kept = [
    '9007199254740993',
    '-9007199254740993',
    '123456789012345678901234567890',
    '1e21',
    '-0',
    '0.1000000000000000055',
  ];
  for (const literal of kept) {
    it(`${literal} is written back as it was read`, () => {
      const value = result(`{"n":[${literal}],"a":1}`);
      assert.equal(writeStrictJson(value), `{"n":[${literal}],"a":1}`);
      assert.equal(JSON.stringify(value), `{"n":[${literal}],"a":1}`);
    });
  }

  it('that a double holds are plain numbers', () => {
    assert.deepEqual(result('[1,1.5,9007199254740991]'), [1, 1.5, 9007199254740991]);
  });

  it('cannot be forged by an object that looks like one', () => {
    const value = result('{"rawJSON":"1"}');
    assert.ok(!isRawNumber(value));
    assert.equal(writeStrictJson(value), '{"rawJSON":"1"}');
  });

  it('out of range of a double are refused, as is everything else that a request may not hold', () => {
    for (const text of [
      '1e400',
      '1e-400',
      '{"a":1,"a":1}',
      '{"__proto__":1}',
      '"\\ud800"',
      '['.repeat(33),
      `1${'0'.repeat(1_024)}`,
      '\ufeff1',
      '01',
    ]) {
      assert.ok(!parseStrictResult(Buffer.from(text, 'utf8')).ok, text);
    }
  });
});

describe('writing strict JSON', () => {
  it('gives bytes that parse to the same value and are written the same again', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5, stringUnit: 'binary' }), fc.bigInt(), (value, big) => {
        const text = `{"big":${big},"value":${JSON.stringify(value)}}`;
        const first = parseStrictResult(Buffer.from(text, 'utf8'));
        if (!first.ok) return;
        const written = writeStrictJson(first.value);
        assert.deepEqual(result(written), first.value);
        assert.equal(writeStrictJson(result(written)), written);
        assert.equal(JSON.stringify(first.value), written);
        assert.ok(written.startsWith(`{"big":${big},`));
      }),
      { numRuns: 1_000 },
    );
  });

  it('gives bytes that a request parser accepts when the request parser gave the value', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        const read = parseStrictJson(Buffer.from(text, 'utf8'));
        if (!read.ok) return;
        assert.deepEqual(parseStrictJson(Buffer.from(writeStrictJson(read.value), 'utf8')), read);
      }),
    );
  });

  it('throws for what would not be read back as the same value', () => {
    const cyclic: unknown[] = [];
    cyclic.push(cyclic);
    const hostile: readonly unknown[] = [
      undefined,
      NaN,
      Infinity,
      -0,
      2 ** 53,
      1n,
      Symbol('s'),
      () => 1,
      '\ud800',
      [undefined],
      [,],
      { a: undefined },
      new Date(0),
      new Map(),
      { constructor: 1 },
      JSON.parse('{"__proto__":1}'),
      { 'a\0': 1 },
      { '\udc00': 1 },
      { toJSON: () => 1 },
      cyclic,
    ];
    // The casts stand for a caller that went round the types.
    for (const value of hostile) assert.throws(() => writeStrictJson(value as ResultJson), TypeError);
  });
});
