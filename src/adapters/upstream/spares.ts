import type { Server } from '../../core/server.ts';
import type { UpstreamLimits } from './limits.ts';
import type { Link, LinkEvents } from './link.ts';
import { openStop } from './stop.ts';

/** Initialised server processes that belong to nobody yet: a start costs more than the call it is for. */
export interface Spares {
  /** The spare of this server, from now on the caller's; undefined when there is none or it died meanwhile. */
  take(server: Server, events: LinkEvents): Promise<Link | undefined>;
  /** Begins one in the background unless there is one. A failure is only a spare less. */
  prepare(server: Server): void;
  /** Ends the oldest, so that a process that is needed finds room; false when there is none. */
  endOldest(): Promise<boolean>;
  /** Ends those of every version of this server. */
  forget(server: string): Promise<void>;
  close(): Promise<void>;
}

interface Spare {
  readonly link: Promise<Link>;
  readonly stop: AbortController;
  readonly idle: NodeJS.Timeout;
  /** Where its events go, once it belongs to a context. */
  events: LinkEvents;
}

/** @param begin starts a process and finishes its handshake; leaves none behind when it fails */
export function openSpares(
  limits: UpstreamLimits,
  begin: (server: Server, events: LinkEvents, signal: AbortSignal) => Promise<Link>,
): Spares {
  const spares = new Map<string, Spare>();

  async function end(key: string): Promise<void> {
    const spare = spares.get(key);
    if (spare === undefined) return;
    spares.delete(key);
    clearTimeout(spare.idle);
    spare.stop.abort();
    const link = await spare.link.catch(() => undefined); // one that failed has ended already
    await link?.close();
  }

  return {
    async take(server, events) {
      const key = keyOf(server);
      const spare = spares.get(key);
      if (spare === undefined) return undefined;
      spares.delete(key);
      clearTimeout(spare.idle);
      spare.events = events;
      const link = await spare.link.catch(() => undefined); // the caller starts its own and says why it cannot
      return link?.usable() === true ? link : undefined;
    },
    prepare(server) {
      const key = keyOf(server);
      if (spares.has(key)) return;
      const stop = new AbortController();
      const limit = openStop(limits.start_ms_max, [stop.signal]);
      // Closing is bounded and its processes stay counted until they are gone: nothing is left to do about a failure.
      const idle = setTimeout(() => void end(key).catch(() => undefined), limits.context_idle_ms_max).unref();
      const spare: Spare = {
        stop,
        idle,
        events: { onToolsChanged: () => undefined },
        link: begin(server, { onToolsChanged: () => spare.events.onToolsChanged() }, limit.signal).finally(() =>
          limit.dispose(),
        ),
      };
      spares.set(key, spare);
      spare.link.catch(() => {
        clearTimeout(idle);
        if (spares.get(key) === spare) spares.delete(key);
      });
    },
    async endOldest() {
      const [oldest] = spares.keys();
      if (oldest === undefined) return false;
      await end(oldest);
      return true;
    },
    async forget(server) {
      await Promise.all([...spares.keys()].filter((key) => key.startsWith(`${server} `)).map(end));
    },
    async close() {
      await Promise.all([...spares.keys()].map(end));
    },
  };
}

/** Ids hold no space. A server that was changed is another one. */
export function keyOf({ id, version }: Server): string {
  return `${id} ${version}`;
}
