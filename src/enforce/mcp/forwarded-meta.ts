import type { TaskId } from '../../core/ids.ts';
import type { Json, JsonObject } from '../../core/json.ts';
import { isObject } from '../../standards/mcp/message.ts';
import { META } from '../../standards/mcp/meta-key.ts';
import type { ResultJsonObject } from '../../standards/strict-json/parse-strict.ts';

/** W3C Trace Context §3.2.2: version, trace id, parent id, flags. */
const TRACEPARENT = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;

/**
 * `_meta` for the server: the trace id where it is well formed, and our task. Nothing else of the client's goes on: an
 * approver sees the parameters, so no other words of an agent may travel beside them (`tracestate` could hold any).
 */
export function forwardedMeta(params: ResultJsonObject | undefined, task: TaskId | null): JsonObject {
  const given = params?.['_meta'];
  const meta = isObject(given) ? given : {};
  const traceparent = meta[META.traceparent];
  const forwarded: Record<string, Json> = {};
  if (task !== null) forwarded['dev.mandate/task'] = task;
  if (typeof traceparent !== 'string' || !TRACEPARENT.test(traceparent)) return forwarded;
  forwarded[META.traceparent] = traceparent;
  return forwarded;
}

/** The token under which the client wants progress; undefined when it wants none. */
export function progressTokenOf(params: ResultJsonObject | undefined): string | number | undefined {
  const meta = params?.['_meta'];
  const token = isObject(meta) ? meta[META.progressToken] : undefined;
  if (typeof token === 'string') return token.length <= PROGRESS_TOKEN_CHARS_MAX ? token : undefined;
  return typeof token === 'number' && Number.isSafeInteger(token) ? token : undefined;
}

const PROGRESS_TOKEN_CHARS_MAX = 256;
