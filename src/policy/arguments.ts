import type { Json, JsonObject } from '../core/json.ts';
import { isRawNumber } from '../standards/strict-json/raw-number.ts';

/** The arguments of a call as a policy can read them, each by its dotted path. */
export interface PolicyArguments {
  readonly texts: Readonly<Record<string, string>>;
  readonly numbers: Readonly<Record<string, number>>;
  readonly flags: Readonly<Record<string, boolean>>;
  readonly lists: Readonly<Record<string, readonly string[]>>;
  /** Paths of what is left out, sorted; `*` when more was left out than is named. */
  readonly unrepresentable: readonly string[];
}

export const ARGUMENT_PATHS_MAX = 256;
export const ARGUMENT_PATH_CHARS_MAX = 256;
export const ARGUMENT_TEXT_BYTES_MAX = 8192;
export const ARGUMENT_DEPTH_MAX = 16;
export const LIST_ITEMS_MAX = 256;
export const UNREPRESENTABLE_NAMES_MAX = 64;

/**
 * Lays the arguments out flat. Nothing is left out silently: what has no exact form here (a fraction, an integer beyond
 * 2^53, a text that is too long, a key that would make two paths alike) is named, so that a policy can refuse it.
 * Nulls are absent.
 */
export function layOutArguments(given: JsonObject): PolicyArguments {
  // Without a prototype, so that a key such as `__proto__` is a key like any other.
  const laid = { texts: bare<string>(), numbers: bare<number>(), flags: bare<boolean>(), lists: bare<readonly string[]>() };
  const left = new Set<string>();
  let paths = 0;

  const leaveOut = (path: string): void => {
    if (left.has(path)) return;
    const nameable = path.length <= ARGUMENT_PATH_CHARS_MAX && path.isWellFormed() && left.size < UNREPRESENTABLE_NAMES_MAX - 1;
    left.add(nameable ? path : '*');
  };
  const lay = (path: string, value: Json, depth: number): void => {
    if (value === null) return;
    if (isRawNumber(value) || depth > ARGUMENT_DEPTH_MAX || path.length > ARGUMENT_PATH_CHARS_MAX || paths >= ARGUMENT_PATHS_MAX) {
      leaveOut(path);
      return;
    }
    if (isArray(value)) {
      layArray(path, value, depth);
      return;
    }
    if (typeof value === 'object') {
      for (const [key, member] of Object.entries(value)) {
        const inner = path === '' ? key : `${path}.${key}`;
        // `{"a.b": 1}` and `{"a": {"b": 1}}` would have one path; so would the index of an array and such a key.
        if (key === '' || key.includes('.') || /^\d+$/.test(key) || !key.isWellFormed()) leaveOut(inner);
        else lay(inner, member, depth + 1);
      }
      return;
    }
    paths += 1;
    if (typeof value === 'boolean') laid.flags[path] = value;
    else if (typeof value === 'number' && Number.isSafeInteger(value)) laid.numbers[path] = value === 0 ? 0 : value; // no -0
    else if (typeof value === 'string' && fits(value)) laid.texts[path] = value;
    else leaveOut(path);
  };
  const layArray = (path: string, items: readonly Json[], depth: number): void => {
    if (items.length > LIST_ITEMS_MAX) {
      leaveOut(path);
      return;
    }
    if (items.every((item) => typeof item === 'string' && fits(item))) {
      paths += 1;
      laid.lists[path] = [...new Set(items as readonly string[])].sort(); // checked on the line above
    }
    for (const [index, item] of items.entries()) lay(`${path}.${index}`, item, depth + 1);
  };

  lay('', given, 0);
  return { ...laid, unrepresentable: [...left].sort() };
}

function fits(text: string): boolean {
  return text.isWellFormed() && (text.length * 3 <= ARGUMENT_TEXT_BYTES_MAX || Buffer.byteLength(text, 'utf8') <= ARGUMENT_TEXT_BYTES_MAX);
}

function bare<T>(): Record<string, T> {
  return Object.create(null) as Record<string, T>; // an object without members is a record of anything
}

// Array.isArray does not narrow readonly arrays out of a union.
function isArray(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}
