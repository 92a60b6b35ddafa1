import type { IncomingHttpHeaders } from 'node:http';
import type { JsonObject } from '../../core/json.ts';
import { ERROR_CODE } from '../../standards/mcp/error-code.ts';
import { decodeHeaderValue, HEADER, nameHeaderSource, nameHeaderValue } from '../../standards/mcp/header.ts';
import { isObject, type McpNotification, type McpRequest } from '../../standards/mcp/message.ts';
import { META } from '../../standards/mcp/meta-key.ts';
import { eraOf, LEGACY_REVISIONS, MODERN_REVISIONS } from '../../standards/mcp/revision.ts';
import type { ResultJsonObject } from '../../standards/strict-json/parse-strict.ts';
import type { Refusal } from './refusal.ts';

/** Which era a message belongs to, with what a modern one says in its envelope. */
export type Spoken =
  | {
      readonly era: 'modern';
      readonly revision: string;
      readonly capabilities: ResultJsonObject;
      readonly clientInfo: ResultJsonObject | undefined;
    }
  /** `revision` is what the header says, for comparison with the session's. */
  | { readonly era: 'legacy'; readonly revision: string | undefined };

export type Reading =
  | { readonly ok: true; readonly spoken: Spoken }
  | { readonly ok: false; readonly refusal: Refusal };

/**
 * The era of a message. The body decides; the headers must say the same, because whoever routed or filtered the request
 * on the way has read only them.
 */
export function readSpoken(message: McpRequest | McpNotification, headers: IncomingHttpHeaders): Reading {
  const asked = message.kind === 'request' ? { id: message.id } : {};
  const refuse = (code: number, text: string, data?: JsonObject): Reading => ({
    ok: false,
    refusal: { status: 400, code, message: text, ...asked, ...(data === undefined ? {} : { data }) },
  });
  const said = {
    revision: headerOf(headers, HEADER.protocolVersion),
    method: headerOf(headers, HEADER.method),
    name: headerOf(headers, HEADER.name),
  };
  if (said.method !== undefined && said.method !== message.method) {
    return refuse(ERROR_CODE.header_mismatch, 'The Mcp-Method header is not the method of the body.');
  }
  const nameFault = nameMismatch(message, said.name);
  if (nameFault !== null) return refuse(ERROR_CODE.header_mismatch, nameFault);

  const given = message.params?.['_meta'];
  const meta = isObject(given) ? given : undefined;
  if (given !== undefined && meta === undefined)
    return refuse(ERROR_CODE.invalid_params, 'The member _meta must be an object.');
  const claimed = meta?.[META.protocolVersion];
  const saysModern = said.revision !== undefined && eraOf(said.revision) === 'modern';

  if (claimed === undefined) {
    if (said.revision !== undefined && eraOf(said.revision) === undefined) {
      return refuse(ERROR_CODE.unsupported_protocol_version, 'This protocol version is not spoken here.', {
        supported: [...MODERN_REVISIONS, ...LEGACY_REVISIONS],
        requested: said.revision.slice(0, 64),
      });
    }
    if (!saysModern) return { ok: true, spoken: { era: 'legacy', revision: said.revision } };
    if (message.method === 'initialize') {
      return refuse(ERROR_CODE.header_mismatch, 'initialize is not a method of the protocol version in the header.');
    }
    if (message.kind === 'notification' && said.revision !== undefined) {
      return { ok: true, spoken: { era: 'modern', revision: said.revision, capabilities: {}, clientInfo: undefined } };
    }
    return refuse(
      ERROR_CODE.invalid_params,
      `The header names a protocol version whose requests carry ${META.protocolVersion} in _meta.`,
    );
  }

  if (typeof claimed !== 'string') return refuse(ERROR_CODE.invalid_params, `${META.protocolVersion} must be a text.`);
  if (said.revision !== undefined && said.revision !== claimed) {
    return refuse(ERROR_CODE.header_mismatch, 'The MCP-Protocol-Version header is not the version of the body.');
  }
  if (!MODERN_REVISIONS.includes(claimed)) {
    return refuse(ERROR_CODE.unsupported_protocol_version, 'This protocol version is not spoken here.', {
      supported: MODERN_REVISIONS,
      requested: claimed.slice(0, 64),
    });
  }
  const capabilities = meta?.[META.clientCapabilities];
  const clientInfo = meta?.[META.clientInfo];
  if (message.kind === 'request' && !isObject(capabilities)) {
    return refuse(ERROR_CODE.invalid_params, `${META.clientCapabilities} must be an object.`);
  }
  if (clientInfo !== undefined && !isObject(clientInfo)) {
    return refuse(ERROR_CODE.invalid_params, `${META.clientInfo} must be an object.`);
  }
  if (message.kind === 'request') {
    // 2026-07-28, Streamable HTTP: every request repeats version and method, and the name where it has one.
    if (said.revision === undefined)
      return refuse(ERROR_CODE.header_mismatch, 'The MCP-Protocol-Version header is missing.');
    if (said.method === undefined) return refuse(ERROR_CODE.header_mismatch, 'The Mcp-Method header is missing.');
    if (said.name === undefined && nameHeaderValue(message.method, message.params) !== undefined) {
      return refuse(ERROR_CODE.header_mismatch, 'The Mcp-Name header is missing.');
    }
  }
  return {
    ok: true,
    spoken: { era: 'modern', revision: claimed, capabilities: isObject(capabilities) ? capabilities : {}, clientInfo },
  };
}

/** A header by its written name; node keeps them in lower case. Repeated ones were refused with the head. */
export function headerOf(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name.toLowerCase()];
  return typeof value === 'string' ? value : undefined;
}

function nameMismatch(message: McpRequest | McpNotification, header: string | undefined): string | null {
  if (header === undefined || nameHeaderSource(message.method) === undefined) return null;
  const decoded = decodeHeaderValue(header);
  if (decoded === undefined) return 'The Mcp-Name header is not well encoded.';
  const name = nameHeaderValue(message.method, message.params);
  return name === undefined || name === decoded ? null : 'The Mcp-Name header is not the name of the body.';
}
