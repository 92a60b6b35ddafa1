import { lookalikeOf, separatorLike } from './confusables.ts';

/**
 * What is left of a name when everything a reader may miss is taken away: two names with the same
 * skeleton look alike. Built as in Unicode Technical Standard #39 §4, and stricter for names of tools
 * and servers: case is folded, `0 o`, `1 l i |`, `rn m` and `vv w` are one, and any run of delimiters
 * (space, dash, dot, slash, colon, underscore …) is one underscore, so that `a__b` + `c` meets `a` + `b__c`.
 *
 * For comparing only, never for showing or storing as a name. `skeleton(skeleton(x)) = skeleton(x)`.
 */
export function confusableSkeleton(text: string): string {
  const decomposed = text.toWellFormed().normalize('NFKD').replace(UNSEEN, '');
  const glyphs = mapGlyphs(decomposed);
  // A capital may only now become a character of the table: U+A7B3 is the capital of U+AB53.
  // Lower, not upper, then lower again: mapping gives lower case already.
  const folded = mapGlyphs(glyphs.toLowerCase().normalize('NFKD').replace(UNSEEN, ''));
  return folded.replace(DELIMITERS, '_').replaceAll('rn', 'm').replaceAll('vv', 'w');
}

/**
 * Controls, format and default-ignorable characters (zero-width, bidi, tags, variation selectors), and
 * marks that belong to no script of their own. Vowel signs of Indic or Thai words stay: without them
 * different words would meet. U+3099 and U+309A tell Japanese syllables apart, so they stay too.
 */
const UNSEEN =
  /(?![\u3099\u309a\t-\r\x85])(?:[\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}]|(?=\p{M})\p{Script=Inherited})/gu;

const DELIMITERS = /[\p{Z}\p{Pd}\p{Pc}\t-\r\x85\u2800./\\:;,~\u00b7\u2022\u2219\u22c5\u30fb-]+/gu;

/** Characters that are one in names of any case. */
const SAME: ReadonlyMap<string, string> = new Map([
  ['0', 'o'],
  ['1', 'l'],
  ['i', 'l'],
  ['I', 'l'],
  ['|', 'l'],
  ['\u00df', 'ss'],
  ['\u1e9e', 'ss'],
  ['\u00e6', 'ae'],
  ['\u04d5', 'ae'],
  ['\u0153', 'oe'],
  ['\u00f8', 'o'],
  ['\u0142', 'l'],
  ['\u0111', 'd'],
  ['\u0127', 'h'],
  ['\u0167', 't'],
]);

function mapGlyphs(text: string): string {
  let mapped = '';
  for (const char of text) {
    const seen = lookalikeOf(char)?.toLowerCase() ?? separatorLike(char) ?? char;
    mapped += SAME.get(seen) ?? seen;
  }
  return mapped;
}
