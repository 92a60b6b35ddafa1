import type { Caller } from '../core/caller.ts';
import { MandateError } from '../core/errors.ts';
import { mayAct } from '../core/lifecycle.ts';
import type { Task } from '../core/task.ts';
import type { Hasher } from '../ports/hasher.ts';
import { currentCaller } from './current-caller.ts';
import { gatherEndings } from './end-work.ts';
import { issueToken, type IssuedToken } from './issue-token.ts';
import { makeChange, type Control } from './make-change.ts';
import { openTaskOf } from './open-task-of.ts';

/**
 * A new token for an open task; the old one ends. For the agent that holds a live token of this very task, and for
 * whoever triggered the task.
 * @throws auth.forbidden, auth.invalid, not_found, task.closed, task.agent_state
 */
export function renewToken(
  deps: Control & { readonly hasher: Hasher },
  request: { readonly caller: Caller; readonly task: string },
): Promise<IssuedToken> {
  return deps.exclusively(async () => {
    const now = deps.clock.now();
    const caller = currentCaller(deps.snapshot, request.caller, now);
    const task = openTaskOf(deps.snapshot, request.task, now);
    requireHolder(caller, task);
    const agent = deps.snapshot.agent(task.agent);
    if (agent === undefined || !mayAct(agent.lifecycle)) throw new MandateError('task.agent_state');
    const endings = gatherEndings(deps.snapshot, now);
    for (const token of deps.snapshot.credentialsOf(task.agent)) {
      if (token.kind === 'task_token' && token.task === task.id) endings.credential(token, 'Renewed.');
    }
    const issued = issueToken(deps, task, now);
    await makeChange(deps, {
      caller,
      kind: 'renewed',
      subject: { noun: 'task', id: task.id },
      reason: null,
      details: { agent: task.agent, token_id: issued.token.id },
      writes: [...endings.writes(), { noun: 'credential', value: issued.token }],
      now,
    });
    return issued;
  });
}

function requireHolder(caller: Caller, task: Task): void {
  switch (caller.kind) {
    case 'operator':
    case 'mandate':
      return;
    case 'agent':
      if (caller.agent === task.agent && caller.task === task.id) return;
      break;
    case 'human':
      if (task.trigger.kind === 'human' && task.trigger.id === caller.human.id) return;
      break;
  }
  throw new MandateError('auth.forbidden', 'Only the agent of the task and whoever triggered it may renew its token.');
}
