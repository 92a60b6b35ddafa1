import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { HOSTILE_STRINGS, LONE_SURROGATES } from './hostile-strings.fixture.ts';
import { markHidden, type Segment } from './mark-hidden.ts';
import { safeLine } from './safe-line.ts';
import { visibleText } from './visible-text.ts';

const ALL = [...HOSTILE_STRINGS, ...LONE_SURROGATES];
/** Any string, and strings rich in what matters here: escapes' own characters, controls, marks, several scripts. */
const hostileText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({
    unit: fc.constantFrom(
      '⟦',
      '⟧',
      'U',
      '+',
      '0',
      '2',
      'E',
      '≈',
      'a',
      '\u0430',
      '\u202e',
      '\u0301',
      '\ud800',
      '\udc00',
      '\u05d0',
      ' ',
      '\n',
      '-',
    ),
  }),
  fc.array(fc.constantFrom(...ALL.filter((text) => text.length < 100))).map((parts) => parts.join('')),
);
const kinds = (text: string): readonly string[] => markHidden(text).map((segment) => segment.kind);
const only = (segments: readonly Segment[]): Segment => {
  assert.equal(segments.length, 1);
  const [segment] = segments;
  assert.ok(segment);
  return segment;
};

describe('the hostile strings', () => {
  it('are more than 200, distinct and well-formed', () => {
    assert.ok(HOSTILE_STRINGS.length >= 200);
    assert.equal(new Set(ALL).size, ALL.length);
    for (const text of HOSTILE_STRINGS) assert.ok(text.isWellFormed());
  });
});

describe('marking what is hidden', () => {
  it('keeps every character, in order', () => {
    const check = (text: string): void =>
      assert.equal(
        markHidden(text)
          .map((segment) => segment.text)
          .join(''),
        text,
      );
    ALL.forEach(check);
    fc.assert(fc.property(hostileText, check), { numRuns: 1_000 });
  });

  it('leaves nothing unseen in a plain segment', () => {
    const check = (text: string): void => {
      for (const segment of markHidden(text)) {
        if (segment.kind === 'plain')
          assert.doesNotMatch(
            segment.text,
            /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]|(?! )\p{Zs}|\p{M}{4}/u,
          );
      }
    };
    ALL.forEach(check);
    fc.assert(fc.property(hostileText, check), { numRuns: 1_000 });
  });

  it('names what it hides', () => {
    const names: readonly (readonly [string, string, string])[] = [
      ['\u202e', 'U+202E', 'RIGHT-TO-LEFT OVERRIDE'],
      ['\u0000', 'U+0000', 'NULL'],
      ['\u001b', 'U+001B', 'ESCAPE'],
      ['\n', 'U+000A', 'LINE FEED'],
      ['\u001f', 'U+001F', 'INFORMATION SEPARATOR ONE'],
      ['\u0090', 'U+0090', 'CONTROL-0090'],
      ['\u00a0', 'U+00A0', 'NO-BREAK SPACE'],
      ['\u{e0041}', 'U+E0041', 'TAG "A"'],
      ['\ufe0f', 'U+FE0F', 'VARIATION SELECTOR-16'],
      ['\u{e0100}', 'U+E0100', 'VARIATION SELECTOR-17'],
      ['\u0301', 'U+0301', 'COMBINING MARK'],
      ['\ud800', 'U+D800', 'LONE SURROGATE'],
      ['\ue000', 'U+E000', 'PRIVATE USE'],
      ['\uffff', 'U+FFFF', 'NONCHARACTER'],
      ['\u0378', 'U+0378', 'UNASSIGNED OR INVISIBLE'],
      ['\u{1d173}', 'U+1D173', 'FORMAT CHARACTER'],
      ['\u1100', 'U+1100', 'CONJOINING LETTER'],
    ];
    for (const [text, codepoint, name] of names)
      assert.deepEqual(only(markHidden(text)), { kind: 'hidden', text, codepoint, name });
  });

  it('says what a look-alike looks like', () => {
    const alike: readonly (readonly [string, string])[] = [
      ['\u0430', 'a'],
      ['\u0410', 'A'],
      ['\uff21', 'A'],
      ['\u{1d5ee}', 'a'],
      ['\u2044', '/'],
      ['\u2212', '-'],
      ['\u212b', '\u00c5'],
      ['\u212a', 'K'],
      ['\u0251', 'a'],
      ['\ufb01', 'fi'],
      ['\u037e', ';'],
    ];
    for (const [text, looks_like] of alike) {
      const segment = only(markHidden(text));
      assert.deepEqual([segment.kind, segment.kind === 'lookalike' && segment.looks_like], ['lookalike', looks_like]);
    }
  });

  it('marks a foreign letter in a Latin word and leaves honest words of any language plain', () => {
    assert.deepEqual(kinds('p\u0430ypal'), ['plain', 'lookalike', 'plain']);
    assert.deepEqual(kinds('\u0440\u0430\u0443'), ['lookalike', 'lookalike', 'lookalike']);
    const honest = [
      'Привет, мир',
      'Łódź smørrebrød straße naïve',
      'नमस्ते',
      'ไทยก็',
      '한글',
      '日本語が',
      'Ελληνικά',
      'Հայերեն',
      'שלום',
      'مرحبا',
      '“quoted” – 2 × 3 = 6',
      '⟦x⟧',
    ];
    for (const text of honest)
      assert.ok(
        kinds(text.normalize('NFC')).every((kind) => kind === 'plain'),
        text,
      );
  });

  it('sets right-to-left runs apart from the text around them', () => {
    assert.deepEqual(
      markHidden('pay \u05d0\u05d1 100').map((segment) => segment.text),
      ['pay ', '\u05d0\u05d1', ' 100'],
    );
  });

  it('tells canonically equal spellings apart', () => {
    for (const text of ['\u00e9', '\u00c5', '\uac00', '\u1ed1']) {
      assert.deepEqual(kinds(text), ['plain']);
      assert.notDeepEqual(kinds(text.normalize('NFD')), ['plain']);
    }
  });

  it('takes time in proportion to the text', () => {
    const started = performance.now();
    markHidden('\u0430'.repeat(200_000));
    markHidden('a\u0301\u200b'.repeat(70_000));
    assert.ok(performance.now() - started < 10_000);
  });
});

