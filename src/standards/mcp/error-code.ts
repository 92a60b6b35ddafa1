/** JSON-RPC 2.0 §5.1 and the codes MCP adds. */
export const ERROR_CODE = {
  parse: -32700,
  invalid_request: -32600,
  method_not_found: -32601,
  invalid_params: -32602,
  internal: -32603,
  /** Legacy only; a modern server answers `invalid_params`. */
  resource_not_found: -32002,
  /** Modern: a header is missing, malformed or not equal to the body. HTTP 400. */
  header_mismatch: -32020,
  /** Modern: `data.requiredCapabilities` tells which capability the request had to declare. HTTP 400. */
  missing_client_capability: -32021,
  /** Modern: `data` is `{ supported: string[], requested: string }`. HTTP 400. */
  unsupported_protocol_version: -32022,
  /** Legacy 2025-11-25: `data.elicitations` lists URL elicitations to go through first. */
  url_elicitation_required: -32042,
} as const;

/** The HTTP status of an error a modern endpoint itself produced; a handler's error travels with 200. */
export function httpStatusOf(code: number): number {
  switch (code) {
    case ERROR_CODE.parse:
    case ERROR_CODE.invalid_request:
    case ERROR_CODE.header_mismatch:
    case ERROR_CODE.missing_client_capability:
    case ERROR_CODE.unsupported_protocol_version:
      return 400;
    case ERROR_CODE.method_not_found:
      return 404;
    default:
      return 200;
  }
}
