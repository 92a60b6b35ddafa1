import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { STRICT_JSON_LIMITS } from './limits.ts';
import { parseStrictJson } from './parse-strict.ts';
import type { StrictJsonCode } from './refusal.ts';

const bytes = (text: string): Uint8Array => Buffer.from(text, 'utf8');
const codeOf = (text: string): StrictJsonCode | 'ok' => {
  const read = parseStrictJson(bytes(text));
  return read.ok ? 'ok' : read.code;
};

describe('strict JSON accepts', () => {
  const texts = [
    'null',
    ' true ',
    'false',
    '0',
    '1.0',
    '-1',
    '0.1',
    '1e2',
    '1E+2',
    '1e-2',
    '0.0',
    '0e5',
    '-0.5',
    '9007199254740991',
    '-9007199254740991',
    '9007199254740991.0',
    '0.10000000000000001',
    '1.7976931348623157e-300',
    '5e-324',
    '2.2250738585072014e-308',
    '5.684341886080802e-14',
    '0.3333333333333333',
    '100000000000000',
    '0.5000000000000000000000000',
    '""',
    '"\\u0000"',
    '"\\ud83d\\ude00"',
    '"😀"',
    '"\\/\\b\\f\\n\\r\\t\\"\\\\"',
    '"\u2028\u2029\u007f"',
    '"\ufeff"',
    '[]',
    '{}',
    '[ ]',
    '{ }',
    '[1,[2,{"a":[]}]]',
    '{"a":1,"A":2}',
    '{"toString":1,"hasOwnProperty":2,"valueOf":3}',
    '{"a":{"a":{"a":1}}}',
    '{"":1}',
    '{"1":1,"0":2}',
    '{"caf\u00e9":1,"cafe\u0301":2}',
    '\t\r\n {"a" : [ 1 , 2 ] } \n',
  ];
  for (const text of texts) {
    it(`${JSON.stringify(text)} as JSON.parse reads it`, () => {
      const read = parseStrictJson(bytes(text));
      assert.ok(read.ok);
      assert.deepEqual(plain(read.value), plain(JSON.parse(text)));
    });
  }
});

