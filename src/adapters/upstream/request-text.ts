import { canonicalJson } from '../../core/canonical-json.ts';
import type { JsonObject } from '../../core/json.ts';
import { ERROR_CODE } from '../../standards/mcp/error-code.ts';
import type { McpRequest } from '../../standards/mcp/message.ts';
import { ENVELOPE_META_KEYS, META } from '../../standards/mcp/meta-key.ts';
import { MODERN_REVISION } from '../../standards/mcp/revision.ts';
import type { Outgoing } from './link.ts';

/**
 * One JSON-RPC request. `params` is put in as it stands, behind `_meta`: what was digested and shown to an approver is
 * what the server reads, byte for byte.
 */
export function requestText(id: number, method: string, params: string, meta: JsonObject): string {
  return `{"jsonrpc":"2.0","id":${id},"method":${JSON.stringify(method)},"params":${withMeta(params, meta)}}`;
}

export function notificationText(method: string, params: JsonObject): string {
  return `{"jsonrpc":"2.0","method":${JSON.stringify(method)},"params":${canonicalJson(params)}}`;
}

function withMeta(params: string, meta: JsonObject): string {
  if (Object.keys(meta).length === 0) return params;
  const rest = params === '{}' ? '}' : `,${params.slice(1)}`;
  return `{"_meta":${canonicalJson(meta)}${rest}`;
}

/** `_meta` of a request: what was asked for, without the keys that are the adapter's, and the adapter's. */
export function metaOf(given: JsonObject, own: JsonObject): JsonObject {
  const kept = Object.entries(given).filter(([key]) => !ENVELOPE_META_KEYS.has(key) && key !== META.progressToken);
  return { ...Object.fromEntries(kept), ...own };
}

/** The envelope of a modern request. No capabilities: what a server may ask of a client is not offered. */
export function modernEnvelope(client: ClientInfo): JsonObject {
  return {
    [META.protocolVersion]: MODERN_REVISION,
    [META.clientInfo]: { name: client.name, version: client.version },
    [META.clientCapabilities]: {},
  };
}

/** Who we say we are to servers. */
export interface ClientInfo {
  readonly name: string;
  readonly version: string;
}

export function cancelText(id: number): string {
  return notificationText('notifications/cancelled', { requestId: id, reason: 'no longer waited for' });
}

/** Asks for progress under a token of ours: the id of the request. */
export function progress(
  out: Pick<Outgoing, 'wants_progress'>,
  id: number,
): { readonly [META.progressToken]?: number } {
  return out.wants_progress ? { [META.progressToken]: id } : {};
}

/** A ping is answered; what else a server asks of its client is not offered. */
export function replyToServer({ id, method }: McpRequest): string {
  const start = `{"jsonrpc":"2.0","id":${JSON.stringify(id)},`;
  if (method === 'ping') return `${start}"result":{}}`;
  return `${start}"error":{"code":${ERROR_CODE.method_not_found},"message":"Not offered by this client."}}`;
}
