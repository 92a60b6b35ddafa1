import type { Agent } from '../core/actor.ts';
import type { Caller } from '../core/caller.ts';
import { callerName } from '../core/caller.ts';
import { extendChain, isInChain, widenings, type Chain } from '../core/delegation.ts';
import { MandateError } from '../core/errors.ts';
import { plusMs, toRfc3339, type Instant } from '../core/instant.ts';
import { mayAct } from '../core/lifecycle.ts';
import { ownershipGaps } from '../core/ownership.ts';
import type { Budget, Scope } from '../core/scope.ts';
import { isOpen, PURPOSE_CHARS_MAX, TASK_MS_MAX, type PurposeSource, type Task, type Trigger } from '../core/task.ts';
import { DATA_CLASSES, type DataClass } from '../core/tool.ts';
import type { Hasher } from '../ports/hasher.ts';
import { checkedWords } from './checked-text.ts';
import { currentCaller } from './current-caller.ts';
import { issueToken, type IssuedToken } from './issue-token.ts';
import { knownTools, requireWithin } from './known-tools.ts';
import { makeChange, type Control } from './make-change.ts';
import { requireRole } from './require-role.ts';
import type { Snapshot } from './snapshot.ts';

export interface OpenTaskRequest {
  readonly caller: Caller;
  readonly agent: string;
  readonly purpose: string;
  readonly scope: {
    readonly tools: readonly string[];
    readonly destinations?: readonly string[];
    readonly data_ceiling?: DataClass;
  };
  readonly budget: Budget;
  readonly expires_in_s: number;
  /** The task under whose authority this one stands; it can only narrow it. */
  readonly parent?: string;
}

export const OPEN_TASKS_PER_AGENT_MAX = 1000;

/**
 * A task and its first token. Who triggered it, and so where its purpose came from, is the caller and nothing in the
 * request; what an agent opens for itself says so, and may only read.
 * @throws auth.forbidden, input.invalid, not_found, task.agent_state, task.purpose, task.scope, task.closed, owners.*, limit.reached
 */
export function openTask(
  deps: Control & { readonly hasher: Hasher },
  request: OpenTaskRequest,
): Promise<{ readonly task: Task } & IssuedToken> {
  return deps.exclusively(async () => {
    const now = deps.clock.now();
    const { snapshot } = deps;
    const caller = currentCaller(snapshot, request.caller, now);
    const agent = agentForTask(snapshot, request.agent);
    const parent = request.parent === undefined ? null : parentOf(snapshot, request.parent, now);
    const { trigger, purpose_source } = triggerOf(caller, agent, parent);
    const purpose = checkedWords(request.purpose, '/purpose', PURPOSE_CHARS_MAX, 'task.purpose');
    const scope = checkedScope(snapshot, request.scope);
    requireWithin(scope.tools, agent.entitlement.tools, agent.id);
    if (caller.kind === 'human' && caller.human.entitlement !== null) {
      requireWithin(scope.tools, caller.human.entitlement.tools, caller.human.id);
    }
    const task: Task = {
      id: deps.random.id('tsk'),
      agent: agent.id,
      environment: agent.environment,
      purpose,
      purpose_source,
      revision: 1,
      revisions: [{ revision: 1, purpose, purpose_source, set_by: callerName(caller), at: now }],
      trigger,
      chain: chainOf(caller, agent, parent),
      scope,
      budget: checkedBudget(request.budget),
      parent: parent?.id ?? null,
      state: 'open',
      purpose_unstated: false,
      opened_at: now,
      expires_at: plusMs(now, checkedDurationMs(request.expires_in_s)),
      ended_at: null,
      ended_reason: null,
      version: 1,
    };
    const wider = parent === null ? [] : widenings(task, parent);
    if (wider.length > 0) throw new MandateError('task.scope', wider.join(' '), { at: '/parent' });
    const issued = issueToken(deps, { task, caller }, now);
    await makeChange(deps, {
      caller,
      kind: 'task_opened',
      subject: { noun: 'task', id: task.id },
      reason: null,
      details: {
        agent: task.agent,
        purpose: task.purpose,
        purpose_source,
        trigger: { ...trigger },
        chain: task.chain.map((link) => link.actor),
        tools: scope.tools,
        budget: { ...task.budget },
        expires_at: toRfc3339(task.expires_at),
        parent: task.parent,
        token_id: issued.token.id,
      },
      writes: [
        { noun: 'task', value: task },
        { noun: 'credential', value: issued.token },
      ],
      now,
    });
    return { task, ...issued };
  }, request.caller.kind);
}

/** The agent, able to hold one more task. @throws not_found, task.agent_state, owners.*, limit.reached */
export function agentForTask(snapshot: Snapshot, id: string): Agent {
  const agent = snapshot.agent(id);
  if (agent === undefined)
    throw new MandateError('not_found', `There is no agent ${JSON.stringify(id.slice(0, 40))}.`, { at: '/agent' });
  if (!mayAct(agent.lifecycle)) {
    throw new MandateError(
      'task.agent_state',
      `${agent.id} is ${agent.lifecycle}; only a probationary or active agent may hold a task.`,
      { at: '/agent' },
    );
  }
  const environment = { production: snapshot.isProduction(agent.environment) };
  const [gap] = ownershipGaps(agent.owners, (human) => snapshot.human(human), environment);
  if (gap !== undefined) throw new MandateError(gap, undefined, { at: '/agent' });
  const open = snapshot.tasksOf(agent.id).filter((task) => task.state === 'open').length;
  if (open >= OPEN_TASKS_PER_AGENT_MAX) {
    throw new MandateError(
      'limit.reached',
      `${agent.id} has ${OPEN_TASKS_PER_AGENT_MAX} open tasks; close some first.`,
    );
  }
  return agent;
}

