import { argumentsOf, type ActionKind } from '../core/action.ts';
import type { Task } from '../core/task.ts';
import { onlyReads } from '../core/tool.ts';
import type { CedarRequest, CedarValue, Entity, EntityUid } from '../standards/cedar/decide.ts';
import { layOutArguments } from './arguments.ts';
import type { PolicyFacts } from './facts.ts';
import { unverifiedLimits } from './unverified-limits.ts';

/**
 * The facts as the one request a policy sees, after `MANDATE_SCHEMA`.
 * @throws Error when the facts contradict each other: a call without its tool, a tool of another server, another's task
 */
export function policyRequest(facts: PolicyFacts): CedarRequest {
  assertOneStory(facts);
  const { agent, server, task, action, tool, approval, now } = facts;
  const laid = layOutArguments(argumentsOf(action));
  const argumentEntities: readonly (readonly [string, string, Readonly<Record<string, CedarValue>>])[] = [
    ['texts', 'Texts', laid.texts],
    ['numbers', 'Numbers', laid.numbers],
    ['flags', 'Flags', laid.flags],
    ['lists', 'Lists', laid.lists],
  ];
  const principal = uid('Agent', agent.id);
  const resource = uid('Server', server.id);
  const agentEnvironment = uid('Environment', facts.agent_environment.id);
  const serverEnvironment = uid('Environment', facts.server_environment.id);
  const entities: Entity[] = [
    {
      uid: principal,
      attrs: { lifecycle: agent.lifecycle, autonomy: agent.autonomy, environment: reference(agentEnvironment) },
      parents: [],
    },
    { uid: resource, attrs: {}, parents: [serverEnvironment] },
    { uid: serverEnvironment, attrs: {}, parents: [] },
  ];
  if (agentEnvironment.id !== serverEnvironment.id) entities.push({ uid: agentEnvironment, attrs: {}, parents: [] });
  for (const [, type, tags] of argumentEntities)
    entities.push({ uid: uid(type, ARGUMENTS), attrs: {}, parents: [], tags });

  return {
    principal,
    action: uid('Action', tool === null ? action.kind : `${tool.server}/${tool.name}`),
    resource,
    context: {
      kind: action.kind,
      task: taskFacts(task, facts),
      delegation: {
        depth: task.chain.length,
        actors: task.chain.map((link) => link.actor).toSorted(),
        on_behalf_of: task.chain[0]?.actor ?? agent.id,
      },
      tool: toolFacts(facts),
      environment: {
        agent: facts.agent_environment.id,
        server: facts.server_environment.id,
        production: facts.agent_environment.production || facts.server_environment.production,
        crossing:
          facts.agent_environment.id !== facts.server_environment.id || task.environment !== facts.agent_environment.id,
      },
      server: { trust: server.trust, regulated: server.regulated },
      approval: { granted: approval.granted, confirmed: approval.confirmed, approvers: approval.approvers },
      history: { calls: facts.spent.calls },
      time: {
        epoch_s: Math.floor(now / 1000),
        hour: Math.floor(now / 3_600_000) % 24,
        // 1970-01-01 was a Thursday.
        weekday: ((Math.floor(now / 86_400_000) + 3) % 7) + 1,
      },
      arguments: Object.fromEntries(argumentEntities.map(([name, type]) => [name, reference(uid(type, ARGUMENTS))])),
      unrepresentable: laid.unrepresentable,
    },
    entities,
  };
}

/** Actions of these kinds change nothing on a server. */
const READING_KINDS: ReadonlySet<ActionKind> = new Set([
  'list',
  'read_resource',
  'subscribe',
  'get_prompt',
  'complete',
]);

const ARGUMENTS = 'arguments';

function assertOneStory({
  agent,
  agent_environment,
  server,
  server_environment,
  action,
  tool,
  task,
}: PolicyFacts): void {
  if ((action.kind === 'call') !== (tool !== null))
    throw new Error('a call has a pinned tool, and only a call has one');
  if (tool !== null && (tool.server !== server.id || tool.name !== action.tool))
    throw new Error('the tool is not the one of the action');
  if (action.server !== server.id) throw new Error('the server is not the one of the action');
  if (task.agent !== agent.id) throw new Error('the task is not of this agent');
  if (agent.environment !== agent_environment.id) throw new Error('the environment is not the one of the agent');
  if (server.environment !== server_environment.id) throw new Error('the environment is not the one of the server');
}

function taskFacts(task: Task, { agent, now }: PolicyFacts): CedarValue {
  const triggeredItself = task.trigger.kind === 'agent' && task.trigger.id === agent.id;
  return {
    id: task.id,
    purpose: task.purpose,
    purpose_source: task.purpose_source,
    unstated: task.purpose_unstated,
    // A person who stated the purpose since has made the task theirs.
    self_opened: task.purpose_source === 'agent' || (triggeredItself && task.purpose_source !== 'human'),
    revision: task.revision,
    unverified_limits: unverifiedLimits(task),
    trigger: { kind: task.trigger.kind, id: task.trigger.id },
    age_s: Math.floor((now - task.opened_at) / 1000),
  };
}

function toolFacts({ action, tool }: PolicyFacts): CedarValue {
  if (tool === null) {
    const reads = READING_KINDS.has(action.kind);
    return {
      name: '',
      effect_classes: reads ? ['read'] : [],
      only_reads: reads,
      reversible: reads,
      facts_confirmed: true,
    };
  }
  return {
    name: tool.name,
    effect_classes: tool.facts.effect_class,
    only_reads: onlyReads(tool.facts),
    reversible: tool.facts.reversible,
    facts_confirmed: tool.facts.source === 'confirmed',
  };
}

function uid(type: string, id: string): EntityUid {
  return { type: `Mandate::${type}`, id };
}

function reference(entity: EntityUid): CedarValue {
  return { __entity: { type: entity.type, id: entity.id } };
}
