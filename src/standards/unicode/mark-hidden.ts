import { lookalikeOf, separatorLike } from './confusables.ts';
import { codepointOf, hiddenName } from './hidden-names.ts';

/** A piece of a text. The `text` of all segments in order is exactly the input. */
export type Segment =
  | { readonly kind: 'plain'; readonly text: string }
  | { readonly kind: 'hidden'; readonly text: string; readonly codepoint: string; readonly name: string }
  | { readonly kind: 'lookalike'; readonly text: string; readonly codepoint: string; readonly looks_like: string };

/**
 * Splits a text so that a page can show everything a reader would miss or mistake. One code point each:
 *
 * `hidden`: controls (also line feed and tab), format, bidi, zero-width, tag, private-use, unassigned
 * and noncharacters, lone surrogates, every space but U+0020, combining marks of no script of their own,
 * any mark stacked higher than {@link MARKS_MAX} or without a base, and conjoining jamo. Show the name, not the text.
 *
 * `lookalike`: a character that passes for the ASCII in `looks_like` in a word of mixed scripts, or in a
 * word made only of such; a compatibility form of ASCII (fullwidth, mathematical, …); a character that
 * normalisation would replace; a foreign separator.
 *
 * `plain`: the rest. A run of right-to-left letters is a segment of its own, so that a page which
 * isolates each segment (`<bdi>`) shows segments in their stored order.
 */
export function markHidden(text: string): readonly Segment[] {
  // Printable ASCII, the usual case, hides nothing.
  if (/^[ -~]+$/.test(text)) return [{ kind: 'plain', text }];

  const segments: Segment[] = [];
  let plain = '';
  let plainIsRtl = false;
  const closePlain = (): void => {
    if (plain !== '') segments.push({ kind: 'plain', text: plain });
    plain = '';
  };
  for (const piece of pieces(text)) {
    if (typeof piece !== 'string') {
      closePlain();
      segments.push(piece);
      continue;
    }
    const isRtl = RIGHT_TO_LEFT.test(piece);
    if (isRtl !== plainIsRtl) closePlain();
    plainIsRtl = isRtl;
    plain += piece;
  }
  closePlain();
  return segments;
}

/** More marks than this on one letter occur in no orthography; they spill over neighbouring lines. */
export const MARKS_MAX = 3;

/** Each code point, either as itself or as the segment that marks it. */
function* pieces(text: string): Generator<string | Exclude<Segment, { kind: 'plain' }>> {
  let marks = Number.POSITIVE_INFINITY; // a mark at the start has no base
  for (const word of text.match(WORD_OR_OTHER) ?? []) {
    const isHonest = isOfOneScript(word);
    for (const char of word) {
      const isMark = /^\p{M}$/u.test(char);
      if (isMark) marks += 1;
      if (HIDDEN.test(char) || (isMark && marks > MARKS_MAX)) {
        yield { kind: 'hidden', text: char, codepoint: codepointOf(char), name: hiddenName(char) };
      } else {
        const looks_like = resemblance(char, isHonest);
        if (looks_like === undefined) yield char;
        else yield { kind: 'lookalike', text: char, codepoint: codepointOf(char), looks_like };
      }
      if (!isMark) marks = /^[\p{L}\p{N}\p{S}]$/u.test(char) ? 0 : Number.POSITIVE_INFINITY;
    }
  }
}

/** A run of letters, marks and digits, or a run without any: together they cover the text. */
const WORD_OR_OTHER = /[\p{L}\p{M}\p{Nd}_]+|[^\p{L}\p{M}\p{Nd}_]+/gu;

const HIDDEN =
  /^(?:[\p{C}\p{Default_Ignorable_Code_Point}\p{Zl}\p{Zp}\u2800\ufffc\u{16fe4}\u1100-\u11ff\ua960-\ua97f\ud7b0-\ud7ff]|(?! )\p{Zs}|(?=\p{M})\p{Script=Inherited})$/u;

/** The blocks whose letters are written from right to left, without digits, which are not. */
const RIGHT_TO_LEFT = /^(?!\p{Nd})[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]$/u;

function resemblance(char: string, isHonestWord: boolean): string | undefined {
  if (char <= '~') return undefined;
  const composed = char.normalize('NFC');
  if (composed !== char) return composed;
  const compatible = char.normalize('NFKC');
  if (/^[!-~]+$/.test(compatible)) return compatible;
  const separator = separatorLike(char);
  if (separator !== undefined) return separator;
  // Symbols such as a multiplication sign stand for themselves; Latin look-alikes are phonetic letters, never plain text.
  if (!/^[\p{L}\p{Nd}]$/u.test(char) || (isHonestWord && !/^\p{Script=Latin}$/u.test(char))) return undefined;
  return lookalikeOf(char);
}

/** True for a word whose letters are all of one script and at least one of which resembles nothing in ASCII. */
function isOfOneScript(word: string): boolean {
  if (![...word].some((char) => /^\p{L}$/u.test(char) && char > '~' && lookalikeOf(char) === undefined)) return false;
  return SCRIPTS.some((script) => script.test(word));
}

// Scripts in everyday use that have look-alikes. A word of any other script is judged letter by letter.
const SCRIPTS: readonly RegExp[] = [
  'Cyrillic',
  'Greek',
  'Armenian',
  'Hebrew',
  'Arabic',
  'Georgian',
  'Devanagari',
  'Bengali',
  'Gurmukhi',
  'Gujarati',
  'Oriya',
  'Tamil',
  'Telugu',
  'Kannada',
  'Malayalam',
  'Thai',
  'Lao',
  'Myanmar',
  'Ethiopic',
  'Nko',
  'Tifinagh',
  'Cherokee',
  'Canadian_Aboriginal',
].map((script) => new RegExp(`^[\\p{Script=${script}}\\p{Script=Inherited}\\p{Nd}_]+$`, 'u'));
