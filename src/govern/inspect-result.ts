import { isJsonObject, type Json, type JsonObject } from '../core/json.ts';
import { REDACTED, redactOwnBearers, SECRET_VALUE_CHARS_MIN } from '../core/redaction.ts';
import type { UpstreamAnswer } from '../ports/upstream.ts';
import { isRawNumber } from '../standards/strict-json/raw-number.ts';

/** What a server answered: a result, or a JSON-RPC error. */
export type Answer = Extract<UpstreamAnswer, { kind: 'result' | 'error' }>;

/**
 * What is released of an upstream's answer: the secrets that the server was started with never come back through it, no
 * bearer of ours does, and no server can speak in Mandate's name.
 * @param secrets values of the server's own environment and credentials
 */
export function inspectResult(answer: Answer, secrets: readonly string[]): Answer {
  const clean = cleaner(secrets);
  if (answer.kind === 'result') return { ...answer, result: withoutOurMeta(clean.object(answer.result)) };
  const { code, message, data } = answer.error;
  const error = { code, message: clean.text(message), ...(data === undefined ? {} : { data: clean.value(data) }) };
  return { ...answer, error: { ...error, ...withoutOurData(error.data) } };
}

/** The same of what a server says while it works: progress and log messages. */
export function inspectNotification(params: JsonObject, secrets: readonly string[]): JsonObject {
  return withoutOurMeta(cleaner(secrets).object(params));
}

interface Cleaner {
  text(value: string): string;
  value(value: Json): Json;
  object(value: JsonObject): JsonObject;
}

function cleaner(secrets: readonly string[]): Cleaner {
  const hidden = secrets.filter((secret) => secret.length >= SECRET_VALUE_CHARS_MIN);
  const text = (value: string): string => {
    let clean = redactOwnBearers(value);
    for (const secret of hidden) clean = clean.replaceAll(secret, REDACTED);
    return clean;
  };
  const value = (given: Json): Json => {
    if (typeof given === 'string') return text(given);
    if (Array.isArray(given)) return (given as readonly Json[]).map(value); // isArray does not narrow readonly arrays
    return isJsonObject(given) ? object(given) : given;
  };
  const object = (given: JsonObject): JsonObject => {
    if (isRawNumber(given)) return given;
    return Object.fromEntries(Object.entries(given).map(([key, member]) => [text(key), value(member)]));
  };
  return { text, value, object };
}

/** `_meta` keys under our own prefix are ours to set, whatever a server sends. */
function withoutOurMeta(result: JsonObject): JsonObject {
  const meta = result['_meta'];
  if (!isJsonObject(meta) || !Object.keys(meta).some(isOurs)) return result;
  return { ...result, _meta: Object.fromEntries(Object.entries(meta).filter(([key]) => !isOurs(key))) };
}

/** The same in the data of an error, which is where it carries what `_meta` carries in a result. */
function withoutOurData(data: Json | undefined): { readonly data?: Json } {
  if (data === undefined || !isJsonObject(data) || isRawNumber(data)) return data === undefined ? {} : { data };
  return { data: Object.fromEntries(Object.entries(data).filter(([key]) => !isOurs(key))) };
}

function isOurs(key: string): boolean {
  const folded = key.normalize('NFKC').toLowerCase();
  return folded === 'dev.mandate' || folded.startsWith('dev.mandate/');
}
