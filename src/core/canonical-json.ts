import type { Json } from './json.ts';

/**
 * RFC 8785 (JSON Canonicalization Scheme): the one text of a JSON value, so that equal values have equal digests.
 * Keys sorted by UTF-16 code units (§3.2.3), numbers and strings as ECMAScript prints them (§3.2.2).
 * @throws RangeError on NaN, infinities and lone surrogates, which have no canonical form (§3.2.2.2, §3.2.2.3)
 */
export function canonicalJson(value: Json): string {
  if (typeof value === 'string') return canonicalString(value);
  if (value === null) return 'null';
  if (typeof value === 'boolean') return value ? 'true' : 'false';
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new RangeError('a number without a JSON form');
    return String(value); // as JSON.stringify prints it, -0 included
  }
  // Plain concatenation, here and below: this runs once per record of evidence, and map and join cost twice as much.
  let text = '';
  if (isArray(value)) {
    for (const item of value) text += (text === '' ? '' : ',') + canonicalJson(item);
    return `[${text}]`;
  }
  for (const { key, quoted } of sortedKeys(Object.keys(value))) {
    const member = value[key];
    if (member !== undefined) text += (text === '' ? quoted : `,${quoted}`) + canonicalJson(member);
  }
  return `{${text}}`;
}

interface Key {
  readonly key: string;
  /** As it is written, with its colon. */
  readonly quoted: string;
}

/** Objects of one kind have the same keys in the same order: what was sorted once is remembered, up to these limits. */
const REMEMBERED_KEYS_MAX = 40;
const REMEMBERED_PER_LENGTH_MAX = 8;
const REMEMBERED_KEY_CHARS_MAX = 64;
const remembered: { readonly keys: readonly string[]; readonly sorted: readonly Key[] }[][] = [];

function sortedKeys(keys: readonly string[]): readonly Key[] {
  const alike = (remembered[Math.min(keys.length, REMEMBERED_KEYS_MAX + 1)] ??= []);
  for (const known of alike) if (isSameOrder(known.keys, keys)) return known.sorted;
  // Default sort compares UTF-16 code units, which is the order §3.2.3 asks for.
  const sorted = keys.toSorted().map((key) => ({ key, quoted: `${canonicalString(key)}:` }));
  const small = keys.length <= REMEMBERED_KEYS_MAX && keys.every((key) => key.length <= REMEMBERED_KEY_CHARS_MAX);
  if (small && alike.length < REMEMBERED_PER_LENGTH_MAX) alike.push({ keys, sorted });
  return sorted;
}

function isSameOrder(a: readonly string[], b: readonly string[]): boolean {
  for (let at = 0; at < b.length; at += 1) if (a[at] !== b[at]) return false;
  return true; // both are of one length: they come from the same list of remembered ones
}

/** Printable ASCII without the quote and the backslash is written as it is. */
const PLAIN = /^[ !#-[\]-~]{0,200}$/;

function canonicalString(text: string): string {
  if (PLAIN.test(text)) return `"${text}"`;
  if (!text.isWellFormed()) throw new RangeError('a string with a lone surrogate');
  return JSON.stringify(text);
}

// Array.isArray does not narrow readonly arrays out of a union.
function isArray(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}
