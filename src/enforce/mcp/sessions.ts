import type { ActorId, CredentialId, TaskId } from '../../core/ids.ts';
import type { Instant } from '../../core/instant.ts';
import type { JsonObject } from '../../core/json.ts';
import type { Ended } from '../../govern/snapshot.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Random } from '../../ports/random.ts';
import type { RequestId } from '../../standards/mcp/message.ts';
import type { AgentCaller } from './admit.ts';
import type { McpLimits } from './limits.ts';

/** What a legacy client said in `initialize`, kept for its later requests. It authorises nothing. */
export interface Session {
  readonly id: string;
  readonly agent: ActorId;
  /** Of a task token; tokens of one task share its sessions, so that a renewal does not end them. */
  readonly task: TaskId | null;
  /** Of a connection key: one client installation. Null for task tokens. */
  readonly key: CredentialId | null;
  /** The server it was opened on; null for the common address. */
  readonly route: string | null;
  readonly revision: string;
  readonly client: JsonObject;
  readonly offers_url: boolean;
  used_at: Instant;
  /** To end the request that a `notifications/cancelled` names. */
  readonly requests: Map<RequestId, () => void>;
}

export interface Sessions {
  open(caller: AgentCaller, route: string | null, said: Pick<Session, 'revision' | 'client' | 'offers_url'>): Session;
  /**
   * Undefined for an unknown or idle one and for one of another agent, task, key or server, so that none of these can
   * be told apart.
   */
  find(id: string, caller: AgentCaller, route: string | null): Session | undefined;
  end(session: Session): void;
  cut(ended: Ended): void;
  count(): number;
}

const SESSION_ID_BYTES = 32;

/** Sessions of legacy clients, the least recently used first. Possession of an id is never a proof of anything. */
export function openSessions(
  deps: { readonly clock: Pick<Clock, 'now'>; readonly random: Pick<Random, 'bytes'> },
  limits: Pick<McpLimits, 'sessions_max' | 'session_idle_ms_max'>,
): Sessions {
  const byId = new Map<string, Session>();
  const byAgent = new Map<ActorId, Set<Session>>();

  function end(session: Session): void {
    if (!byId.delete(session.id)) return;
    const own = byAgent.get(session.agent);
    own?.delete(session);
    if (own?.size === 0) byAgent.delete(session.agent);
  }

  function endIdle(): void {
    const before = deps.clock.now() - limits.session_idle_ms_max;
    for (const session of byId.values()) {
      if (session.used_at > before) return; // the rest was used later
      end(session);
    }
  }

  /** One agent cannot push out the sessions of the others. */
  function makeRoom(): void {
    let most: Set<Session> | undefined;
    for (const own of byAgent.values()) if (own.size > (most?.size ?? 0)) most = own;
    const [oldest] = most ?? [];
    if (oldest !== undefined) end(oldest);
  }

  return {
    open(caller, route, said) {
      endIdle();
      if (byId.size >= limits.sessions_max) makeRoom();
      const session: Session = {
        id: Buffer.from(deps.random.bytes(SESSION_ID_BYTES)).toString('base64url'),
        agent: caller.agent,
        task: caller.task,
        key: caller.task === null ? caller.credential : null,
        route,
        ...said,
        used_at: deps.clock.now(),
        requests: new Map(),
      };
      byId.set(session.id, session);
      const own = byAgent.get(caller.agent) ?? new Set();
      byAgent.set(caller.agent, own.add(session));
      return session;
    },
    find(id, caller, route) {
      endIdle();
      const session = byId.get(id);
      if (
        session === undefined ||
        session.agent !== caller.agent ||
        session.task !== caller.task ||
        session.route !== route
      )
        return undefined;
      if (session.key !== null && session.key !== caller.credential) return undefined;
      session.used_at = deps.clock.now();
      // To the end of the order.
      byId.delete(id);
      byId.set(id, session);
      byAgent.get(session.agent)?.delete(session);
      byAgent.get(session.agent)?.add(session);
      return session;
    },
    end,
    cut(ended) {
      if (ended.agents.length + ended.tasks.length + ended.credentials.length + ended.servers.length === 0) return;
      for (const session of byId.values()) {
        const over =
          ended.agents.includes(session.agent) ||
          (session.task !== null && ended.tasks.includes(session.task)) ||
          (session.key !== null && ended.credentials.includes(session.key)) ||
          ended.servers.some((server) => server === session.route);
        if (over) end(session);
      }
    },
    count: () => byId.size,
  };
}
