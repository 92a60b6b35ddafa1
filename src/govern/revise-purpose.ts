import { callerName, type Caller } from '../core/caller.ts';
import { MandateError } from '../core/errors.ts';
import { mayAct } from '../core/lifecycle.ts';
import { isOwner } from '../core/ownership.ts';
import { PURPOSE_CHARS_MAX, revisePurpose, type PurposeSource, type Task } from '../core/task.ts';
import type { Hasher } from '../ports/hasher.ts';
import { checkedWords } from './checked-text.ts';
import { currentCaller } from './current-caller.ts';
import { countsOf, gatherEndings } from './end-work.ts';
import { issueToken, type IssuedToken } from './issue-token.ts';
import { makeChange, type Control } from './make-change.ts';
import { openTaskOf } from './open-task-of.ts';
import type { Snapshot } from './snapshot.ts';

/**
 * Another purpose for an open task. Its tokens, approvals and child tasks end with the old one; what it read and spent
 * stays, or a new purpose would launder it. An agent may only propose: it is refused here.
 * @throws auth.forbidden, not_found, task.closed, task.purpose, task.agent_state
 */
export function revisePurposeOf(
  deps: Control & { readonly hasher: Hasher },
  request: { readonly caller: Caller; readonly task: string; readonly purpose: string },
): Promise<{ readonly task: Task } & IssuedToken> {
  return deps.exclusively(async () => {
    const now = deps.clock.now();
    const caller = currentCaller(deps.snapshot, request.caller, now);
    const task = openTaskOf(deps.snapshot, request.task, now);
    const purpose_source = sourceOf(deps.snapshot, caller, task);
    const agent = deps.snapshot.agent(task.agent);
    if (agent === undefined || !mayAct(agent.lifecycle)) throw new MandateError('task.agent_state');
    const purpose = checkedWords(request.purpose, '/purpose', PURPOSE_CHARS_MAX, 'task.purpose');
    const revised = revisePurpose(task, { purpose, purpose_source, set_by: callerName(caller), at: now });
    const endings = gatherEndings(deps.snapshot, now);
    endings.workOf(task, 'The purpose of the task was revised.');
    const issued = issueToken(deps, { task: revised, caller }, now);
    await makeChange(deps, {
      caller,
      kind: 'task_revised',
      subject: { noun: 'task', id: task.id },
      reason: null,
      details: {
        agent: task.agent,
        revision: revised.revision,
        purpose,
        purpose_source,
        token_id: issued.token.id,
        ended: countsOf(endings.counts()),
      },
      writes: [...endings.writes(), { noun: 'task', value: revised }, { noun: 'credential', value: issued.token }],
      now,
    });
    return { task: revised, ...issued };
  }, request.caller.kind);
}

function sourceOf(snapshot: Snapshot, caller: Caller, task: Task): PurposeSource {
  if (caller.kind === 'human') {
    const owners = snapshot.agent(task.agent)?.owners;
    if (owners !== undefined && isOwner(owners, caller.human.id)) return 'human';
    if (task.trigger.kind === 'human' && task.trigger.id === caller.human.id) return 'human';
  }
  if ((caller.kind === 'operator' || caller.kind === 'mandate') && task.trigger.kind === 'operator') return 'event';
  throw new MandateError(
    'auth.forbidden',
    'Only whoever triggered the task, or an owner of its agent, may revise its purpose.',
  );
}
