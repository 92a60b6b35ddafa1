import type { JsonObject } from '../../core/json.ts';
import type { RequestId } from '../../standards/mcp/message.ts';

/**
 * A request that is answered without becoming an action: the HTTP status, and the JSON-RPC error that is its body.
 * Never holds anything of the request but its id.
 */
export interface Refusal {
  readonly status: number;
  readonly code: number;
  readonly message: string;
  readonly data?: JsonObject;
  readonly id?: RequestId;
  readonly headers?: Readonly<Record<string, string>>;
}

/** JSON-RPC 2.0 §5.1 leaves -32000 to -32099 to the implementation: what is wrong is the HTTP request. */
const HTTP_FAULT = -32_000;

/** A refusal of the HTTP request itself. @param code the error code of Mandate that a program can compare */
export function httpRefusal(
  status: number,
  code: string,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): Refusal {
  return { status, code: HTTP_FAULT, message, data: { code }, headers };
}
