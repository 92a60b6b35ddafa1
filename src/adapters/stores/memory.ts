import { writeKey, type Change, type Noun, type Write } from '../../core/change.ts';
import { MandateError } from '../../core/errors.ts';
import type { CommittedChange, CommitResult } from '../../ports/changes.ts';
import type { Node } from '../../ports/nodes.ts';
import type { Page, PageRequest } from '../../ports/page.ts';
import type { Store } from '../../ports/store.ts';
import { pageOf, startOf, type Position } from './cursor.ts';
import { decode, encode } from './encoding.ts';
import { CHANGE_SCHEMA, NODE_SCHEMA, type ValueOf } from './record-schemas.ts';
import { byName, checkedCount, committedBefore } from './order.ts';

/** A store of plain maps that forgets everything with the process; for tests and for trying things out. */
export function openMemoryStore(): Store {
  const records: { readonly [N in Noun]: Map<string, ValueOf<N>> } = {
    actor: new Map(),
    server: new Map(),
    tool: new Map(),
    task: new Map(),
    approval: new Map(),
    credential: new Map(),
    policy_set: new Map(),
  };
  const changes: CommittedChange[] = [];
  const nodes = new Map<string, Node>();
  let closed = false;

  /** Every method answers asynchronously and only while the store is open; none is interrupted by another. */
  const whileOpen =
    <A extends readonly unknown[], R>(work: (...given: A) => R) =>
    async (...given: A): Promise<R> => {
      if (closed) throw new MandateError('store.unavailable', 'The store is closed.');
      return work(...given);
    };

  return {
    changes: {
      commit: whileOpen((given: Change): CommitResult => {
        // Through text and back, so that nobody holds a reference into the store.
        const change = decode(CHANGE_SCHEMA, encode(CHANGE_SCHEMA, given, `change ${given.id}`), `change ${given.id}`);
        const staged = new Map<string, Write>();
        for (const write of change.writes) {
          const key = writeKey(write);
          const stored = staged.get(`${write.noun} ${key}`)?.value ?? records[write.noun].get(key);
          if ((stored?.version ?? 0) !== write.value.version - 1 || hashTaken(write, staged)) {
            return { committed: false, conflict: { noun: write.noun, key } };
          }
          staged.set(`${write.noun} ${key}`, write);
        }
        if (changes.some((earlier) => earlier.id === change.id)) throw committedBefore(change.id);
        for (const write of staged.values()) put(write);
        const seq = changes.length + 1;
        changes.push({ ...change, seq });
        return { committed: true, seq };
      }),
      since: whileOpen((seq: number, limit: number) =>
        changes.filter((change) => change.seq > seq).slice(0, checkedCount(limit)),
      ),
      latest: whileOpen(() => changes.length),
      has: whileOpen((id) => changes.some((change) => change.id === id)),
    },
    actors: {
      get: whileOpen((id) => records.actor.get(id)),
      list: whileOpen((filter, page) =>
        list('actors', records.actor, page, createdAt, (actor) => {
          return matches(filter.kind, actor.kind) && matches(filter.lifecycle, actor.lifecycle);
        }),
      ),
    },
    servers: {
      get: whileOpen((id) => records.server.get(id)),
      list: whileOpen((page) => list('servers', records.server, page, createdAt, () => true)),
    },
    tools: {
      get: whileOpen((server, name) => records.tool.get(`${server}/${name}`)),
      listOf: whileOpen((server) => [...records.tool.values()].filter((tool) => tool.server === server).sort(byName)),
    },
    tasks: {
      get: whileOpen((id) => records.task.get(id)),
      list: whileOpen((filter, page) =>
        list('tasks', records.task, page, byId, (task) => {
          return matches(filter.agent, task.agent) && matches(filter.state, task.state);
        }),
      ),
    },
    approvals: {
      get: whileOpen((id) => records.approval.get(id)),
      list: whileOpen((filter, page) =>
        list('approvals', records.approval, page, byId, (approval) => {
          return matches(filter.agent, approval.agent) && matches(filter.state, approval.state);
        }),
      ),
    },
    credentials: {
      list: whileOpen((filter, page) =>
        list('credentials', records.credential, page, byId, (credential) => {
          return (
            matches(filter.actor, credential.actor) &&
            matches(filter.task, credential.task) &&
            matches(filter.kind, credential.kind) &&
            matches(filter.ended, credential.ended_at !== null)
          );
        }),
      ),
    },
    policySets: {
      published: whileOpen(() =>
        [...records.policy_set.values()]
          .filter((set) => set.state === 'published')
          .sort((a, b) => b.serial - a.serial)
          .at(0),
      ),
    },
    nodes: {
      beat: whileOpen((node) => {
        nodes.set(node.id, decode(NODE_SCHEMA, encode(NODE_SCHEMA, node, `nodes ${node.id}`), `nodes ${node.id}`));
      }),
      list: whileOpen(() => [...nodes.values()].sort((a, b) => (a.id < b.id ? -1 : 1))),
    },
    close: async () => {
      closed = true;
    },
  };

  /** Two credentials with one hash could not be told apart by their secret. */
  function hashTaken(write: Write, staged: ReadonlyMap<string, Write>): boolean {
    if (write.noun !== 'credential') return false;
    const others = new Map(records.credential);
    for (const earlier of staged.values())
      if (earlier.noun === 'credential') others.set(earlier.value.id, earlier.value);
    return [...others.values()].some((other) => other.hash === write.value.hash && other.id !== write.value.id);
  }

  function put<N extends Noun>(write: { [K in N]: { readonly noun: K; readonly value: ValueOf<K> } }[N]): void {
    records[write.noun].set(writeKey(write as Write), write.value); // a Write of some noun, spelled for the compiler
  }
}

function list<T extends { readonly id: string }>(
  name: string,
  stored: ReadonlyMap<string, T>,
  page: PageRequest,
  positionOf: (item: T) => Position,
  wanted: (item: T) => boolean,
): Page<T> {
  const start = startOf(name, page);
  const found = [...stored.values()]
    .filter(wanted)
    .sort((a, b) => newestFirst(positionOf(a), positionOf(b)))
    .filter((item) => start === null || newestFirst(start, positionOf(item)) < 0);
  return pageOf(name, found, page.limit, positionOf);
}

function newestFirst(a: Position, b: Position): number {
  if (a.at !== b.at) return (b.at ?? 0) - (a.at ?? 0);
  if (a.id === b.id) return 0;
  return a.id > b.id ? -1 : 1;
}

function createdAt(item: { readonly id: string; readonly created_at: number }): Position {
  return { at: item.created_at, id: item.id };
}

function byId(item: { readonly id: string }): Position {
  return { at: null, id: item.id };
}

function matches<T>(wanted: T | undefined, actual: T | null): boolean {
  return wanted === undefined || wanted === actual;
}
