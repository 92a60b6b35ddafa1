import { isMandateError, MandateError } from '../../core/errors.ts';
import type { Server } from '../../core/server.ts';
import type { Era } from '../../standards/mcp/revision.ts';
import { startChild, type StartDeps } from './child.ts';
import { stopped } from './fault.ts';
import type { UpstreamLimits } from './limits.ts';
import type { Connector, Link, LinkEvents } from './link.ts';
import type { ClientInfo } from './request-text.ts';
import { openStdioChannel, type StdioChannel } from './stdio-channel.ts';
import { discoverStdioEra, openStdioLink } from './stdio-link.ts';
import { openStop } from './stop.ts';

export interface StdioConnectorDeps extends Omit<StartDeps, 'stop_grace_ms'> {
  readonly limits: UpstreamLimits;
  readonly client: ClientInfo;
}

interface Spare {
  readonly link: Promise<Link>;
  readonly stop: AbortController;
  /** Where its events go, once it belongs to a context. */
  events: LinkEvents;
}

/** MCP servers as child processes: one process per context, never shared beyond what the server's `isolation` says. */
export function openStdioConnector(deps: StdioConnectorDeps): Connector {
  const { limits, client } = deps;
  const eras = new Map<string, Era>();
  const children = new Map<string, number>();
  const spares = new Map<string, Spare>();
  let total = 0;
  let closed = false;

  async function open(server: Server, events: LinkEvents, signal: AbortSignal): Promise<Link> {
    const key = keyOf(server);
    const spare = spares.get(key);
    spares.delete(key);
    const link = (await linkOf(spare, events)) ?? (await begin(server, events, signal));
    if (limits.spares_per_server > 0 && !closed) prepareSpare(server);
    return link;
  }

  /** The spare's link when it is still good. One that failed is only a spare less. */
  async function linkOf(spare: Spare | undefined, events: LinkEvents): Promise<Link | undefined> {
    if (spare === undefined) return undefined;
    spare.events = events;
    const link = await spare.link.catch(() => undefined);
    return link?.usable() === true ? link : undefined;
  }

  function prepareSpare(server: Server): void {
    const key = keyOf(server);
    if (spares.has(key)) return;
    const stop = new AbortController();
    const limit = openStop(limits.start_ms_max, [stop.signal]);
    const spare: Spare = {
      stop,
      events: { onToolsChanged: () => undefined },
      link: begin(server, { onToolsChanged: () => spare.events.onToolsChanged() }, limit.signal).finally(() =>
        limit.dispose(),
      ),
    };
    spare.link.catch(() => spares.delete(key)); // the next context opens its own and says why it cannot
    spares.set(key, spare);
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
    const here = children.get(server.id) ?? 0;
    if (closed) throw stopped('ended', false);
    if (here >= limits.children_per_server_max || total >= limits.children_max) {
      throw new MandateError('limit.reached', 'Too many server processes are running; end a task first.', {
        may_have_run: false,
      });
    }
    count(server.id, 1);
    try {
      const child = await startChild({ ...deps, stop_grace_ms: limits.stop_grace_ms }, transport);
      void child.exited.then(() => count(server.id, -1));
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

  async function endSpare(key: string): Promise<void> {
    const spare = spares.get(key);
    spares.delete(key);
    spare?.stop.abort();
    const link = await spare?.link.catch(() => undefined); // one that failed has ended already
    await link?.close();
  }

  async function forget(server: string): Promise<void> {
    const keys = new Set([...eras.keys(), ...spares.keys()].filter((key) => key.startsWith(`${server} `)));
    for (const key of keys) eras.delete(key);
    await Promise.all([...keys].map(endSpare));
  }

  return {
    contextOf: ({ isolation }, { agent, task }) => JSON.stringify(isolation === 'agent' ? [agent] : [agent, task]),
    open,
    forget,
    children: () => total,
    async close() {
      closed = true;
      await Promise.all([...spares.keys()].map(endSpare));
    },
  };
}

/** Ids hold no space. A server that was changed is another one. */
function keyOf({ id, version }: Server): string {
  return `${id} ${version}`;
}

/** Whatever happened while it started, the call itself was not sent; a process that dies at once is a bad command. */
function startFault(error: unknown): unknown {
  if (!isMandateError(error)) return error;
  const code = error.code === 'upstream.unreachable' ? 'server.command' : error.code;
  const sentence =
    error.code === 'upstream.timeout' ? 'The server process did not answer in time after its start.' : error.message;
  return new MandateError(code, sentence, { cause: error, may_have_run: false });
}