describe('strict JSON refuses', () => {
  const table: readonly (readonly [string, StrictJsonCode])[] = [
    ['', 'syntax'],
    [' ', 'syntax'],
    ['{', 'syntax'],
    ['[1,]', 'syntax'],
    ['{"a":1,}', 'syntax'],
    ['{"a"}', 'syntax'],
    ['{a:1}', 'syntax'],
    ["{'a':1}", 'syntax'],
    ['[1 2]', 'syntax'],
    ['{"a":1 "b":2}', 'syntax'],
    ['nul', 'syntax'],
    ['True', 'syntax'],
    ['+1', 'syntax'],
    ['.5', 'syntax'],
    ['1.', 'syntax'],
    ['1e', 'syntax'],
    ['1e+', 'syntax'],
    ['-', 'syntax'],
    ['NaN', 'syntax'],
    ['Infinity', 'syntax'],
    ['"\n"', 'syntax'],
    ['"\u0000"', 'syntax'],
    ['"', 'syntax'],
    ['"\\x41"', 'syntax'],
    ['"\\u12"', 'syntax'],
    ['"\\u12g4"', 'syntax'],
    ['"\\', 'syntax'],
    ['"\\u', 'syntax'],
    ['\u00a01', 'syntax'],
    ['//c\n1', 'syntax'],
    ['01', 'trailing_data'],
    ['-01', 'number_negative_zero'],
    ['1x', 'trailing_data'],
    ['{}{}', 'trailing_data'],
    ['nullx', 'trailing_data'],
    ['1\u0000', 'trailing_data'],
    ['\ufeff{}', 'byte_order_mark'],
    ['{"a":1,"a":1}', 'duplicate_key'],
    ['{"a":1,"\\u0061":2}', 'duplicate_key'],
    ['[[{"x":{"b":null,"b":null}}]]', 'duplicate_key'],
    ['{"":1,"":2}', 'duplicate_key'],
    ['{"7":1,"7":2}', 'duplicate_key'],
    ['{"__proto__":1}', 'forbidden_key'],
    ['{"\\u005f_proto__":{}}', 'forbidden_key'],
    ['[{"constructor":{"prototype":{}}}]', 'forbidden_key'],
    ['{"prototype":1}', 'forbidden_key'],
    ['{"a\\u0000":1}', 'nul_in_key'],
    ['"\\ud800"', 'lone_surrogate'],
    ['"\\udc00\\ud800"', 'lone_surrogate'],
    ['{"\\udfff":1}', 'lone_surrogate'],
    ['"\\ud83d😀"', 'lone_surrogate'],
    ['9007199254740992', 'number_unsafe'],
    ['-9007199254740992', 'number_unsafe'],
    ['9007199254740993', 'number_unsafe'],
    ['9007199254740993.0', 'number_unsafe'],
    ['1e21', 'number_unsafe'],
    ['9.1e15', 'number_unsafe'],
    ['1e400', 'number_out_of_range'],
    ['-1e400', 'number_out_of_range'],
    ['1e-400', 'number_out_of_range'],
    ['1e99999999999', 'number_out_of_range'],
    ['-0', 'number_negative_zero'],
    ['-0.0', 'number_negative_zero'],
    ['-0e1', 'number_negative_zero'],
    ['0.1000000000000000055', 'number_imprecise'],
    ['9007199254740990.5', 'number_imprecise'],
    ['1.00000000000000001', 'number_imprecise'],
    ['1.2345e-320', 'number_imprecise'],
    ['1' + '0'.repeat(1_024), 'number_too_long'],
  ];
  for (const [text, code] of table) {
    it(`${JSON.stringify(text.slice(0, 60))} as ${code}`, () => assert.equal(codeOf(text), code));
  }

  it('bytes that are not UTF-8, and says where', () => {
    const hostile: readonly (readonly [readonly number[], number])[] = [
      [[0x22, 0xff, 0x22], 1],
      [[0x22, 0xc0, 0xaf, 0x22], 1], // overlong '/'
      [[0x22, 0x61, 0xed, 0xa0, 0x80, 0x22], 2], // raw lone surrogate
      [[0x22, 0xf4, 0x90, 0x80, 0x80, 0x22], 1], // beyond U+10FFFF
      [[0x22, 0xe2, 0x82, 0x22], 1], // cut short
    ];
    for (const [raw, offset] of hostile) {
      const read = parseStrictJson(Uint8Array.from(raw));
      assert.ok(!read.ok);
      assert.deepEqual({ code: read.code, offset: read.offset }, { code: 'invalid_utf8', offset });
    }
  });

  it('with a byte offset and without repeating the text', () => {
    const read = parseStrictJson(bytes('{"é":1,"é":"secret"}'));
    assert.deepEqual(read, {
      ok: false,
      code: 'duplicate_key',
      message: 'An object has the same key twice.',
      offset: 8,
    });
  });
});

describe('strict JSON limits', () => {
  const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);

  it('accept exactly the limit and refuse one more', () => {
    assert.equal(codeOf(nested(32)), 'ok');
    assert.equal(codeOf(nested(33)), 'too_deep');
    assert.equal(codeOf('{"a":'.repeat(33) + '1' + '}'.repeat(33)), 'too_deep');
    assert.equal(codeOf(`[${Array(9_999).fill('0').join()}]`), 'ok');
    assert.equal(codeOf(`[${Array(10_000).fill('0').join()}]`), 'too_many_nodes');
    assert.equal(codeOf(`"${'x'.repeat(1_048_574)}"`), 'ok');
    assert.equal(codeOf(`"${'x'.repeat(1_048_575)}"`), 'body_too_large');
    const short = { ...STRICT_JSON_LIMITS, string_chars_max: 3 };
    assert.ok(parseStrictJson(bytes('{"abc":"\\u0061bc"}'), short).ok);
    assert.ok(!parseStrictJson(bytes('{"abcd":1}'), short).ok);
    assert.ok(!parseStrictJson(bytes('"ab\\u0063d"'), short).ok);
  });

  it('hold against nesting of 100,000 levels, whatever limit the caller sets', () => {
    assert.equal(codeOf('['.repeat(100_000)), 'too_deep');
    const wide = { bytes_max: 10_000_000, depth_max: 1_000_000, nodes_max: 1_000_000 };
    const read = parseStrictJson(bytes('{"a":'.repeat(100_000)), wide);
    assert.ok(!read.ok && read.code === 'too_deep');
  });

  it('refuse a body of 10 MB before reading it', () => {
    const huge = new Uint8Array(10_000_000).fill(0xff);
    const read = parseStrictJson(huge);
    assert.ok(!read.ok && read.code === 'body_too_large');
  });
});

