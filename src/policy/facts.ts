import type { Action } from '../core/action.ts';
import type { Agent } from '../core/actor.ts';
import type { Environment } from '../core/environment.ts';
import type { Instant } from '../core/instant.ts';
import type { Server } from '../core/server.ts';
import type { Task } from '../core/task.ts';
import type { PinnedTool } from '../core/tool.ts';

/** Everything a policy may see of one action: all of it present, or there is no decision. */
export interface PolicyFacts {
  readonly agent: Agent;
  readonly agent_environment: Environment;
  readonly server: Server;
  readonly server_environment: Environment;
  readonly action: Action;
  /** The pinned tool of a `call`; null for every other kind. */
  readonly tool: PinnedTool | null;
  readonly task: Task;
  /** `granted`: other people approved exactly this; `confirmed`: only the requester did. */
  readonly approval: { readonly granted: boolean; readonly confirmed: boolean; readonly approvers: number };
  /** Allowed calls of the task so far. */
  readonly spent: { readonly calls: number };
  readonly now: Instant;
}
