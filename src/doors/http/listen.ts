import { createServer, type Server as HttpServer } from 'node:http';
import { MandateError } from '../../core/errors.ts';

/** Node's own defaults (60 s, 300 s, 30 s) let slow clients hold sockets for minutes. */
const HEADERS_MS_MAX = 10_000;
const REQUEST_MS_MAX = 30_000;
const CONNECTION_CHECK_MS = 1_000;
const HEADER_BYTES_MAX = 16 * 1024;
const CONNECTIONS_MAX = 20_000;
/** How long requests under way may take to finish when the process is told to stop. */
const CLOSE_GRACE_MS = 3_000;

export interface Listening {
  readonly http: HttpServer;
  /** With the real port. */
  readonly url: string;
  /** Stops accepting, lets requests finish for a moment, then cuts them. */
  close(): Promise<void>;
}

/**
 * Listens on `host:port` (port 0: a free one). Attach a `request` listener before anything else is awaited.
 * @throws listen.taken, config.invalid
 */
export async function listenOn(address: string, port = portOf(address)): Promise<Listening> {
  const http = createHttpServer();
  const host = hostOf(address);
  await new Promise<void>((resolve, reject) => {
    http.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE')
        reject(new MandateError('listen.taken', `${host}:${port} is already in use; choose another with --port.`));
      else
        reject(
          new MandateError('config.invalid', `Cannot listen on ${host}:${port}: ${error.code ?? error.message}.`, {
            cause: error,
          }),
        );
    });
    http.listen({ host, port }, resolve);
  });
  const bound = http.address();
  if (bound === null || typeof bound === 'string') throw new MandateError('internal', 'The listener has no address.');
  const shown = host.includes(':') ? `[${host}]` : host;
  return { http, url: `http://${shown}:${bound.port}`, close: () => closeHttp(http) };
}

/** The names this process answers to: a page that reached it under any other name is refused (DNS rebinding). */
export function allowedNames(
  publicUrl: string,
  listenUrl: string,
): { readonly hosts: readonly string[]; readonly origins: readonly string[] } {
  const { host: bound, port } = new URL(listenUrl);
  const own = [...['127.0.0.1', 'localhost', '[::1]'].map((name) => `${name}:${port}`), bound];
  const { host, origin } = new URL(publicUrl);
  return {
    hosts: [...new Set([...own, host])],
    origins: [...new Set([...own.map((each) => `http://${each}`), origin])],
  };
}

function createHttpServer(): HttpServer {
  const http = createServer({
    headersTimeout: HEADERS_MS_MAX,
    requestTimeout: REQUEST_MS_MAX,
    connectionsCheckingInterval: CONNECTION_CHECK_MS,
    maxHeaderSize: HEADER_BYTES_MAX,
    insecureHTTPParser: false,
    requireHostHeader: true,
  });
  http.maxConnections = CONNECTIONS_MAX;
  return http;
}

async function closeHttp(http: HttpServer): Promise<void> {
  if (!http.listening) return;
  const closed = new Promise<void>((resolve) => http.close(() => resolve()));
  http.closeIdleConnections();
  const force = setTimeout(() => http.closeAllConnections(), CLOSE_GRACE_MS);
  await closed;
  clearTimeout(force);
}

function hostOf(listenAddress: string): string {
  return listenAddress.slice(0, listenAddress.lastIndexOf(':')).replace(/^\[|\]$/g, '');
}

function portOf(listenAddress: string): number {
  return Number(listenAddress.slice(listenAddress.lastIndexOf(':') + 1));
}
