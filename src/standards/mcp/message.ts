import type { ResultJson, ResultJsonObject } from '../strict-json/parse-strict.ts';
import { isRawNumber } from '../strict-json/raw-number.ts';

/** JSON-RPC 2.0 as MCP uses it: ids are strings or integers, params an object, no batches. */
export type RequestId = string | number;

export interface McpRequest {
  readonly kind: 'request';
  readonly id: RequestId;
  readonly method: string;
  readonly params: ResultJsonObject | undefined;
}
export interface McpNotification {
  readonly kind: 'notification';
  readonly method: string;
  readonly params: ResultJsonObject | undefined;
}
export interface McpResult {
  readonly kind: 'result';
  readonly id: RequestId;
  readonly result: ResultJsonObject;
}
/** `id` is null when the peer could not read the id it answers. */
export interface McpError {
  readonly kind: 'error';
  readonly id: RequestId | null;
  readonly error: McpErrorBody;
}
export interface McpErrorBody {
  readonly code: number;
  readonly message: string;
  readonly data?: ResultJson;
}
export type McpMessage = McpRequest | McpNotification | McpResult | McpError;

export const REQUEST_ID_CHARS_MAX = 256;
export const METHOD_CHARS_MAX = 128;

/** The members an envelope may have. Anything else is refused: the next reader might take it for one of these. */
export const ENVELOPE_KEYS: ReadonlySet<string> = new Set(['jsonrpc', 'id', 'method', 'params', 'result', 'error']);

/**
 * Reads one parsed value as a message, or tells in one sentence why it is none. Nothing of the value is repeated in the
 * sentence.
 */
export function readMessage(value: ResultJson): McpMessage | { readonly kind: 'refused'; readonly why: string } {
  if (Array.isArray(value)) return refused('Batches are not accepted.');
  if (!isObject(value)) return refused('A message is a JSON object.');
  if (value['jsonrpc'] !== '2.0') return refused('The member jsonrpc must be "2.0".');
  for (const key of Object.keys(value)) {
    if (!ENVELOPE_KEYS.has(key)) return refused('The envelope has a member that JSON-RPC does not define.');
  }
  if (value['method'] !== undefined) return readAsk(value, value['method']);
  return readAnswer(value);
}

function readAsk(value: ResultJsonObject, method: ResultJson): ReturnType<typeof readMessage> {
  if (typeof method !== 'string' || method === '' || method.length > METHOD_CHARS_MAX) {
    return refused('The member method must be a short text.');
  }
  if (value['result'] !== undefined || value['error'] !== undefined) {
    return refused('A message is either a request or an answer, not both.');
  }
  const params = value['params'];
  if (params !== undefined && !isObject(params)) return refused('The member params must be an object.');
  const id = value['id'];
  if (id === undefined) return { kind: 'notification', method, params };
  if (!isRequestId(id)) return refused('The member id must be a short text or a whole number.');
  return { kind: 'request', id, method, params };
}

function readAnswer(value: ResultJsonObject): ReturnType<typeof readMessage> {
  const { id, result, error } = value;
  if (value['params'] !== undefined) return refused('An answer has no params.');
  if ((result === undefined) === (error === undefined)) return refused('An answer has either a result or an error.');
  if (result !== undefined) {
    if (!isRequestId(id)) return refused('The member id must be a short text or a whole number.');
    if (!isObject(result)) return refused('The member result must be an object.');
    return { kind: 'result', id, result };
  }
  if (id !== null && id !== undefined && !isRequestId(id))
    return refused('The member id must be a short text or a whole number.');
  if (!isObject(error)) return refused('The member error must be an object.');
  const { code, message, data } = error;
  if (typeof code !== 'number' || !Number.isSafeInteger(code))
    return refused('The code of an error must be a whole number.');
  if (typeof message !== 'string') return refused('The message of an error must be a text.');
  return { kind: 'error', id: id ?? null, error: { code, message, ...(data === undefined ? {} : { data }) } };
}

/** True for a JSON object; not for null, an array or a raw number. */
export function isObject(value: ResultJson | undefined): value is ResultJsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !isRawNumber(value);
}

export function isRequestId(value: ResultJson | undefined): value is RequestId {
  if (typeof value === 'string') return value.length <= REQUEST_ID_CHARS_MAX;
  return typeof value === 'number' && Number.isSafeInteger(value);
}

function refused(why: string): { readonly kind: 'refused'; readonly why: string } {
  return { kind: 'refused', why };
}
