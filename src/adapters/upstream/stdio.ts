import { isMandateError, MandateError } from '../../core/errors.ts';
import type { Server } from '../../core/server.ts';
import type { Era } from '../../standards/mcp/revision.ts';
import { startChild, type Child, type StartDeps } from './child.ts';
import { stopped } from './fault.ts';
import type { UpstreamLimits } from './limits.ts';
import type { Connector, Link, LinkEvents } from './link.ts';
import type { ClientInfo } from './request-text.ts';
import { openStdioChannel, type StdioChannel } from './stdio-channel.ts';
import { keyOf, openSpares } from './spares.ts';
import { discoverStdioEra, openStdioLink } from './stdio-link.ts';
import { openStop } from './stop.ts';

export interface StdioConnectorDeps extends Omit<StartDeps, 'stop_grace_ms'> {
  readonly limits: UpstreamLimits;
  readonly client: ClientInfo;
}

/** MCP servers as child processes: one process per context, never shared beyond what the server's `isolation` says. */
export function openStdioConnector(deps: StdioConnectorDeps): Connector {
  const { limits, client } = deps;
  const eras = new Map<string, Era>();
  const children = new Map<string, number>();
  const spares = openSpares(limits, begin);
  const unended = new Set<Child>();
  let total = 0;
  let closed = false;

  async function open(server: Server, events: LinkEvents, signal: AbortSignal): Promise<Link> {
    const spare = await spares.take(server, events);
    // A spare never stands in the way of a process that is needed.
    if (spare === undefined && total >= limits.children_max) await spares.endOldest();
    const link = spare ?? (await begin(server, events, signal));
    if (limits.spares_per_server > 0 && !closed && hasRoom(server)) spares.prepare(server);
    return link;
  }

  function hasRoom(server: Server): boolean {
    return (children.get(server.id) ?? 0) < limits.children_per_server_max && total < limits.children_max;
  }

  /** A process that has answered. Whatever fails on the way, no process is left behind. */
  async function begin(server: Server, events: LinkEvents, signal: AbortSignal): Promise<Link> {
    const known = eras.get(keyOf(server));
    let channel = await start(server, events);
    try {
      let era = known ?? (await probe(channel, signal));
      if (era === undefined || !channel.usable()) {
        // It did not survive the question, or does not answer it: legacy, and a process that never heard it.
        await channel.close();
        if (signal.aborted) throw stopped(signal.reason, false);
        era = known ?? 'legacy';
        channel = await start(server, events);
      }
      const link = await openStdioLink(channel, era, client, signal);
      eras.set(keyOf(server), era);
      return link;
    } catch (error) {
      eras.delete(keyOf(server));
      await channel.close();
      throw startFault(error);
    }
  }

  async function probe(channel: StdioChannel, signal: AbortSignal): Promise<Era | undefined> {
    const stop = openStop(limits.probe_ms_max, [signal]);
    try {
      return await discoverStdioEra(channel, client, stop.signal);
    } finally {
      stop.dispose();
    }
  }

  async function start(server: Server, events: LinkEvents): Promise<StdioChannel> {
    const { transport } = server;
    if (transport.type !== 'stdio')
      throw new MandateError('internal', 'An HTTP server was given to the stdio adapter.');
    if (closed) throw stopped('ended', false);
    if (!hasRoom(server)) {
      throw new MandateError('limit.reached', 'Too many server processes are running; end a task first.', {
        may_have_run: false,
      });
    }
    count(server.id, 1);
    try {
      const child = await startChild({ ...deps, stop_grace_ms: limits.stop_grace_ms }, transport);
      void child.exited.then(() => count(server.id, -1));
      unended.add(child);
      void child.gone.then(() => unended.delete(child));
      return openStdioChannel(child, limits, events);
    } catch (error) {
      count(server.id, -1);
      throw error;
    }
  }

  function count(server: string, by: 1 | -1): void {
    total += by;
    const here = (children.get(server) ?? 0) + by;
    if (here === 0) children.delete(server);
    else children.set(server, here);
  }

  async function forget(server: string): Promise<void> {
    for (const key of [...eras.keys()].filter((known) => known.startsWith(`${server} `))) eras.delete(key);
    await spares.forget(server);
  }

  return {
    contextOf: ({ isolation }, { agent, task }) => JSON.stringify(isolation === 'agent' ? [agent] : [agent, task]),
    open,
    forget,
    children: () => total,
    async close() {
      closed = true;
      await spares.close();
      // What another end has begun, an idle spare's for one, is waited for too: else it would outlive us.
      await Promise.all([...unended].map((child) => child.stop()));
    },
  };
}

/** Whatever happened while it started, the call itself was not sent; a process that dies at once is a bad command. */
function startFault(error: unknown): unknown {
  if (!isMandateError(error)) return error;
  const code = error.code === 'upstream.unreachable' ? 'server.command' : error.code;
  const sentence =
    error.code === 'upstream.timeout' ? 'The server process did not answer in time after its start.' : error.message;
  return new MandateError(code, sentence, { cause: error, may_have_run: false });
}
