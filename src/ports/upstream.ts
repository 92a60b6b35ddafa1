import type { ActorId, ServerId, TaskId } from '../core/ids.ts';
import type { Json, JsonObject } from '../core/json.ts';
import type { Permit } from '../core/permit.ts';
import type { Server } from '../core/server.ts';
import type { ToolDefinition } from '../core/tool.ts';

/**
 * MCP servers, reached only by spending a Permit. One upstream context (connection, session, child process) per client
 * agent and task, never shared between them; request ids are ours. The client's own credential never goes upstream.
 */
export interface Upstream {
  /**
   * Sends the permitted action once and resolves with what the server answered. For a call with a pinned definition the
   * server's current definition of that tool is checked in the same context first (at most as old
   * as the permit says); when it differs nothing is sent.
   * The permit is spent at the moment the request is written. Never retried here.
   * @throws upstream.* with `may_have_run`, permit.spent, server.command
   */
  send(permit: Permit, server: Server, options: SendOptions): Promise<UpstreamAnswer>;
  /** All tools the server offers now, every page, in a context of its own that ends with the call. */
  listTools(permit: Permit, server: Server): Promise<readonly ToolDefinition[]>;
  /** Ends every context of the task: children reaped, streams cut, sessions closed. Resolves when they are gone. */
  endTask(task: TaskId): Promise<void>;
  endAgent(agent: ActorId): Promise<void>;
  endServer(server: ServerId): Promise<void>;
  /** Counts for health and metrics. */
  stats(): { readonly contexts: number; readonly children: number; readonly in_flight: number };
  close(): Promise<void>;
}

export interface SendOptions {
  /** Ends the request when the client goes away or the agent is stopped. */
  readonly signal: AbortSignal;
  /** Whether the client offered to receive progress; the adapter makes its own token. */
  readonly wants_progress: boolean;
  /** `_meta` members to add, such as the trace context and the task id. */
  readonly meta: JsonObject;
  /** Progress and log notifications that belong to this request, in order, before the answer. */
  readonly onNotification: (method: string, params: JsonObject) => void;
  /** A request of the server to the client (sampling, elicitation, roots), already refused by the adapter. */
  readonly onServerRequest: (method: string, params: JsonObject) => void;
}

export type UpstreamAnswer =
  /** `result` as the server sent it, integers beyond 2^53 kept (see standards/strict-json). `bytes` is its size. */
  | { readonly kind: 'result'; readonly result: JsonObject; readonly bytes: number }
  /** A JSON-RPC error of the server. */
  | {
      readonly kind: 'error';
      readonly error: { readonly code: number; readonly message: string; readonly data?: Json };
      readonly bytes: number;
    }
  /** Not sent: the tool is no longer the one that was decided on. `offered` is null when it is gone. */
  | { readonly kind: 'definition_changed'; readonly offered: ToolDefinition | null };