function parentOf(snapshot: Snapshot, id: string, now: Instant): Task {
  const parent = snapshot.task(id);
  if (parent === undefined) throw new MandateError('not_found', 'There is no such parent task.', { at: '/parent' });
  if (!isOpen(parent, now)) throw new MandateError('task.closed', 'The parent task is not open.', { at: '/parent' });
  return parent;
}

/** Who set it going, and whether they may: everyone asks in their own name. */
function triggerOf(
  caller: Caller,
  agent: Agent,
  parent: Task | null,
): { readonly trigger: Trigger; readonly purpose_source: PurposeSource } {
  switch (caller.kind) {
    case 'operator':
    case 'mandate':
      return { trigger: { kind: 'operator', id: caller.kind }, purpose_source: 'event' };
    case 'human':
      requireRole(caller, 'admin', 'security', 'approver', 'member');
      // A child runs on the authority of everyone in its parent's chain; nobody else lends it out.
      if (parent !== null && !isInChain(parent.chain, caller.human.id)) {
        throw new MandateError(
          'auth.forbidden',
          'Only someone in the chain of the parent task may open a task under it.',
          { at: '/parent' },
        );
      }
      return { trigger: { kind: 'human', id: caller.human.id }, purpose_source: 'human' };
    case 'agent':
      if (parent !== null && (caller.task !== parent.id || parent.agent !== caller.agent)) {
        throw new MandateError('auth.forbidden', 'An agent opens tasks under its own task only.', { at: '/parent' });
      }
      if (parent === null && caller.agent !== agent.id) {
        throw new MandateError('auth.forbidden', 'An agent opens tasks for another agent under its own task only.', {
          at: '/agent',
        });
      }
      return { trigger: { kind: 'agent', id: caller.agent }, purpose_source: statedAbove(parent) ? 'parent' : 'agent' };
  }
}

/** Under a task that an agent opened for itself, a child is no better founded: it may only read, too. */
function statedAbove(parent: Task | null): boolean {
  return parent !== null && parent.purpose_source !== 'agent' && !parent.purpose_unstated;
}

function chainOf(caller: Caller, agent: Agent, parent: Task | null): Chain {
  const link = { actor: agent.id, kind: 'agent' } as const;
  if (parent === null) return caller.kind === 'human' ? [{ actor: caller.human.id, kind: 'human' }, link] : [link];
  if (parent.agent === agent.id) return parent.chain;
  const extended = extendChain(parent.chain, link);
  if ('refused' in extended) throw new MandateError('task.scope', extended.refused, { at: '/parent' });
  return extended.chain;
}

const DESTINATIONS_MAX = 200;
const DESTINATION = /^(?:host|email|path|account|channel|repo):[^\p{Cc}\s]{1,500}$/u;

function checkedScope(snapshot: Snapshot, asked: OpenTaskRequest['scope']): Scope {
  const tools = knownTools(snapshot, asked.tools, '/scope/tools');
  if (tools.length === 0) throw new MandateError('task.scope', 'The scope names no tool.', { at: '/scope/tools' });
  const { destinations, data_ceiling } = asked;
  if (
    destinations !== undefined &&
    (destinations.length > DESTINATIONS_MAX || !destinations.every((one) => DESTINATION.test(one)))
  ) {
    throw new MandateError(
      'input.invalid',
      `At most ${DESTINATIONS_MAX} destinations, each host:, email:, path:, account:, channel: or repo: and a value.`,
      { at: '/scope/destinations' },
    );
  }
  if (data_ceiling !== undefined && !DATA_CLASSES.includes(data_ceiling)) {
    throw new MandateError('input.invalid', `The data ceiling is one of ${DATA_CLASSES.join(', ')}.`, {
      at: '/scope/data_ceiling',
    });
  }
  return {
    tools,
    ...(destinations === undefined ? {} : { destinations }),
    ...(data_ceiling === undefined ? {} : { data_ceiling }),
  };
}

function checkedBudget(budget: Budget): Budget {
  for (const unit of ['calls', 'spend', 'records'] as const) {
    const limit = budget[unit];
    if (limit !== undefined && (!Number.isSafeInteger(limit) || limit < 0)) {
      throw new MandateError('input.invalid', `The budget of ${unit} is a whole number from 0.`, {
        at: `/budget/${unit}`,
      });
    }
  }
  return budget;
}

function checkedDurationMs(seconds: number): number {
  if (!Number.isSafeInteger(seconds) || seconds < 1 || seconds * 1000 > TASK_MS_MAX) {
    throw new MandateError('input.invalid', `A task lasts 1 to ${TASK_MS_MAX / 1000} seconds.`, {
      at: '/expires_in_s',
    });
  }
  return seconds * 1000;
}
