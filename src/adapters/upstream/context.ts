import { MandateError } from '../../core/errors.ts';
import type { ActorId, TaskId } from '../../core/ids.ts';
import type { PermitGrant } from '../../core/permit.ts';
import type { Server } from '../../core/server.ts';
import type { Clock } from '../../ports/clock.ts';
import { stopped } from './fault.ts';
import type { UpstreamLimits } from './limits.ts';
import type { Connector, Link } from './link.ts';
import { openStop, raced, type Stop } from './stop.ts';
import { readToolList, type ToolList } from './tool-list.ts';

/** What one client and task have at one server: a link, what it offers, and the calls on it. */
export interface Context {
  readonly server: Server;
  readonly agent: ActorId | null;
  /** Whoever called through it; several only where a server's process is shared by an agent's tasks. */
  readonly tasks: ReadonlySet<TaskId>;
  /** Counts one call of this task until `leave`. @throws limit.reached */
  enter(task: TaskId | null, stop: Stop): Call;
  inFlight(): number;
  /** The calls of this task end now; the context goes on when other tasks use it. False when none is left. */
  leaveTask(task: TaskId): boolean;
  /** Ends all calls and the link. Resolves when they are gone. Nothing can be entered any more. */
  end(): Promise<void>;
}

export interface Call {
  /** The link, opened when there is none; waits at most as long as the call may. */
  link(): Promise<Link>;
  /** What the server offers, read through the same link: afresh, or at most `age_ms_max` old. */
  tools(link: Link, age_ms_max: number): Promise<ToolList>;
  leave(): void;
}

export interface ContextDeps {
  readonly connector: Connector;
  readonly clock: Pick<Clock, 'monotonicUs'>;
  readonly limits: UpstreamLimits;
  /** How long to wait before a link is opened again after failures. */
  readonly pauseBeforeOpen_ms: () => number;
  readonly onIdle: () => void;
}

interface Listing {
  readonly tools: Promise<ToolList>;
  readonly link: Link;
  readonly at_us: number;
  readonly generation: number;
}

export function openContext(deps: ContextDeps, server: Server, grant: PermitGrant): Context {
  const { connector, clock, limits } = deps;
  const calls = new Map<Stop, TaskId | null>();
  const tasks = new Set<TaskId>();
  const ending = new AbortController();
  let current: Promise<Link> | undefined;
  let listing: Listing | undefined;
  let generation = 0; // grows whenever the server says that its tools changed
  let ended: Promise<void> | undefined;
  let idle: NodeJS.Timeout | undefined;

  function enter(task: TaskId | null, stop: Stop): Call {
    if (ended !== undefined) throw stopped('ended', false);
    if (calls.size >= limits.in_flight_per_context_max) {
      throw new MandateError('limit.reached', 'Too many calls to this server are running in this task.', {
        may_have_run: false,
      });
    }
    clearTimeout(idle);
    calls.set(stop, task);
    if (task !== null) tasks.add(task);
    return {
      link: () => raced(usableLink(), stop.signal),
      tools: (link, age_ms_max) => currentTools(link, age_ms_max, stop.signal),
      leave() {
        calls.delete(stop);
        if (calls.size > 0 || ended !== undefined) return;
        idle = setTimeout(deps.onIdle, limits.context_idle_ms_max);
        idle.unref();
      },
    };
  }

  async function usableLink(): Promise<Link> {
    const known = current;
    if (known !== undefined) {
      const link = await known;
      if (link.usable()) return link;
      if (current === known) current = undefined; // the first to notice opens the next
      await link.close();
      if (ended !== undefined) throw stopped('ended', false);
      return usableLink();
    }
    const opening = open();
    current = opening;
    opening.catch(() => {
      if (current === opening) current = undefined; // the next call tries again
    });
    return opening;
  }

  async function open(): Promise<Link> {
    await pause(deps.pauseBeforeOpen_ms(), ending.signal);
    const stop = openStop(limits.start_ms_max, [ending.signal]);
    try {
      return await connector.open(server, { onToolsChanged: () => (generation += 1) }, stop.signal);
    } finally {
      stop.dispose();
    }
  }

  async function currentTools(link: Link, age_ms_max: number, signal: AbortSignal): Promise<ToolList> {
    for (let round = 0; round < LIST_ROUNDS_MAX; round += 1) {
      const kept = listing;
      const listed = kept !== undefined && isFresh(kept, link, age_ms_max) ? kept : list(link);
      const tools = await raced(listed.tools, signal);
      if (listed.generation === generation) return tools;
    }
    throw new MandateError('upstream.protocol', 'The server keeps changing its tools.', { may_have_run: false });
  }

  function list(link: Link): Listing {
    const stop = openStop(limits.call_ms_max, [ending.signal]);
    const tools = readToolList(link, limits, stop.signal).finally(() => stop.dispose());
    const begun = { tools, link, at_us: clock.monotonicUs(), generation };
    listing = begun;
    tools.catch(() => {
      if (listing === begun) listing = undefined; // a failed listing is nobody's answer
    });
    return begun;
  }

  /** An `age_ms_max` of 0 is never fresh: it means a list that was asked for after the call came. */
  function isFresh(kept: Listing, link: Link, age_ms_max: number): boolean {
    if (age_ms_max === 0 || kept.link !== link || kept.generation !== generation) return false;
    return clock.monotonicUs() - kept.at_us <= age_ms_max * 1000;
  }

  function leaveTask(task: TaskId): boolean {
    tasks.delete(task);
    for (const [stop, owner] of calls) if (owner === task) stop.stop('ended');
    return tasks.size > 0;
  }

  function end(): Promise<void> {
    ended ??= finish();
    return ended;
  }

  async function finish(): Promise<void> {
    clearTimeout(idle);
    for (const stop of calls.keys()) stop.stop('ended');
    const opening = current;
    ending.abort('ended');
    const link = await opening?.catch(() => undefined); // a link that never opened needs no end
    await link?.close();
  }

  return { server, agent: grant.agent, tasks, enter, inFlight: () => calls.size, leaveTask, end };
}

/** A server that changes its tools faster than it lists them is not believed. */
const LIST_ROUNDS_MAX = 3;

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (ms <= 0) return;
  const stop = openStop(ms, [signal]);
  await new Promise<void>((resolve) => {
    if (stop.signal.aborted) resolve();
    stop.signal.addEventListener('abort', () => resolve(), { once: true });
  });
  stop.dispose();
}
