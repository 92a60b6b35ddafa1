import type { ActorId, CredentialId, ServerId, TaskId } from '../../core/ids.ts';
import type { Ended } from '../../govern/snapshot.ts';
import type { McpLimits } from './limits.ts';

/** One request between its head and the end of its answer: whatever of it ends, it is cut. */
export interface LiveRequest {
  readonly agent: ActorId;
  readonly credential: CredentialId;
  /** Known once a connection key's task was found. */
  task: TaskId | null;
  /** On the common address, known once the tool was read. */
  server: ServerId | null;
  readonly signal: AbortSignal;
  /** Ends the work behind it and the connection. */
  cut(): void;
  /** Ends the work behind it; the client still gets its answer. */
  abort(): void;
}

export type Entered = { readonly live: LiveRequest } | { readonly full: 'agent' | 'all' };

export interface LiveRequests {
  enter(who: Pick<LiveRequest, 'agent' | 'credential' | 'task'>, disconnect: () => void): Entered;
  leave(live: LiveRequest): void;
  cut(ended: Ended): void;
  cutAll(): void;
  count(): number;
  countOf(agent: ActorId): number;
  /** Resolves when nothing is in flight any more. */
  idle(): Promise<void>;
}

export function openLiveRequests(limits: Pick<McpLimits, 'in_flight_max' | 'in_flight_per_agent_max'>): LiveRequests {
  const live = new Set<LiveRequest>();
  const perAgent = new Map<ActorId, number>();
  let waiting: (() => void)[] = [];

  return {
    enter(who, disconnect) {
      if (live.size >= limits.in_flight_max) return { full: 'all' };
      const ofAgent = perAgent.get(who.agent) ?? 0;
      if (ofAgent >= limits.in_flight_per_agent_max) return { full: 'agent' };
      perAgent.set(who.agent, ofAgent + 1);
      const controller = new AbortController();
      const entry: LiveRequest = {
        ...who,
        server: null,
        signal: controller.signal,
        abort: () => controller.abort(),
        cut: () => {
          controller.abort();
          disconnect();
        },
      };
      live.add(entry);
      return { live: entry };
    },
    leave(entry) {
      if (!live.delete(entry)) return;
      const ofAgent = (perAgent.get(entry.agent) ?? 1) - 1;
      if (ofAgent === 0) perAgent.delete(entry.agent);
      else perAgent.set(entry.agent, ofAgent);
      if (live.size > 0) return;
      for (const resolve of waiting) resolve();
      waiting = [];
    },
    cut(ended) {
      for (const entry of live) {
        const over =
          ended.agents.includes(entry.agent) ||
          ended.credentials.includes(entry.credential) ||
          (entry.task !== null && ended.tasks.includes(entry.task)) ||
          (entry.server !== null && ended.servers.includes(entry.server));
        if (over) entry.cut();
      }
    },
    cutAll: () => {
      for (const entry of live) entry.cut();
    },
    count: () => live.size,
    countOf: (agent) => perAgent.get(agent) ?? 0,
    idle: () => (live.size === 0 ? Promise.resolve() : new Promise((resolve) => waiting.push(resolve))),
  };
}
