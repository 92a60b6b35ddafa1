/**
 * What a careless reader might take a key for: compatibility form, case, accents, white space and
 * invisible characters removed. Go's encoding/json, for one, accepts `Method` and `param\u017f` for
 * `method` and `params` (CVE-2026-27896). Homoglyphs of other scripts are not folded: no JSON reader does.
 */
export function foldProtocolKey(key: string): string {
  // Printable ASCII, the usual case: only case can vary.
  if (/^[!-~]*$/.test(key)) return key.toLowerCase();
  return (
    key
      .normalize('NFKD')
      .replace(IGNORED, '')
      // Upper first: dotless i and long s have their plain letters only as upper case.
      .toUpperCase()
      .toLowerCase()
      .normalize('NFKD')
      .replace(IGNORED, '')
  );
}

/** Controls, white space, marks, and whatever a renderer may leave out. */
const IGNORED = /[\p{Cc}\p{Cf}\p{M}\p{White_Space}\p{Default_Ignorable_Code_Point}]/gu;

/** True when `key` is not one of `known` but folds to the same as one of them. */
export function isVariantOfKnownKey(key: string, known: ReadonlySet<string>): boolean {
  return knownKeyOf(key, known) !== undefined;
}

/** The known key that `key` is a variant of; `undefined` when it is a known key itself, or another key. */
export function knownKeyOf(key: string, known: ReadonlySet<string>): string | undefined {
  if (known.has(key)) return undefined;
  return foldedSet(known).get(foldProtocolKey(key));
}

// Folding the known keys once per set; a set is a module constant of its protocol and never changes.
const foldedSets = new WeakMap<ReadonlySet<string>, ReadonlyMap<string, string>>();

function foldedSet(known: ReadonlySet<string>): ReadonlyMap<string, string> {
  const cached = foldedSets.get(known);
  if (cached !== undefined) return cached;
  const folded = new Map<string, string>();
  for (const key of known) folded.set(foldProtocolKey(key), key);
  foldedSets.set(known, folded);
  return folded;
}
