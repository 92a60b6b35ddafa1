import { isMap, isNode, isScalar, LineCounter, parseDocument, visit, type Document } from 'yaml';

/** Where something stands: line and column from 1, in UTF-16 units; `offset` from 0. */
export interface YamlPlace {
  readonly offset: number;
  readonly line: number;
  readonly column: number;
}

export interface YamlFault {
  readonly place: YamlPlace;
  /** One sentence. */
  readonly message: string;
}

export type YamlRead =
  | {
      readonly ok: true;
      /** Plain values; null for an empty file. */
      readonly value: unknown;
      /** Where the deepest part of this path that exists stands: its value, or its key where the value begins on a later line. */
      placeOf(path: readonly PropertyKey[]): YamlPlace;
    }
  | { readonly ok: false; readonly faults: readonly YamlFault[] };

/**
 * Reads one YAML 1.2 document without what makes a file say something else than it shows: no key twice, no alias (one
 * line can stand for a million), no tag or directive that the reader does not know. Never throws.
 * @param text of a size that the caller has limited
 */
export function readYaml(text: string): YamlRead {
  try {
    return read(text);
  } catch (cause) {
    // The parser recurses; brackets nested ten thousand deep end the stack.
    if (!(cause instanceof RangeError)) throw cause;
    return refused({ offset: 0, line: 1, column: 1 }, TOO_DEEP);
  }
}

const TOO_DEEP = 'The file is nested too deeply.';

function read(text: string): YamlRead {
  const lines = new LineCounter();
  const placeAt = (offset: number): YamlPlace => {
    const { line, col } = lines.linePos(offset);
    return { offset, line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, strict: true, uniqueKeys: true });
  const broken = [...document.errors, ...document.warnings];
  if (broken.length > 0)
    return {
      ok: false,
      faults: broken.map((error) => ({ place: placeAt(error.pos[0]), message: sentence(error.message) })),
    };
  const alias = aliasOffset(document);
  if (alias !== null) return refused(placeAt(alias), 'YAML aliases are not accepted; write the value out.');
  return { ok: true, value: document.toJS(), placeOf: (path) => placeAt(offsetOf(document, lines, path)) };
}

function refused(place: YamlPlace, message: string): YamlRead {
  return { ok: false, faults: [{ place, message }] };
}

function aliasOffset(document: Document): number | null {
  let found: number | null = null;
  visit(document, {
    Alias(_key, node) {
      found = node.range?.[0] ?? 0;
      return visit.BREAK;
    },
  });
  return found;
}

function offsetOf(document: Document, lines: LineCounter, path: readonly PropertyKey[]): number {
  for (let depth = path.length; depth > 0; depth -= 1) {
    const parent = document.getIn(path.slice(0, depth - 1), true);
    const last = path[depth - 1];
    const pair = isMap(parent) ? parent.items.find((item) => isScalar(item.key) && item.key.value === last) : undefined;
    const key = startOf(pair?.key);
    const value = startOf(document.getIn(path.slice(0, depth), true));
    if (key === undefined && value === undefined) continue;
    if (key === undefined || value === undefined) return key ?? value ?? 0;
    return lines.linePos(key).line === lines.linePos(value).line ? value : key;
  }
  return 0;
}

function startOf(node: unknown): number | undefined {
  return isNode(node) ? node.range?.[0] : undefined;
}

function sentence(text: string): string {
  const [first = ''] = text.split('\n');
  if (first.includes('call stack')) return TOO_DEEP; // the parser's own words for a RangeError that it caught
  return /[.!?]$/.test(first) ? first : `${first}.`;
}
