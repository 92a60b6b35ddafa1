import type { IncomingHttpHeaders } from 'node:http';
import type { Json, JsonObject } from '../../core/json.ts';
import type { Hasher } from '../../ports/hasher.ts';
import { isObject } from '../../standards/mcp/message.ts';
import { META } from '../../standards/mcp/meta-key.ts';
import type { ResultJson, ResultJsonObject } from '../../standards/strict-json/parse-strict.ts';

export const CLAIM_CHARS_MAX = 256;
/** Members of one group of claims; what is left out is counted. */
export const CLAIMS_PER_GROUP_MAX = 16;

/**
 * What a client says about itself, for the record and for nothing else: who it is comes from its credential. Texts are
 * cut, whatever is no text, number or flag is named only, and a value by which somebody could act (a session's handle, a
 * token, a key) stands as a keyed digest: enough to see that two calls named the same one.
 */
export function claimsOf(
  hasher: Pick<Hasher, 'keyed'>,
  said: {
    readonly headers: IncomingHttpHeaders;
    readonly era: 'modern' | 'legacy';
    readonly client: JsonObject | undefined;
    readonly params: ResultJsonObject | undefined;
  },
): JsonObject {
  const group = (members: Members): JsonObject => groupOf(members, (name, value) => veiled(hasher, name, value));
  const meta = said.params?.['_meta'];
  const claims: Record<string, Json> = { era: said.era };
  add(claims, 'client', said.client);
  add(claims, 'headers', group(headerClaims(said.headers)));
  add(claims, 'meta', group(Object.entries(isObject(meta) ? meta : {}).filter(([key]) => !ENVELOPE.has(key))));
  add(claims, 'params', group(Object.entries(said.params ?? {}).filter(([key]) => !OWN_PARAMS.has(key))));
  return claims;
}

/** The name and version a client gives itself; undefined when it gives none. */
export function clientClaims(info: ResultJson | undefined): JsonObject | undefined {
  if (!isObject(info)) return undefined;
  const named = Object.entries(info).filter(([key]) => key === 'name' || key === 'version');
  return groupOf(named, (_name, value) => claim(value));
}

/** Recorded elsewhere, or ours to read. */
const ENVELOPE: ReadonlySet<string> = new Set([
  META.protocolVersion,
  META.clientInfo,
  META.clientCapabilities,
  META.progressToken,
]);
const OWN_PARAMS: ReadonlySet<string> = new Set(['_meta', 'name', 'arguments', 'inputResponses', 'requestState']);

/** Headers in which clients and proxies name agents, tasks, people and themselves. */
const CLAIMING_HEADER =
  /agent|task|actor|instance|user|session|tenant|org|subject|identity|principal|forwarded|client|trace/;

function headerClaims(headers: IncomingHttpHeaders): Members {
  return Object.entries(headers).flatMap(([name, value]) =>
    typeof value === 'string' && CLAIMING_HEADER.test(name) ? [[name, value] as const] : [],
  );
}

function add(claims: Record<string, Json>, name: string, value: JsonObject | undefined): void {
  if (value !== undefined && Object.keys(value).length > 0) claims[name] = value;
}

type Members = readonly (readonly [name: string, value: ResultJson])[];

function groupOf(members: Members, claimed: (name: string, value: ResultJson) => Json): JsonObject {
  const kept: Record<string, Json> = {};
  for (const [key, value] of members.slice(0, CLAIMS_PER_GROUP_MAX)) kept[cut(key)] = claimed(key, value);
  if (members.length > CLAIMS_PER_GROUP_MAX) kept['left_out'] = members.length - CLAIMS_PER_GROUP_MAX;
  return kept;
}

/** Names under which handles and secrets travel. */
const HANDLE = /session|token|secret|auth|cookie|passw|signature|credential|key$/i;
const DIGEST_CHARS = 16;

function veiled(hasher: Pick<Hasher, 'keyed'>, name: string, value: ResultJson): Json {
  if (typeof value !== 'string' || !HANDLE.test(name)) return claim(value);
  const digest = hasher.keyed(value);
  return digest.slice(0, digest.indexOf(':') + 1 + DIGEST_CHARS);
}

function claim(value: ResultJson): Json {
  if (typeof value === 'string') return cut(value);
  if (typeof value === 'number' || typeof value === 'boolean' || value === null) return value;
  return Array.isArray(value) ? '[array]' : '[object]';
}

function cut(text: string): string {
  // A cut through a pair leaves half of a character, which has no JSON form.
  return text.length <= CLAIM_CHARS_MAX ? text : `${text.slice(0, CLAIM_CHARS_MAX).toWellFormed()}…`;
}
