import { DEPTH_CEILING } from './limits.ts';
import type { ResultJson } from './parse-strict.ts';
import { isRawNumber } from './raw-number.ts';

/**
 * The one form in which a parsed value is forwarded, the same text that `JSON.stringify` gives: no white
 * space, members in the order they were read (integer-like keys first, as the language orders them),
 * shortest numbers, raw numbers as their literal. `parse(write(x))` equals `x`, and writing that again
 * gives the same text.
 *
 * @throws TypeError for what no reader could read back as the same value: undefined, functions, class
 * instances, NaN, infinities, -0, unsafe integers, lone surrogates, keys that reach a prototype, NUL in
 * a key. Callers pass parsed values, so this is a programmer's error and not an expected outcome.
 */
export function writeStrictJson(value: ResultJson): string {
  return write(value, 0);
}

// JSON.stringify would drop or change what it cannot write, so each value is looked at; writing in the
// same walk costs less than looking first.
function write(value: unknown, depth: number): string {
  switch (typeof value) {
    case 'string':
      return writeString(value);
    case 'number':
      if (Math.abs(value) <= Number.MAX_SAFE_INTEGER && !Object.is(value, -0)) return String(value);
      throw new TypeError('strict JSON cannot hold NaN, -0 or a number beyond ±(2^53-1)');
    case 'boolean':
      return value ? 'true' : 'false';
    case 'object':
      if (value === null) return 'null';
      if (depth >= DEPTH_CEILING) throw new TypeError('strict JSON cannot be nested this deeply, or has a cycle');
      if (Array.isArray(value)) return writeArray(value, depth + 1);
      return isRawNumber(value) ? value.rawJSON : writeObject(value, depth + 1);
    case 'bigint':
    case 'function':
    case 'symbol':
    case 'undefined':
      throw new TypeError(`strict JSON cannot hold a value of type ${typeof value}`);
  }
}

function writeArray(array: readonly unknown[], depth: number): string {
  let text = '';
  // An index loop: it also meets holes, which map would pass over.
  for (let i = 0; i < array.length; i += 1) {
    if (i > 0) text += ',';
    text += write(array[i], depth);
  }
  return `[${text}]`;
}

function writeObject(object: object, depth: number): string {
  const prototype: unknown = Object.getPrototypeOf(object);
  if (prototype !== null && prototype !== Object.prototype) throw new TypeError('strict JSON holds plain objects only');
  // Only own enumerable keys are read, and each value is checked by write().
  const members = object as Readonly<Record<string, unknown>>;
  let text = '';
  for (const key of Object.keys(members)) {
    if (key === '__proto__' || key === 'constructor' || key === 'prototype') {
      throw new TypeError('strict JSON cannot hold a key named __proto__, constructor or prototype');
    }
    if (key.includes('\0')) throw new TypeError('strict JSON cannot hold a key with NUL');
    if (text !== '') text += ',';
    text += `${writeString(key)}:${write(members[key], depth)}`;
  }
  return `{${text}}`;
}

/** Printable ASCII except quote and backslash, which most strings consist of, needs no escape. */
const PLAIN = /^[ !#-[\]-~]*$/;

function writeString(text: string): string {
  if (PLAIN.test(text)) return `"${text}"`;
  if (!text.isWellFormed()) throw new TypeError('strict JSON cannot hold a lone surrogate');
  return JSON.stringify(text);
}
