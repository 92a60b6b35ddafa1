import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { findKeyVariant } from './find-key-variant.ts';
import { foldProtocolKey, isVariantOfKnownKey, knownKeyOf } from './fold-key.ts';

const KNOWN: ReadonlySet<string> = new Set([
  'jsonrpc',
  'id',
  'method',
  'params',
  'name',
  'arguments',
  '_meta',
  'protocolVersion',
  'ttlMs',
  'task',
]);

describe('a protocol key', () => {
  it('is no variant of itself', () => {
    for (const key of KNOWN) assert.ok(!isVariantOfKnownKey(key, KNOWN));
  });

  it('is found behind every case, width, compatibility and invisible variant', () => {
    const hostile: readonly (readonly [string, string])[] = [
      ['Method', 'method'],
      ['METHOD', 'method'],
      ['param\u017f', 'params'],
      ['tas\u212a', 'task'],
      ['\uff4dethod', 'method'],
      ['\u{1d426}ethod', 'method'],
      ['method\u200b', 'method'],
      ['me\u200dthod', 'method'],
      ['\ufeffmethod', 'method'],
      ['\u0131d', 'id'],
      ['\u0130D', 'id'],
      ['\u24d8d', 'id'],
      ['m\u00e9thod', 'method'],
      ['me\u0301thod', 'method'],
      ['method ', 'method'],
      ['method\u00a0', 'method'],
      ['me\u00adthod', 'method'],
      ['method\u{e0041}', 'method'],
      ['method\ufe0f', 'method'],
      ['\u202emethod', 'method'],
      ['protocolversion', 'protocolVersion'],
      ['TTLMS', 'ttlMs'],
      ['_Meta', '_meta'],
      ['\uff3fmeta', '_meta'],
      ['method\t', 'method'],
      ['method\u3164', 'method'],
    ];
    for (const [key, known] of hostile) assert.equal(knownKeyOf(key, KNOWN), known, JSON.stringify(key));
  });

  it('is not seen in other words', () => {
    for (const key of ['', 'methods', 'identity', 'user_name', 'x-id', 'метод', 'naam'])
      assert.ok(!isVariantOfKnownKey(key, KNOWN), key);
  });

  it('is found however each of its letters is varied', () => {
    const letter = (char: string): fc.Arbitrary<string> => fc.constantFrom(...variantsOf(char));
    const varied = fc
      .constantFrom(...KNOWN)
      .chain((key) => fc.tuple(fc.constant(key), fc.tuple(...[...key].map(letter))));
    fc.assert(
      fc.property(varied, ([known, letters]) => {
        const key = letters.join('');
        assert.equal(knownKeyOf(key, KNOWN), KNOWN.has(key) ? undefined : known);
      }),
    );
  });

  it('folds to a form that folds to itself', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (key) =>
        assert.equal(foldProtocolKey(foldProtocolKey(key)), foldProtocolKey(key)),
      ),
    );
  });
});

describe('looking for key variants', () => {
  it('gives the pointer of the first, at any depth', () => {
    const value = { jsonrpc: '2.0', params: { list: [{ 'a/b~': { Name: 1 } }] } };
    assert.deepEqual(findKeyVariant(value, KNOWN), {
      path: '/params/list/0/a~1b~0/Name',
      key: 'Name',
      known: 'name',
    });
  });

  it('looks only as deep as it is told', () => {
    const value = { params: { arguments: { Name: 1 } } };
    assert.equal(findKeyVariant(value, KNOWN, 2), undefined);
    assert.equal(findKeyVariant(value, KNOWN, 3)?.key, 'Name');
  });

  it('finds none in values without keys', () => {
    for (const value of [null, 'Method', 1, ['Method'], { method: 'Method' }])
      assert.equal(findKeyVariant(value, KNOWN), undefined);
  });
});

function variantsOf(char: string): readonly string[] {
  const code = char.charCodeAt(0);
  const variants = [
    char,
    char.toUpperCase(),
    char.toLowerCase(),
    `${char}\u200b`,
    `\u00ad${char}`,
    String.fromCharCode(code + 0xfee0),
  ];
  if (char === 's') variants.push('\u017f');
  if (char === 'k') variants.push('\u212a');
  return variants;
}
