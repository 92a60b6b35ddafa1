import { MandateError } from '../core/errors.ts';
import { isJsonObject, type Json, type JsonObject } from '../core/json.ts';

/** A member of an answer by its path (`owners.business.human`) as text for a table; empty when it is absent. */
export function field(value: JsonObject, path: string): string {
  let at: Json | undefined = value;
  for (const key of path.split('.')) at = isJsonObject(at) ? at[key] : undefined;
  return textOf(at);
}

/** The items of a list in an answer as texts. */
export function texts(value: JsonObject, path: string): readonly string[] {
  let at: Json | undefined = value;
  for (const key of path.split('.')) at = isJsonObject(at) ? at[key] : undefined;
  return Array.isArray(at) ? (at as readonly Json[]).map(textOf) : []; // isArray does not narrow readonly arrays
}

/** A member that is an object; empty when it is not. */
export function part(value: JsonObject, key: string): JsonObject {
  const member = value[key];
  return isJsonObject(member) ? member : {};
}

/** The objects of a list. */
export function parts(value: JsonObject, key: string): readonly JsonObject[] {
  const member = value[key];
  return Array.isArray(member) ? (member as readonly Json[]).filter(isJsonObject) : []; // as above
}

/** A member without which the command cannot go on. @throws upstream.protocol */
export function needed(value: JsonObject, key: string): string {
  const member = value[key];
  if (typeof member === 'string' && member !== '') return member;
  throw new MandateError('upstream.protocol', `Mandate's answer lacks ${key}.`);
}

function textOf(value: Json | undefined): string {
  if (value === undefined || value === null) return '';
  if (typeof value === 'string') return value;
  if (typeof value !== 'object') return String(value);
  return Array.isArray(value) ? (value as readonly Json[]).map(textOf).join(', ') : JSON.stringify(value);
}
