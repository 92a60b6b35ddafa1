import { ERROR_CODE } from '../../standards/mcp/error-code.ts';
import {
  ENVELOPE_KEYS,
  isObject,
  isRequestId,
  readMessage as readEnvelope,
  type McpMessage,
} from '../../standards/mcp/message.ts';
import { META } from '../../standards/mcp/meta-key.ts';
import { findKeyVariant } from '../../standards/strict-json/find-key-variant.ts';
import { parseStrictJson, type StrictJson } from '../../standards/strict-json/parse-strict.ts';
import type { McpLimits } from './limits.ts';
import type { Refusal } from './refusal.ts';

/**
 * One message from the bytes of a body, read once and in one way. A key that a careless reader would take for a key of
 * the protocol is refused where the protocol has keys: in the envelope, in params and in `_meta`.
 */
export function readMessage(
  bytes: Uint8Array,
  limits: Pick<McpLimits, 'body_bytes_max'>,
): { readonly ok: true; readonly message: McpMessage } | { readonly ok: false; readonly refusal: Refusal } {
  const parsed = parseStrictJson(bytes, {
    bytes_max: limits.body_bytes_max,
    depth_max: DEPTH_MAX,
    nodes_max: NODES_MAX,
  });
  if (!parsed.ok) {
    const status = parsed.code === 'body_too_large' ? 413 : 400;
    return refuse(status, ERROR_CODE.parse, parsed.message, undefined);
  }
  const message = readEnvelope(parsed.value);
  if (message.kind === 'refused') return refuse(400, ERROR_CODE.invalid_request, message.why, parsed.value);
  if (hasVariant(parsed.value)) {
    return refuse(
      400,
      ERROR_CODE.invalid_request,
      'A key is a variant of one that the protocol defines.',
      parsed.value,
    );
  }
  return { ok: true, message };
}

/** A policy engine was measured to throw at depth 1,000; no tool call needs more than a few levels. */
const DEPTH_MAX = 32;
/** Values in one message: what a megabyte of ordinary arguments holds, and not what one of commas does. */
const NODES_MAX = 100_000;

/** Members of `params` that some method of either era defines. */
const PARAMS_KEYS: ReadonlySet<string> = new Set([
  '_meta',
  'name',
  'arguments',
  'cursor',
  'uri',
  'ref',
  'argument',
  'context',
  'level',
  'requestId',
  'reason',
  'progressToken',
  'progress',
  'total',
  'message',
  'protocolVersion',
  'capabilities',
  'clientInfo',
  'inputResponses',
  'requestState',
  'notifications',
  'task',
  'taskId',
]);
const META_KEYS: ReadonlySet<string> = new Set(Object.values(META));

/** Arguments have a schema of their own and may well have a key `Name`; see argument-faults.ts. */
function hasVariant(value: StrictJson): boolean {
  if (!isObject(value)) return false;
  if (findKeyVariant(value, ENVELOPE_KEYS, 1) !== undefined) return true;
  const params = value['params'];
  if (!isObject(params)) return false;
  if (findKeyVariant(params, PARAMS_KEYS, 1) !== undefined) return true;
  const meta = params['_meta'];
  return isObject(meta) && findKeyVariant(meta, META_KEYS, 1) !== undefined;
}

/** The id is given back where it could be read, so that a client can tell which of its requests was refused. */
function refuse(status: number, code: number, message: string, value: StrictJson | undefined) {
  const id = isObject(value) ? value['id'] : undefined;
  return { ok: false, refusal: { status, code, message, ...(isRequestId(id) ? { id } : {}) } } as const;
}
