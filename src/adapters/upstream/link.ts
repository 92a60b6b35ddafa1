import type { PermitGrant } from '../../core/permit.ts';
import type { JsonObject } from '../../core/json.ts';
import type { Server } from '../../core/server.ts';
import type { Era } from '../../standards/mcp/revision.ts';
import type { McpErrorBody } from '../../standards/mcp/message.ts';
import type { ResultJsonObject } from '../../standards/strict-json/parse-strict.ts';

/** One ready channel to one server for one client and task: an HTTP session, or a child process. */
export interface Link {
  readonly era: Era;
  /** False once the session or process is gone; a new link is then opened for the next call. */
  usable(): boolean;
  /**
   * Sends one request and resolves with its answer. Rejects with upstream.* whose `may_have_run` is true from the
   * moment on at which the first byte was handed to the transport, and with whatever `onWrite` throws.
   */
  request(out: Outgoing): Promise<LinkAnswer>;
  /** Ends the session, or the process and all it started. Resolves when it is gone; a second time too. */
  close(): Promise<void>;
}

export interface Outgoing {
  readonly method: string;
  /** The exact text of the params object, without `_meta`. */
  readonly params: string;
  /** What modern HTTP repeats in `Mcp-Name`; undefined when the method has no such header. */
  readonly name: string | undefined;
  /** Modern HTTP: `Mcp-Param-*`, encoded. */
  readonly param_headers: Readonly<Record<string, string>>;
  /** Members of `_meta` beside the link's own. */
  readonly meta: JsonObject;
  readonly wants_progress: boolean;
  /** Aborts with a StopReason; the server is told that nobody waits any longer. */
  readonly signal: AbortSignal;
  /** Called right before the first byte is written; when it throws nothing is written. */
  onWrite(): void;
  onNotification(method: string, params: JsonObject): void;
  onServerRequest(method: string, params: JsonObject): void;
}

export type LinkAnswer =
  | { readonly kind: 'result'; readonly result: ResultJsonObject; readonly bytes: number }
  | { readonly kind: 'error'; readonly error: McpErrorBody; readonly bytes: number };

/** What a link tells its context outside of any request. */
export interface LinkEvents {
  /** The server says that its list of tools is another one now. */
  onToolsChanged(): void;
}

/** A kind of transport. */
export interface Connector {
  /** Names the context a call belongs to within its server: calls with the same name share a link. */
  contextOf(server: Server, grant: PermitGrant): string;
  /**
   * Opens a link that can be used at once.
   * @throws upstream.* with `may_have_run: false`, server.command, limit.reached
   */
  open(server: Server, events: LinkEvents, signal: AbortSignal): Promise<Link>;
  /** Forgets what is known about a server (connections, era, spares). Its links are closed already. */
  forget(server: string): Promise<void>;
  children(): number;
  close(): Promise<void>;
}
