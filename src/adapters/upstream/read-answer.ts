import type { MandateError } from '../../core/errors.ts';
import type { JsonObject } from '../../core/json.ts';
import { readMessage, type McpMessage } from '../../standards/mcp/message.ts';
import { parseStrictResult, type ResultJsonObject } from '../../standards/strict-json/parse-strict.ts';
import { offProtocol } from './fault.ts';
import type { UpstreamLimits } from './limits.ts';

/** One message of a server from its bytes, or the fault it is. Nothing of the bytes is repeated in the fault. */
export function readAnswer(bytes: Uint8Array, limits: UpstreamLimits): McpMessage | MandateError {
  const read = parseStrictResult(bytes, {
    bytes_max: limits.answer_bytes_max,
    depth_max: limits.answer_depth_max,
    nodes_max: limits.answer_nodes_max,
  });
  if (!read.ok)
    return offProtocol(`The server answered with JSON that is not accepted: ${read.message}`, { may_have_run: true });
  const message = readMessage(read.value);
  if (message.kind !== 'refused') return message;
  return offProtocol(`The server sent something that is no MCP message: ${message.why}`, { may_have_run: true });
}

/**
 * The same value in core's words. Numbers that a double cannot hold stay raw numbers: core passes them on and
 * `writeStrictJson` writes them unchanged.
 */
export function asJson(value: ResultJsonObject | undefined): JsonObject {
  return (value ?? {}) as JsonObject; // a raw number is the only thing JsonObject does not name, see above
}
