import { knownKeyOf } from './fold-key.ts';
import { DEPTH_CEILING } from './limits.ts';
import type { ResultJson } from './parse-strict.ts';
import { isRawNumber } from './raw-number.ts';

/** `path` is the JSON Pointer (RFC 6901) of the member. It and `key` are hostile text: mark before showing. */
export type KeyVariant = { readonly path: string; readonly key: string; readonly known: string };

/**
 * The first member, in document order, whose key is a case or Unicode variant of a known key.
 *
 * `depth_max` tells how many levels of objects and arrays are looked into: 1 is the top object's own
 * keys. A protocol whose inner values belong to users (tool arguments may well have a key `Name`)
 * stops at its own levels. The value must be a parsed one: its size is bounded, and it has no cycles.
 */
export function findKeyVariant(
  value: ResultJson,
  known: ReadonlySet<string>,
  depth_max: number = DEPTH_CEILING,
): KeyVariant | undefined {
  if (typeof value !== 'object' || value === null || depth_max <= 0 || isRawNumber(value)) return undefined;
  const isList = Array.isArray(value);
  for (const [key, member] of Object.entries(value)) {
    const match = isList ? undefined : knownKeyOf(key, known);
    if (match !== undefined) return { path: `/${pointerToken(key)}`, key, known: match };
    const inner = findKeyVariant(member, known, depth_max - 1);
    if (inner !== undefined) return { ...inner, path: `/${pointerToken(key)}${inner.path}` };
  }
  return undefined;
}

/** RFC 6901 §3: `~` is written `~0` and `/` is written `~1`. */
function pointerToken(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1');
}
