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

/** Texts, numbers, flags and the items of lists together. */
export const ARGUMENT_VALUES_MAX = 512;
export const ARGUMENT_PATH_CHARS_MAX = 256;
export const ARGUMENT_TEXT_BYTES_MAX = 8192;
export const ARGUMENT_DEPTH_MAX = 16;
/** All texts together. */
export const ARGUMENTS_BYTES_MAX = 262_144;
export const UNREPRESENTABLE_NAMES_MAX = 64;

/**
 * Lays the arguments out flat. Nothing is left out silently: what has no exact form here (a fraction, an integer beyond
 * 2^53, a text that is too long, a key that would make two paths alike) is named, so that a policy can refuse it.
 * Nulls are absent.
 */
export function layOutArguments(given: JsonObject): PolicyArguments {
  // Without a prototype, so that a key such as `__proto__` is a key like any other.
  const laid = {
    texts: bare<string>(),
    numbers: bare<number>(),
    flags: bare<boolean>(),
    lists: bare<readonly string[]>(),
  };
  const left = new Set<string>();
  let values = 0;
  let bytes = 0;

  const leaveOut = (path: string): void => {
    const nameable =
      path.length <= ARGUMENT_PATH_CHARS_MAX && path.isWellFormed() && left.size < UNREPRESENTABLE_NAMES_MAX - 1;
    left.add(nameable ? path : '*');
  };
  /** Whether there is room for these texts; counts them when there is. */
  const admit = (count: number, texts: readonly string[]): boolean => {
    const sizes = texts.map(textBytes);
    const total = sizes.reduce((sum, size) => sum + size, 0);
    if (sizes.some((size) => size > ARGUMENT_TEXT_BYTES_MAX) || bytes + total > ARGUMENTS_BYTES_MAX) return false;
    if (values + count > ARGUMENT_VALUES_MAX) return false;
    values += count;
    bytes += total;
    return true;
  };
  const lay = (path: string, value: Json, depth: number): void => {
    if (value === null) return;
    if (isRawNumber(value) || depth > ARGUMENT_DEPTH_MAX || path.length > ARGUMENT_PATH_CHARS_MAX) {
      leaveOut(path);
    } else if (isTextArray(value)) {
      if (admit(value.length + 1, value)) laid.lists[path] = [...new Set(value)].sort();
      else leaveOut(path);
    } else if (isArray(value)) {
      for (const [index, item] of value.entries()) lay(`${path}.${index}`, item, depth + 1);
    } else if (typeof value === 'object') {
      for (const [key, member] of Object.entries(value)) {
        const inner = path === '' ? key : `${path}.${key}`;
        // `{"a.b": 1}` and `{"a": {"b": 1}}` would have one path; so would the index of an array and such a key.
        if (key === '' || key.includes('.') || /^\d+$/.test(key) || !key.isWellFormed()) leaveOut(inner);
        else lay(inner, member, depth + 1);
      }
    } else if (!admit(1, typeof value === 'string' ? [value] : [])) {
      leaveOut(path);
    } else if (typeof value === 'string') {
      laid.texts[path] = value;
    } else if (typeof value === 'boolean') {
      laid.flags[path] = value;
    } else if (Number.isSafeInteger(value)) {
      laid.numbers[path] = value === 0 ? 0 : value; // no -0
    } else {
      leaveOut(path);
    }
  };

  lay('', given, 0);
  return { ...laid, unrepresentable: [...left].sort() };
}

/** In UTF-8; infinite for a text that has no UTF-8 form. */
function textBytes(text: string): number {
  return text.isWellFormed() ? Buffer.byteLength(text, 'utf8') : Infinity;
}

function bare<T>(): Record<string, T> {
  return Object.create(null) as Record<string, T>; // an object without members is a record of anything
}

// Array.isArray does not narrow readonly arrays out of a union.
function isArray(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

function isTextArray(value: Json): value is readonly string[] {
  return isArray(value) && value.every((item) => typeof item === 'string');
}
