import type { Actor, Agent, Human, Workload } from '../core/actor.ts';
import { PROMOTION_APPROVAL_MS, type Approval } from '../core/approval.ts';
import type { Write } from '../core/change.ts';
import type { Credential } from '../core/credential.ts';
import type { Environment } from '../core/environment.ts';
import type { ActorId, ApprovalId, CredentialId, EnvironmentId, ServerId, TaskId } from '../core/ids.ts';
import type { Instant } from '../core/instant.ts';
import { mayAct } from '../core/lifecycle.ts';
import type { PolicySet } from '../core/policy-set.ts';
import type { Server } from '../core/server.ts';
import { TASK_MS_MAX, type Task } from '../core/task.ts';
import type { PinnedTool } from '../core/tool.ts';
import type { CommittedChange } from '../ports/changes.ts';
import { PAGE_ITEMS_MAX, type Page, type PageRequest } from '../ports/page.ts';
import type { Store } from '../ports/store.ts';

/** What a change ended: enforcement points and upstreams cut exactly this. */
export interface Ended {
  readonly agents: readonly ActorId[];
  readonly tasks: readonly TaskId[];
  readonly credentials: readonly CredentialId[];
  readonly approvals: readonly ApprovalId[];
  readonly servers: readonly ServerId[];
}

/** The one in-memory state that decisions read. Everything in it was committed; nothing is looked up while deciding. */
export interface Snapshot {
  actor(id: string): Actor | undefined;
  human(id: string): Human | undefined;
  agent(id: string): Agent | undefined;
  workload(id: string): Workload | undefined;
  actors(): Iterable<Actor>;
  environment(id: string): Environment | undefined;
  /** One that is no longer configured counts as production: nothing is looser for being unknown. */
  isProduction(environment: string): boolean;
  environments(): readonly Environment[];
  server(id: string): Server | undefined;
  servers(): Iterable<Server>;
  tool(server: string, name: string): PinnedTool | undefined;
  toolsOf(server: string): readonly PinnedTool[];
  /** Grows when the set of tool names changes; the policy schema is made from them. */
  toolsVersion(): number;
  /** Open tasks, and those that ended since this process started. */
  task(id: string): Task | undefined;
  tasksOf(agent: ActorId): readonly Task[];
  openTasks(): Iterable<Task>;
  approval(id: string): Approval | undefined;
  /** The newest approval of this digest that can be used, or refuses it still. */
  approvalByDigest(digest: string): Approval | undefined;
  approvalsOf(agent: ActorId): readonly Approval[];
  liveApprovals(): Iterable<Approval>;
  credential(id: string): Credential | undefined;
  /** Live and recently ended ones. */
  credentialByHash(hash: string): Credential | undefined;
  credentialsOf(actor: ActorId): readonly Credential[];
  liveCredentials(): Iterable<Credential>;
  policySet(): PolicySet | undefined;
  /** The seq of the newest change in here. */
  seq(): number;
  apply(change: CommittedChange): Ended;
}

/**
 * Loads everything live from the store: actors, servers and tools whole, tasks that are open, approvals that can still
 * be used or still refuse something, credentials that have not ended.
 */
export async function openSnapshot(
  store: Store,
  environments: readonly Environment[],
  now: Instant,
): Promise<Snapshot> {
  const snapshot = emptySnapshot(environments);
  const seq = await store.changes.latest();
  for await (const actor of everyItem((page) => store.actors.list({}, page)))
    snapshot.load({ noun: 'actor', value: actor });
  for await (const server of everyItem((page) => store.servers.list(page))) {
    snapshot.load({ noun: 'server', value: server });
    for (const tool of await store.tools.listOf(server.id)) snapshot.load({ noun: 'tool', value: tool });
  }
  for await (const task of everyItem((page) => store.tasks.list({ state: 'open' }, page)))
    snapshot.load({ noun: 'task', value: task });
  for (const state of ['pending', 'approved', 'confirmed'] as const) {
    for await (const approval of everyItem((page) => store.approvals.list({ state }, page))) {
      snapshot.load({ noun: 'approval', value: approval });
    }
  }
  // Newest first: what is older than any task or promotion may be, refuses nothing any more.
  for await (const approval of everyItem((page) => store.approvals.list({ state: 'denied' }, page))) {
    if (now - approval.created_at > REFUSAL_MS_MAX) break;
    if (stillRefuses(snapshot, approval, now)) snapshot.load({ noun: 'approval', value: approval });
  }
  for await (const credential of everyItem((page) => store.credentials.list({ ended: false }, page))) {
    snapshot.load({ noun: 'credential', value: credential });
  }
  const published = await store.policySets.published();
  if (published !== undefined) snapshot.load({ noun: 'policy_set', value: published });
  snapshot.caughtUp(seq);
  return snapshot;
}