describe('visible text', () => {
  it('is different for different texts, because it can be read back', () => {
    const check = (text: string): void => assert.equal(readBack(visibleText(text)), text);
    ALL.forEach(check);
    fc.assert(fc.property(hostileText, check), { numRuns: 2_000 });
    assert.equal(new Set(ALL.map(visibleText)).size, ALL.length);
  });

  it('escapes what is hidden and the escape itself', () => {
    assert.equal(visibleText('a\u202eb'), 'a⟦U+202E⟧b');
    assert.equal(visibleText('⟦U+202E⟧'), '⟦U+27E6⟧U+202E⟦U+27E7⟧');
    assert.equal(visibleText('p\u0430y'), 'p⟦U+0430≈a⟧y');
  });
});

describe('a safe line', () => {
  it('never holds a control, a line end or an escape sequence', () => {
    const check = (text: string): void => assert.doesNotMatch(safeLine(text), /[\p{C}\p{Zl}\p{Zp}]/u);
    ALL.forEach(check);
    fc.assert(fc.property(hostileText, check));
  });

  it('says how much it does not show, and cuts no pair in two', () => {
    assert.equal(safeLine('abcdef', 6), 'abcdef');
    assert.equal(safeLine('abcdefg', 6), 'abcdef… ⟦+1⟧');
    assert.equal(safeLine('ab\u{1f4a3}c', 3), 'ab… ⟦+3⟧');
  });
});

function readBack(visible: string): string {
  return visible.replace(/⟦U\+([0-9A-F]{4,6})(?:≈[^⟧]*)?⟧/g, (_, hex: string) => {
    const code = Number.parseInt(hex, 16);
    return code <= 0xffff ? String.fromCharCode(code) : String.fromCodePoint(code);
  });
}
