import { refuseAt, type Cursor, type NumberMode } from './cursor.ts';
import { DEPTH_CEILING, STRICT_JSON_LIMITS, type StrictJsonLimits } from './limits.ts';
import type { RawNumber } from './raw-number.ts';
import { readNumber } from './read-number.ts';
import { readString } from './read-string.ts';
import { readText } from './read-text.ts';
import { refusal, type StrictJsonRefusal } from './refusal.ts';

/** A parsed request value. Objects have a null prototype; nothing in it is shared or frozen. */
export type StrictJson = null | boolean | number | string | readonly StrictJson[] | StrictJsonObject;
export type StrictJsonObject = { readonly [key: string]: StrictJson };

/** A parsed result value: as {@link StrictJson}, and numbers a double cannot hold are kept as {@link RawNumber}. */
export type ResultJson = null | boolean | number | string | readonly ResultJson[] | ResultJsonObject | RawNumber;
export type ResultJsonObject = { readonly [key: string]: ResultJson };

/**
 * Reads one JSON text (RFC 8259) that every reader understands the same way, or refuses it.
 *
 * Refused beside wrong syntax: invalid UTF-8, a byte order mark, duplicate keys at any depth (compared
 * after unescaping), keys that reach a prototype, NUL in a key, lone surrogates, numbers beyond ±(2^53-1),
 * numbers a double cannot repeat, -0, and anything over a limit. Never throws on any input.
 *
 * One reading both judges and builds the value, so there is no second parser that could disagree.
 */
export function parseStrictJson(
  bytes: Uint8Array,
  limits: StrictJsonLimits = STRICT_JSON_LIMITS,
): { readonly ok: true; readonly value: StrictJson } | StrictJsonRefusal {
  const read = parse(bytes, limits, 'refuse');
  // In mode 'refuse' readNumber never makes a RawNumber, which is all that ResultJson has beyond StrictJson.
  return read as { readonly ok: true; readonly value: StrictJson } | StrictJsonRefusal;
}

/**
 * As {@link parseStrictJson}, for what an upstream answered: a finite number that a double cannot hold
 * exactly (beyond ±(2^53-1), too many digits, -0) is kept as the literal the upstream wrote, and
 * `writeStrictJson` writes it back unchanged.
 */
export function parseStrictResult(
  bytes: Uint8Array,
  limits: StrictJsonLimits = STRICT_JSON_LIMITS,
): { readonly ok: true; readonly value: ResultJson } | StrictJsonRefusal {
  return parse(bytes, limits, 'keep-literal');
}

function parse(
  bytes: Uint8Array,
  limits: StrictJsonLimits,
  numbers: NumberMode,
): { readonly ok: true; readonly value: ResultJson } | StrictJsonRefusal {
  const text = readText(bytes, limits.bytes_max);
  if (typeof text !== 'string') return text;

  const cursor: Cursor = { text, at: 0, nodes: 0, limits, numbers, refusal: undefined };
  skipSpace(cursor);
  const value = readValue(cursor, 0);
  if (value === undefined) return refusalOf(cursor);

  skipSpace(cursor);
  if (cursor.at !== text.length) {
    refuseAt(cursor, 'trailing_data', cursor.at);
    return refusalOf(cursor);
  }
  return { ok: true, value };
}

/** Reads the value at the cursor; `undefined` means the cursor now holds a refusal. */
function readValue(cursor: Cursor, depth: number): ResultJson | undefined {
  cursor.nodes += 1;
  if (cursor.nodes > cursor.limits.nodes_max) return refuseAt(cursor, 'too_many_nodes', cursor.at);

  switch (cursor.text.charCodeAt(cursor.at)) {
    case 0x22: // "
      return readString(cursor);
    case 0x7b: // {
      return readObject(cursor, depth + 1);
    case 0x5b: // [
      return readArray(cursor, depth + 1);
    case 0x74: // t
      return readWord(cursor, 'true', true);
    case 0x66: // f
      return readWord(cursor, 'false', false);
    case 0x6e: // n
      return readWord(cursor, 'null', null);
  }
  return readNumber(cursor);
}

function readObject(cursor: Cursor, depth: number): ResultJsonObject | undefined {
  if (depth > cursor.limits.depth_max || depth > DEPTH_CEILING) return refuseAt(cursor, 'too_deep', cursor.at);
  const { text } = cursor;
  // Null prototype: no key can reach Object.prototype, and `object[key]` finds only what was written here.
  const object: Record<string, ResultJson> = { __proto__: null } as never; // the literal's type does not show its prototype
  cursor.at += 1;
  skipSpace(cursor);
  if (text.charCodeAt(cursor.at) === 0x7d) {
    cursor.at += 1;
    return object;
  }
  for (;;) {
    const keyAt = cursor.at;
    if (text.charCodeAt(keyAt) !== 0x22) return refuseAt(cursor, 'syntax', keyAt);
    const key = readString(cursor);
    if (key === undefined) return undefined;
    if (key === '__proto__' || key === 'constructor' || key === 'prototype') {
      return refuseAt(cursor, 'forbidden_key', keyAt);
    }
    if (key.includes('\0')) return refuseAt(cursor, 'nul_in_key', keyAt);
    if (object[key] !== undefined) return refuseAt(cursor, 'duplicate_key', keyAt);

    skipSpace(cursor);
    if (text.charCodeAt(cursor.at) !== 0x3a) return refuseAt(cursor, 'syntax', cursor.at);
    cursor.at += 1;
    skipSpace(cursor);
    const value = readValue(cursor, depth);
    if (value === undefined) return undefined;
    object[key] = value;

    skipSpace(cursor);
    const next = text.charCodeAt(cursor.at);
    if (next === 0x7d) {
      cursor.at += 1;
      return object;
    }
    if (next !== 0x2c) return refuseAt(cursor, 'syntax', cursor.at);
    cursor.at += 1;
    skipSpace(cursor);
  }
}

function readArray(cursor: Cursor, depth: number): readonly ResultJson[] | undefined {
  if (depth > cursor.limits.depth_max || depth > DEPTH_CEILING) return refuseAt(cursor, 'too_deep', cursor.at);
  const { text } = cursor;
  const array: ResultJson[] = [];
  cursor.at += 1;
  skipSpace(cursor);
  if (text.charCodeAt(cursor.at) === 0x5d) {
    cursor.at += 1;
    return array;
  }
  for (;;) {
    const value = readValue(cursor, depth);
    if (value === undefined) return undefined;
    array.push(value);

    skipSpace(cursor);
    const next = text.charCodeAt(cursor.at);
    if (next === 0x5d) {
      cursor.at += 1;
      return array;
    }
    if (next !== 0x2c) return refuseAt(cursor, 'syntax', cursor.at);
    cursor.at += 1;
    skipSpace(cursor);
  }
}

function readWord<W extends boolean | null>(cursor: Cursor, word: string, value: W): W | undefined {
  if (!cursor.text.startsWith(word, cursor.at)) return refuseAt(cursor, 'syntax', cursor.at);
  cursor.at += word.length;
  return value;
}

/** RFC 8259 §2: white space is exactly space, tab, line feed and carriage return. */
function skipSpace(cursor: Cursor): void {
  for (;;) {
    const code = cursor.text.charCodeAt(cursor.at);
    if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return;
    cursor.at += 1;
  }
}

function refusalOf(cursor: Cursor): StrictJsonRefusal {
  // INVARIANT: a reader returns undefined only after refuseAt. Were it ever broken, this still refuses.
  return cursor.refusal ?? refusal('syntax', 0);
}