/** An action is refused as long as its task may last; a promotion, as long as its approval could have been given. */
const REFUSAL_MS_MAX = Math.max(TASK_MS_MAX, PROMOTION_APPROVAL_MS);

/** Whether what was refused could be asked again in the very same words. */
function stillRefuses(snapshot: Snapshot, { subject, agent: of, ...refused }: Approval, now: Instant): boolean {
  const agent = snapshot.agent(of);
  if (agent === undefined || !mayAct(agent.lifecycle)) return false;
  if (subject.kind === 'transition') return agent.updated_at <= refused.created_at && now < refused.expires_at;
  const task = snapshot.task(subject.task);
  return task?.state === 'open' && task.revision === subject.revision;
}

interface LoadingSnapshot extends Snapshot {
  load(write: Write): void;
  caughtUp(seq: number): void;
}

/** How many ended tasks, approvals and credentials stay known, so that their use is told apart from an unknown id. */
const ENDED_KEPT_MAX = 10_000;

/** An empty snapshot; for a new installation and for tests. */
export function emptySnapshot(environments: readonly Environment[]): LoadingSnapshot {
  const byEnvironment = new Map<string, Environment>(environments.map((one) => [one.id as string, one]));
  const actors = new Map<string, Actor>();
  const servers = new Map<string, Server>();
  const tools = new Map<string, Map<string, PinnedTool>>();
  const tasks = new Map<string, Task>();
  const tasksByAgent = new Map<string, Set<string>>();
  const approvals = new Map<string, Approval>();
  const approvalsByDigest = new Map<string, string>();
  const approvalsByAgent = new Map<string, Set<string>>();
  const credentials = new Map<string, Credential>();
  const credentialsByHash = new Map<string, string>();
  const credentialsByActor = new Map<string, Set<string>>();
  const endedKeys: (() => void)[] = [];
  let policySet: PolicySet | undefined;
  let toolsVersion = 0;
  let seq = 0;

  const forgetLater = (forget: () => void): void => {
    endedKeys.push(forget);
    if (endedKeys.length > ENDED_KEPT_MAX) endedKeys.shift()?.();
  };

  function setTool(tool: PinnedTool): void {
    const ofServer = tools.get(tool.server) ?? new Map<string, PinnedTool>();
    if (!ofServer.has(tool.name)) toolsVersion += 1;
    ofServer.set(tool.name, tool);
    tools.set(tool.server, ofServer);
  }

  function setTask(task: Task): void {
    const wasOpen = tasks.get(task.id)?.state === 'open';
    tasks.set(task.id, task);
    forgetRefusals(
      task.agent,
      ({ subject }) =>
        subject.kind === 'action' &&
        subject.task === task.id &&
        (task.state !== 'open' || task.revision !== subject.revision),
    );
    memberOf(tasksByAgent, task.agent).add(task.id);
    if (task.state !== 'open' && wasOpen) {
      forgetLater(() => {
        tasks.delete(task.id);
        tasksByAgent.get(task.agent)?.delete(task.id);
      });
    }
  }

  function setActor(actor: Actor): void {
    actors.set(actor.id, actor);
    // A promotion is asked for in the words of one version of the agent; who may not act asks for nothing.
    if (actor.kind === 'agent')
      forgetRefusals(actor.id, ({ subject }) => subject.kind === 'transition' || !mayAct(actor.lifecycle));
  }

  /** Ends the memory of refusals whose question cannot come again: nothing else would, since they are never used up. */
  function forgetRefusals(agent: ActorId, isOver: (refused: Approval) => boolean): void {
    for (const approval of all(approvalsByAgent, agent, approvals))
      if (approval.state === 'denied' && isOver(approval)) forgetApproval(approval);
  }

  function forgetApproval(approval: Approval): void {
    if (approvalsByDigest.get(approval.digest) === approval.id) approvalsByDigest.delete(approval.digest);
    approvalsByAgent.get(approval.agent)?.delete(approval.id);
    forgetLater(() => approvals.delete(approval.id));
  }

  function setApproval(approval: Approval): void {
    approvals.set(approval.id, approval);
    memberOf(approvalsByAgent, approval.agent).add(approval.id);
    if (approval.state === 'consumed' || approval.state === 'void' || approval.state === 'expired') {
      forgetApproval(approval);
    } else {
      approvalsByDigest.set(approval.digest, approval.id);
    }
  }

  function setCredential(credential: Credential): void {
    credentials.set(credential.id, credential);
    credentialsByHash.set(credential.hash, credential.id);
    memberOf(credentialsByActor, credential.actor).add(credential.id);
    if (credential.ended_at !== null) {
      credentialsByActor.get(credential.actor)?.delete(credential.id);
      forgetLater(() => {
        credentials.delete(credential.id);
        credentialsByHash.delete(credential.hash);
      });
    }
  }

  function load(write: Write): void {
    switch (write.noun) {
      case 'actor':
        setActor(write.value);
        return;
      case 'server':
        servers.set(write.value.id, write.value);
        return;
      case 'tool':
        setTool(write.value);
        return;
      case 'task':
        setTask(write.value);
        return;
      case 'approval':
        setApproval(write.value);
        return;
      case 'credential':
        setCredential(write.value);
        return;
      case 'policy_set':
        if (write.value.state === 'published') policySet = write.value;
        return;
    }
  }

  function apply(change: CommittedChange): Ended {
    const ended = {
      agents: [] as ActorId[],
      tasks: [] as TaskId[],
      credentials: [] as CredentialId[],
      approvals: [] as ApprovalId[],
      servers: [] as ServerId[],
    };
    for (const write of change.writes) {
      switch (write.noun) {
        case 'actor': {
          const before = actors.get(write.value.id);
          if (before !== undefined && mayAct(before.lifecycle) && !mayAct(write.value.lifecycle))
            ended.agents.push(write.value.id);
          break;
        }
        case 'task':
          if (write.value.state !== 'open' && tasks.get(write.value.id)?.state === 'open')
            ended.tasks.push(write.value.id);
          break;
        case 'credential':
          if (endedEarly(write.value)) ended.credentials.push(write.value.id);
          break;
        case 'approval':
          if (write.value.state === 'void' || write.value.state === 'expired') ended.approvals.push(write.value.id);
          break;
        case 'server':
          if (write.value.state === 'removed') ended.servers.push(write.value.id);
          break;
        case 'tool':
        case 'policy_set':
          break;
      }
      load(write);
    }
    seq = change.seq;
    return ended;
  }

  const ofKind = <K extends Actor['kind']>(id: string, kind: K): Extract<Actor, { kind: K }> | undefined => {
    const actor = actors.get(id);
    return actor?.kind === kind ? (actor as Extract<Actor, { kind: K }>) : undefined; // narrowed by the comparison
  };

  return {
    actor: (id) => actors.get(id),
    human: (id) => ofKind(id, 'human'),
    agent: (id) => ofKind(id, 'agent'),
    workload: (id) => ofKind(id, 'workload'),
    actors: () => actors.values(),
    environment: (id: EnvironmentId | string) => byEnvironment.get(id),
    isProduction: (id) => byEnvironment.get(id)?.production ?? true,
    environments: () => environments,
    server: (id) => servers.get(id),
    servers: () => servers.values(),
    tool: (server, name) => tools.get(server)?.get(name),
    toolsOf: (server) => [...(tools.get(server)?.values() ?? [])].sort((a, b) => (a.name < b.name ? -1 : 1)),
    toolsVersion: () => toolsVersion,
    task: (id) => tasks.get(id),
    tasksOf: (agent) => all(tasksByAgent, agent, tasks),
    openTasks: () => [...tasks.values()].filter((task) => task.state === 'open'),
    approval: (id) => approvals.get(id),
    approvalByDigest: (digest) => approvals.get(approvalsByDigest.get(digest) ?? ''),
    approvalsOf: (agent) => all(approvalsByAgent, agent, approvals),
    liveApprovals: () => [...approvalsByDigest.values()].flatMap((id) => approvals.get(id) ?? []),
    credential: (id) => credentials.get(id),
    credentialByHash: (hash) => credentials.get(credentialsByHash.get(hash) ?? ''),
    credentialsOf: (actor) => all(credentialsByActor, actor, credentials),
    liveCredentials: () => [...credentials.values()].filter((credential) => credential.ended_at === null),
    policySet: () => policySet,
    seq: () => seq,
    apply,
    load,
    caughtUp: (at) => {
      seq = at;
    },
  };
}

function all<T>(index: Map<string, Set<string>>, key: string, from: Map<string, T>): readonly T[] {
  return [...(index.get(key) ?? [])].flatMap((id) => from.get(id) ?? []);
}

function memberOf(index: Map<string, Set<string>>, key: string): Set<string> {
  const members = index.get(key) ?? new Set<string>();
  index.set(key, members);
  return members;
}

async function* everyItem<T>(list: (page: PageRequest) => Promise<Page<T>>): AsyncGenerator<T> {
  let cursor: string | null = null;
  do {
    const page: Page<T> = await list({ limit: PAGE_ITEMS_MAX, cursor });
    yield* page.items;
    cursor = page.next_cursor;
  } while (cursor !== null);
}

/** What merely ran out is not cut: a call that began in time may finish. */
function endedEarly({ ended_at, expires_at }: Credential): boolean {
  return ended_at !== null && (expires_at === null || ended_at < expires_at);
}
