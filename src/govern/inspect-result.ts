import { isJsonObject, type Json, type JsonObject } from '../core/json.ts';
import { REDACTED, SECRET_VALUE_CHARS_MIN } from '../core/redaction.ts';
import type { UpstreamAnswer } from '../ports/upstream.ts';
import { isRawNumber } from '../standards/strict-json/raw-number.ts';

/** What a client may see of an answer. */
export interface Inspected {
  readonly answer: Extract<UpstreamAnswer, { kind: 'result' | 'error' }>;
  /** How many places held a secret of the server itself. */
  readonly secrets_removed: number;
}

/**
 * What is released of an upstream's answer: the secrets that the server was started with never come back through it, and
 * no server can speak in Mandate's name.
 * @param secrets values of the server's own environment and credentials
 */
export function inspectResult(answer: Inspected['answer'], secrets: readonly string[]): Inspected {
  const hidden = secrets.filter((secret) => secret.length >= SECRET_VALUE_CHARS_MIN);
  let removed = 0;
  const cleanText = (value: string): string => {
    let text = value;
    for (const secret of hidden) {
      if (!text.includes(secret)) continue;
      removed += 1;
      text = text.replaceAll(secret, REDACTED);
    }
    return text;
  };
  const clean = (value: Json): Json => {
    if (typeof value === 'string') return cleanText(value);
    if (Array.isArray(value)) return (value as readonly Json[]).map(clean); // isArray does not narrow readonly arrays
    if (!isJsonObject(value) || isRawNumber(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [cleanText(key), clean(member)]));
  };
  const cleaned = hidden.length === 0 ? answer : cleanAnswer(answer, clean, cleanText);
  if (cleaned.kind === 'error') {
    const error = { ...cleaned.error, ...withoutOurData(cleaned.error.data) };
    return { answer: { ...cleaned, error }, secrets_removed: removed };
  }
  return { answer: { ...cleaned, result: withoutOurMeta(cleaned.result) }, secrets_removed: removed };
}

function cleanAnswer(
  answer: Inspected['answer'],
  clean: (value: Json) => Json,
  cleanText: (text: string) => string,
): Inspected['answer'] {
  if (answer.kind === 'result') return { ...answer, result: clean(answer.result) as JsonObject }; // an object stays an object
  return {
    ...answer,
    error: {
      code: answer.error.code,
      message: cleanText(answer.error.message),
      ...(answer.error.data === undefined ? {} : { data: clean(answer.error.data) }),
    },
  };
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
