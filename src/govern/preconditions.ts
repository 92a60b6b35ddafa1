import type { Action } from '../core/action.ts';
import type { Agent } from '../core/actor.ts';
import type { Environment } from '../core/environment.ts';
import type { CredentialId } from '../core/ids.ts';
import type { Instant } from '../core/instant.ts';
import { mayAct } from '../core/lifecycle.ts';
import { reason, type Reason, type ReasonCode } from '../core/reasons.ts';
import { coversServer, coversTool, toolName, type ToolPattern } from '../core/scope.ts';
import type { Server } from '../core/server.ts';
import type { Task } from '../core/task.ts';
import type { PinnedTool } from '../core/tool.ts';
import type { Snapshot } from './snapshot.ts';

/** Everything a decision is about, found and still standing. */
export interface Standing {
  readonly agent: Agent;
  readonly agent_environment: Environment;
  readonly task: Task;
  readonly server: Server;
  readonly server_environment: Environment;
  /** Null for kinds other than `call`. */
  readonly tool: PinnedTool | null;
}

export interface AskedAction {
  readonly agent: string;
  readonly task: string | null;
  readonly action: Action;
  /** With which it was asked; left out by a dry run. */
  readonly credential?: CredentialId;
}

export type Preconditions =
  | { readonly ok: true; readonly standing: Standing }
  /** `found` holds what could be found, for the record. */
  | { readonly ok: false; readonly reason: Reason; readonly found: Partial<Standing> };

/** What must hold whatever policy says. Pure: it reads the snapshot and nothing else. The first gap is the reason. */
export function preconditions(snapshot: Snapshot, asked: AskedAction, now: Instant): Preconditions {
  let found: Partial<Standing> = {};
  const refuse = (code: ReasonCode): Preconditions => ({ ok: false, reason: reason(code), found });

  const agent = snapshot.agent(asked.agent);
  if (agent === undefined) return refuse('actor.unknown');
  found = { agent };
  if (agent.lifecycle === 'suspended') return refuse('actor.suspended');
  if (!mayAct(agent.lifecycle)) return refuse('actor.not_active');

  const task = asked.task === null ? undefined : snapshot.task(asked.task);
  if (task === undefined || task.agent !== agent.id) return refuse('task.unknown');
  found = { ...found, task };
  if (task.state !== 'open') return refuse('task.closed');
  if (now >= task.expires_at) return refuse('task.expired');
  for (const link of task.chain) {
    const actor = snapshot.actor(link.actor);
    if (actor === undefined || !mayAct(actor.lifecycle)) return refuse('chain.inactive');
  }
  for (let parent = task.parent; parent !== null;) {
    const above: Task | undefined = snapshot.task(parent);
    if (above === undefined || above.state !== 'open' || now >= above.expires_at) return refuse('task.closed');
    parent = above.parent;
  }

  const server = snapshot.server(asked.action.server);
  if (server === undefined || server.state !== 'registered') return refuse('server.unknown');
  found = { ...found, server };
  const agent_environment = snapshot.environment(agent.environment);
  const server_environment = snapshot.environment(server.environment);
  // An environment that is no longer configured is an unknown fact.
  if (agent_environment === undefined || server_environment === undefined) return refuse('environment.crossing');
  found = { ...found, agent_environment, server_environment };

  const origin = task.chain[0];
  const requester = origin?.kind === 'human' ? snapshot.human(origin.actor) : undefined;
  const lists: readonly (readonly [readonly ToolPattern[] | null, ReasonCode])[] = [
    [agent.entitlement.tools, 'scope.ceiling'],
    [requester?.entitlement?.tools ?? null, 'scope.requester'],
    [task.scope.tools, 'scope.tool'],
  ];
  const { tool: named, kind } = asked.action;
  for (const [patterns, code] of lists) {
    if (patterns === null) continue;
    const covered =
      named === null ? coversServer(patterns, server.id) : coversTool(patterns, toolName(server.id, named));
    if (!covered) return refuse(code);
  }

  if (kind !== 'call')
    return { ok: true, standing: { agent, agent_environment, task, server, server_environment, tool: null } };
  const tool = named === null ? undefined : snapshot.tool(server.id, named);
  if (tool === undefined || tool.state === 'gone') return refuse('tool.unknown');
  found = { ...found, tool };
  if (tool.state === 'quarantined') return refuse('tool.quarantined');
  if (tool.state === 'changed') return refuse('tool.changed');
  if (tool.state === 'refused') return refuse('tool.refused');
  return { ok: true, standing: { agent, agent_environment, task, server, server_environment, tool } };
}
