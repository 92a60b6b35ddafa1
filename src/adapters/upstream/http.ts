import { Pool } from 'undici';
import { isMandateError, MandateError } from '../../core/errors.ts';
import type { Server } from '../../core/server.ts';
import type { Era } from '../../standards/mcp/revision.ts';
import { offProtocol, unreachable } from './fault.ts';
import type { Endpoint } from './http-channel.ts';
import { discoverEra, openLegacyLink, openModernLink } from './http-link.ts';
import type { UpstreamLimits } from './limits.ts';
import type { Connector, Link, LinkEvents } from './link.ts';
import { isMetadataAddress, lookupExceptMetadata } from './metadata-address.ts';
import type { ClientInfo } from './request-text.ts';

export interface HttpConnectorDeps {
  readonly limits: UpstreamLimits;
  readonly client: ClientInfo;
}

interface Known {
  readonly version: number;
  readonly endpoint: Endpoint;
  era: Era | undefined;
}

/** MCP servers over Streamable HTTP, in the era each speaks. Nothing of a client's request head goes there. */
export function openHttpConnector({ limits, client }: HttpConnectorDeps): Connector {
  const servers = new Map<string, Known>();

  function knownOf(server: Server): Known {
    const known = servers.get(server.id);
    if (known?.version === server.version) return known;
    void known?.endpoint.pool.destroy().catch(() => undefined); // an earlier address of the same server
    const fresh: Known = { version: server.version, endpoint: endpointOf(server, limits), era: undefined };
    servers.set(server.id, fresh);
    return fresh;
  }

  async function open(server: Server, events: LinkEvents, signal: AbortSignal): Promise<Link> {
    const known = knownOf(server);
    try {
      known.era ??= await discoverEra(known.endpoint, client, signal);
      const onWrongEra = (): void => void (known.era = undefined);
      if (known.era === 'modern') return openModernLink(known.endpoint, client, events, onWrongEra);
      return await openLegacyLink(known.endpoint, client, events, signal);
    } catch (error) {
      known.era = undefined;
      // Whatever the server did so far, the call itself was not sent.
      if (!isMandateError(error)) throw error;
      throw new MandateError(error.code, error.message, { cause: error.cause, may_have_run: false });
    }
  }

  async function forget(server: string): Promise<void> {
    const known = servers.get(server);
    servers.delete(server);
    await known?.endpoint.pool.destroy();
  }

  return {
    contextOf: (_server, { agent, task }) => JSON.stringify([agent, task]),
    open,
    forget,
    children: () => 0,
    async close() {
      await Promise.all([...servers.keys()].map(forget));
    },
  };
}

function endpointOf(server: Server, limits: UpstreamLimits): Endpoint {
  const { transport } = server;
  if (transport.type !== 'http') throw new MandateError('internal', 'A stdio server was given to the HTTP adapter.');
  const url = URL.parse(transport.url);
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    throw offProtocol('The address of the server is no http or https URL.', { may_have_run: false });
  }
  if (url.username !== '' || url.password !== '') {
    throw offProtocol('The address of the server must not hold a user or a password.', { may_have_run: false });
  }
  if (isMetadataAddress(url.hostname))
    throw unreachable('The address of the server is never connected to.', { may_have_run: false });
  const pool = new Pool(url.origin, {
    connections: CONNECTIONS_MAX,
    pipelining: 1, // two requests on one connection could be answered in each other's place
    allowH2: false,
    maxHeaderSize: limits.head_bytes_max,
    keepAliveTimeout: KEEP_ALIVE_MS,
    keepAliveMaxTimeout: KEEP_ALIVE_MS_MAX,
    connect: { timeout: limits.connect_ms_max, lookup: lookupExceptMetadata },
  });
  return { pool, path: `${url.pathname}${url.search}`, limits };
}

/** Sockets per server. More calls wait for a free one, within their deadline. */
const CONNECTIONS_MAX = 64;
/** Shorter than what servers commonly keep, so that a socket is not used in the moment it is closed. */
const KEEP_ALIVE_MS = 4_000;
const KEEP_ALIVE_MS_MAX = 30_000;
