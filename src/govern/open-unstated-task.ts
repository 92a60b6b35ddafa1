import { MandateError } from '../core/errors.ts';
import type { ActorId, CredentialId } from '../core/ids.ts';
import { plusMs } from '../core/instant.ts';
import { isOpen, PURPOSE_NOT_STATED, TASK_MS_MAX, type Task } from '../core/task.ts';
import { currentCaller } from './current-caller.ts';
import { makeChange, type Control } from './make-change.ts';
import { agentForTask } from './open-task.ts';

/**
 * The open task of an agent that calls before anyone stated a purpose, found or opened: real coding agents connect and
 * list tools first. It reaches what the agent may reach, and may only read until somebody states its purpose.
 * @throws auth.invalid, task.agent_state, owners.*
 */
export function unstatedTask(
  control: Control,
  request: { readonly agent: ActorId; readonly credential: CredentialId },
): Promise<Task> {
  const known = openUnstated(control, request.agent);
  if (known !== undefined) return Promise.resolve(known);
  return control.exclusively(async () => {
    const now = control.clock.now();
    const opened = openUnstated(control, request.agent);
    if (opened !== undefined) return opened;
    const caller = currentCaller(
      control.snapshot,
      { kind: 'agent', agent: request.agent, task: null, credential: request.credential },
      now,
    );
    const agent = agentForTask(control.snapshot, request.agent);
    if (agent.entitlement.tools.length === 0) throw new MandateError('task.scope', `${agent.id} may reach nothing.`);
    const task: Task = {
      id: control.random.id('tsk'),
      agent: agent.id,
      environment: agent.environment,
      purpose: PURPOSE_NOT_STATED,
      purpose_source: 'agent',
      revision: 1,
      revisions: [{ revision: 1, purpose: PURPOSE_NOT_STATED, purpose_source: 'agent', set_by: agent.id, at: now }],
      trigger: { kind: 'agent', id: agent.id },
      chain: [{ actor: agent.id, kind: 'agent' }],
      scope: { tools: agent.entitlement.tools },
      budget: {},
      parent: null,
      state: 'open',
      purpose_unstated: true,
      opened_at: now,
      expires_at: plusMs(now, TASK_MS_MAX),
      ended_at: null,
      ended_reason: null,
      version: 1,
    };
    await makeChange(control, {
      caller,
      kind: 'task_opened',
      subject: { noun: 'task', id: task.id },
      reason: null,
      details: { agent: agent.id, purpose: task.purpose, purpose_source: 'agent', tools: task.scope.tools },
      writes: [{ noun: 'task', value: task }],
      now,
    });
    return task;
  }, 'agent');
}

/** Opened without a purpose; somebody may have stated one since, and the key survives that. The newest, if several. */
function openUnstated(control: Control, agent: ActorId): Task | undefined {
  const now = control.clock.now();
  return control.snapshot
    .tasksOf(agent)
    .filter((task) => task.revisions[0]?.purpose === PURPOSE_NOT_STATED && task.parent === null && isOpen(task, now))
    .sort((a, b) => (a.id < b.id ? 1 : -1))[0];
}
