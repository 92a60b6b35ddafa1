import { coversServer, coversTool, toolName, type ToolPattern } from '../core/scope.ts';
import type { ServerId } from '../core/ids.ts';
import type { Task } from '../core/task.ts';
import type { PinnedTool } from '../core/tool.ts';
import type { Snapshot } from './snapshot.ts';

/**
 * The tools of a server that exist for a task: pinned, and within the agent's entitlement, the requester's and the
 * task's scope. By name in code unit order. Showing one permits nothing: each call is decided on its own.
 */
export function visibleTools(snapshot: Snapshot, task: Task, server: ServerId): readonly PinnedTool[] {
  const lists = listsOver(snapshot, task);
  return snapshot
    .toolsOf(server)
    .filter(
      (tool) => tool.state === 'pinned' && lists.every((patterns) => coversTool(patterns, toolName(server, tool.name))),
    );
}

/** The registered servers that a task may reach at all, by id. */
export function visibleServers(snapshot: Snapshot, task: Task): readonly ServerId[] {
  const lists = listsOver(snapshot, task);
  return [...snapshot.servers()]
    .filter((server) => server.state === 'registered' && lists.every((patterns) => coversServer(patterns, server.id)))
    .map((server) => server.id)
    .sort();
}

function listsOver(snapshot: Snapshot, task: Task): readonly (readonly ToolPattern[])[] {
  const agent = snapshot.agent(task.agent);
  const origin = task.chain[0];
  const requester = origin?.kind === 'human' ? snapshot.human(origin.actor) : undefined;
  const lent = requester?.entitlement?.tools;
  return [agent?.entitlement.tools ?? [], task.scope.tools, ...(lent === undefined ? [] : [lent])];
}
