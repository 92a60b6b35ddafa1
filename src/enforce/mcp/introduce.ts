import type { JsonObject } from '../../core/json.ts';
import { ERROR_CODE } from '../../standards/mcp/error-code.ts';
import { HEADER } from '../../standards/mcp/header.ts';
import { offersUrlElicitation } from '../../standards/mcp/input-required.ts';
import { isObject } from '../../standards/mcp/message.ts';
import { META } from '../../standards/mcp/meta-key.ts';
import {
  ASSUMED_LEGACY_REVISION,
  LEGACY_REVISIONS,
  MODERN_REVISIONS,
  negotiateLegacy,
} from '../../standards/mcp/revision.ts';
import { clientClaims } from './claims.ts';
import { sendError, sendResult, type AnswerDeps, type Exchange } from './exchange.ts';
import type { Sessions } from './sessions.ts';

/** Names the gateway to a client; the servers behind it are named in tools. */
export function serverInfo(version: string): JsonObject {
  return { name: 'mandate', title: 'Mandate', version };
}

/** Only tools are governed yet, and the list is not announced when it changes. */
const CAPABILITIES = { tools: {} } as const;

const INSTRUCTIONS =
  'Every call is decided on its own and recorded. A refused or held call says in its text what would be allowed; a held ' +
  'call is to be repeated with the same arguments once a person has approved it.';

/** How long a modern client may keep what the gateway says about itself. */
const DISCOVER_TTL_MS = 60_000;

/** Modern `server/discover`. Not an action: it says nothing about any server. */
export function discover(deps: AnswerDeps, exchange: Exchange): void {
  sendResult(exchange, {
    supportedVersions: MODERN_REVISIONS,
    capabilities: CAPABILITIES,
    instructions: INSTRUCTIONS,
    ttlMs: DISCOVER_TTL_MS,
    cacheScope: 'private',
    _meta: { [META.serverInfo]: serverInfo(deps.version) },
  });
}

/** Legacy `initialize`: a session for this caller on this address. Not an action either. */
export function initialize(deps: AnswerDeps, sessions: Sessions, exchange: Exchange): void {
  const params = exchange.request.params;
  const asked = params?.['protocolVersion'];
  const capabilities = params?.['capabilities'];
  if (typeof asked !== 'string')
    return sendError(exchange, ERROR_CODE.invalid_params, 'protocolVersion must be a text.');
  if (!isObject(capabilities)) return sendError(exchange, ERROR_CODE.invalid_params, 'capabilities must be an object.');
  const revision = negotiated(asked);
  const session = sessions.open(exchange.caller, exchange.route, {
    revision,
    client: clientClaims(params?.['clientInfo']) ?? {},
    offers_url: offersUrlElicitation(capabilities),
  });
  sendResult(
    exchange,
    {
      protocolVersion: revision,
      capabilities: CAPABILITIES,
      serverInfo: serverInfo(deps.version),
      instructions: INSTRUCTIONS,
    },
    { [HEADER.sessionId]: session.id },
  );
}

/** Nothing older than the first revision with this transport is spoken over HTTP. */
function negotiated(asked: string): string {
  const revision = negotiateLegacy(asked);
  const oldest = LEGACY_REVISIONS.indexOf(ASSUMED_LEGACY_REVISION);
  return LEGACY_REVISIONS.indexOf(revision) <= oldest ? revision : (LEGACY_REVISIONS[0] ?? ASSUMED_LEGACY_REVISION);
}
