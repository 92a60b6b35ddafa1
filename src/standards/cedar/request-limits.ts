import type { CedarRequest } from './decide.ts';

/** Beyond these the engine gets slow or traps: depth 1,000 is refused by it, 5,000 ends its instance. */
export const VALUE_DEPTH_MAX = 32;
export const REQUEST_NODES_MAX = 10_000;
/** `like` on a text of 100 KB was measured at 2 s. */
export const STRING_BYTES_MAX = 8192;

/** Why this request may not reach the engine; null when it may. Takes any value, however deep or wide, in bounded time. */
export function overLimits(request: CedarRequest): string | null {
  const pending: { readonly value: unknown; readonly depth: number }[] = [{ value: request, depth: 0 }];
  let nodes = 0;
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { value, depth } = next;
    nodes += 1;
    if (nodes > REQUEST_NODES_MAX) return `The request has more than ${REQUEST_NODES_MAX} values.`;
    if (typeof value === 'string') {
      const wrong = wrongText(value);
      if (wrong !== null) return wrong;
      continue;
    }
    if (typeof value === 'boolean') continue;
    if (typeof value === 'number') {
      if (!Number.isSafeInteger(value)) return 'The request holds a number that is not a whole number within 2^53.';
      continue;
    }
    if (typeof value !== 'object' || value === null)
      return `The request holds ${value === null ? 'null' : `a ${typeof value}`}.`;
    if (depth >= VALUE_DEPTH_MAX) return `The request is nested deeper than ${VALUE_DEPTH_MAX} levels.`;
    if (Array.isArray(value)) {
      if (nodes + pending.length + value.length > REQUEST_NODES_MAX)
        return `The request has more than ${REQUEST_NODES_MAX} values.`;
      for (const item of value as readonly unknown[]) pending.push({ value: item, depth: depth + 1 });
      continue;
    }
    for (const key in value) {
      if (!Object.hasOwn(value, key)) continue;
      const wrong = wrongText(key);
      if (wrong !== null) return wrong;
      if (nodes + pending.length >= REQUEST_NODES_MAX) return `The request has more than ${REQUEST_NODES_MAX} values.`;
      pending.push({ value: (value as Record<string, unknown>)[key], depth: depth + 1 }); // an object, not an array
    }
  }
  return null;
}

function wrongText(text: string): string | null {
  // UTF-8 needs at most three bytes for each UTF-16 unit, so most texts need no count.
  if (text.length * 3 > STRING_BYTES_MAX && Buffer.byteLength(text, 'utf8') > STRING_BYTES_MAX) {
    return `The request holds a text of more than ${STRING_BYTES_MAX} bytes.`;
  }
  // The engine reads UTF-8: two different lone surrogates would become the same text.
  return text.isWellFormed() ? null : 'The request holds a text with a lone surrogate.';
}