describe('a strictly parsed object', () => {
  it('has no prototype, so nothing inherited can be read from it', () => {
    const read = parseStrictJson(bytes('{"a":{"b":1}}'));
    assert.ok(read.ok);
    assert.equal(Object.getPrototypeOf(read.value), null);
    assert.equal(Reflect.get(Object(read.value), 'toString'), undefined);
  });

  it('leaves Object.prototype alone however it is merged', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        const read = parseStrictJson(bytes(text));
        if (read.ok) Object.assign({}, read.value);
        assert.deepEqual(Reflect.ownKeys(Object.prototype).toSorted(), OBJECT_PROTOTYPE_KEYS);
      }),
    );
  });
});

const OBJECT_PROTOTYPE_KEYS = Reflect.ownKeys(Object.prototype).toSorted();

describe('compared with JSON.parse', () => {
  it('strict JSON gives the same value for every document it accepts, and accepts what has none of the refusals', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), fc.constantFrom(undefined, 1, '\t'), (value, indent) => {
        const text = JSON.stringify(value, null, indent);
        const read = parseStrictJson(bytes(text));
        if (hasRefused(value)) return assert.ok(!read.ok);
        assert.ok(read.ok, text);
        assert.deepEqual(plain(read.value), plain(JSON.parse(text)));
      }),
      { numRuns: 1_000 },
    );
  });

  it('strict JSON never accepts what JSON.parse refuses, on texts one edit away from JSON', () => {
    const pieces = [
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"',
      '\\',
      '\\u',
      'd83d',
      '0',
      '-',
      '.',
      'e',
      '1',
      ' ',
      '\n',
      'null',
      '\ufeff',
      '"a"',
      '\u00e9',
    ];
    const edit = fc.record({ at: fc.nat(200), cut: fc.nat(2), piece: fc.constantFrom(...pieces) });
    fc.assert(
      fc.property(fc.json({ maxDepth: 3 }), edit, (text, { at, cut, piece }) => {
        const changed = text.slice(0, at) + piece + text.slice(at + cut);
        const read = parseStrictJson(bytes(changed));
        const reference = parseReference(changed);
        if (read.ok)
          assert.deepEqual(plain(read.value), reference.ok ? plain(reference.value) : 'refused by JSON.parse');
        else if (reference.ok) assert.notEqual(read.code, 'syntax', changed);
      }),
      { numRuns: 3_000 },
    );
  });

  it('strict JSON reads any number literal as the same double or refuses it', () => {
    const digits = fc.stringMatching(/^(0|[1-9]\d{0,19})(\.\d{1,20})?(e[+-]?\d{1,3})?$/);
    fc.assert(
      fc.property(digits, (literal) => {
        const read = parseStrictJson(bytes(literal));
        if (read.ok) assert.equal(read.value, Number(literal));
        else assert.match(read.code, /^number_/);
      }),
      { numRuns: 3_000 },
    );
  });

  it('strict JSON accepts every safe double in its shortest form and with 17 digits', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, min: -9007199254740991, max: 9007199254740991 }), (double) => {
        if (Object.is(double, -0)) return;
        for (const literal of [String(double), double.toPrecision(17)]) {
          const read = parseStrictJson(bytes(literal));
          assert.ok(read.ok && read.value === double, literal);
        }
      }),
      { numRuns: 3_000 },
    );
    for (let power = -1074; power <= 52; power += 1) assert.equal(codeOf(String(2 ** power)), 'ok');
  });

  it('strict JSON never throws on any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (raw) => {
        const read = parseStrictJson(raw);
        if (!read.ok) assert.ok(read.offset >= 0 && read.offset <= raw.length);
      }),
      { numRuns: 3_000 },
    );
  });
});

function parseReference(text: string): { ok: true; value: unknown } | { ok: false } {
  try {
    return { ok: true, value: JSON.parse(text) };
  } catch (cause) {
    assert.ok(cause instanceof SyntaxError);
    return { ok: false };
  }
}

/** The same value with ordinary prototypes, for comparing. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, plain(member)]));
}

/** What a value read by JSON.parse may still hold that strict JSON refuses. */
function hasRefused(value: unknown): boolean {
  if (typeof value === 'number')
    return Math.abs(value) > Number.MAX_SAFE_INTEGER || Object.is(JSON.parse(JSON.stringify(value)), -0);
  if (typeof value === 'string') return !value.isWellFormed();
  if (typeof value !== 'object' || value === null) return false;
  if (Array.isArray(value)) return value.some(hasRefused);
  return Object.entries(value).some(
    ([key, member]) =>
      ['__proto__', 'constructor', 'prototype'].includes(key) ||
      key.includes('\0') ||
      !key.isWellFormed() ||
      hasRefused(member),
  );
}
