/** One small organisation in memory, for the tests of govern and of everything above it. */
import { openMemoryEvidence } from '../adapters/evidence/memory.ts';
import { openMemoryStore } from '../adapters/stores/memory.ts';
import { KEY_BYTES_MIN, systemHasher } from '../adapters/system/hasher.ts';
import type { Agent, Human, Role } from '../core/actor.ts';
import type { Caller } from '../core/caller.ts';
import { canonicalJson } from '../core/canonical-json.ts';
import type { Write } from '../core/change.ts';
import { SESSION_MS, STEP_UP_MS, type Credential } from '../core/credential.ts';
import type { Environment } from '../core/environment.ts';
import { deriveToolFacts } from '../core/facts/tool-facts.ts';
import { actorId, environmentId, recordId, serverId, type CredentialId } from '../core/ids.ts';
import { instant, plusMs, type Instant } from '../core/instant.ts';
import type { Lifecycle } from '../core/lifecycle.ts';
import { OWNER_ROLES, nameOwners, acceptOwnership, type Owners } from '../core/ownership.ts';
import { parseToolPattern, type ToolPattern } from '../core/scope.ts';
import type { Server } from '../core/server.ts';
import { pinnedParts, type PinnedTool, type ToolDefinition } from '../core/tool.ts';
import type { CommittedChange } from '../ports/changes.ts';
import type { Clock } from '../ports/clock.ts';
import type { EvidenceEntry } from '../ports/evidence-log.ts';
import type { Hasher } from '../ports/hasher.ts';
import type { Random } from '../ports/random.ts';
import type { Store } from '../ports/store.ts';
import { oneAtATime, type Control } from './make-change.ts';
import { emptySnapshot, type Ended } from './snapshot.ts';

export const T0 = instant(1_800_000_000_000);
export const PASSPHRASE = 'correct horse battery staple';
export const ADMIN_TOKEN = 'mda_fixture-admin-token-of-32-bytes-000000000';

export interface FakeClock extends Clock {
  advance(ms: number): void;
  set(now: Instant): void;
}

export interface ControlFixture extends Control {
  readonly clock: FakeClock;
  readonly hasher: Hasher;
  readonly store: Store;
  /** Of ADMIN_TOKEN. */
  readonly operatorHash: string;
  readonly operator: Caller;
  readonly mandate: Caller;
  /** The human through a live session of theirs, that was stepped up `steppedUp` ms ago (null: never). */
  human(id: string, steppedUp?: number | null): Promise<Extract<Caller, { kind: 'human' }>>;
  /** Adds an active human. */
  addHuman(id: string, roles: readonly Role[], more?: Partial<Human>): Promise<Human>;
  /** Writes past the use cases, to bring about a state. */
  write(...writes: readonly Write[]): Promise<void>;
  /** All changes in force since the start, and what each ended. */
  readonly announced: readonly { readonly change: CommittedChange; readonly ended: Ended }[];
  /** All records so far, oldest first, parsed. */
  records(): Promise<readonly EvidenceRow[]>;
}

interface EvidenceRow {
  readonly kind: string;
  readonly text: string;
  readonly effect: string | null;
  readonly of: string | null;
}

/**
 * Environments `dev` and `prod`. Humans `ann` (admin, member), `bob` (security, member), `cleo` (approver, member), all
 * active, with PASSPHRASE. Agents in dev with accepted owners (business ann, technical bob, escalation cleo): `worker`
 * (active) and `intern` (probationary), entitled to `files/*`. The trusted server `files` in dev with pinned
 * `read_file`, `write_file`, `delete_file`.
 */
export async function openControlFixture(): Promise<ControlFixture> {
  const clock = fakeClock();
  const hasher = systemHasher(new Uint8Array(KEY_BYTES_MIN).fill(1), { log2N: 1, r: 1, p: 1 });
  const random = countingRandom(clock);
  const store = openMemoryStore();
  const node = random.id('nod');
  const evidence = openMemoryEvidence({ node });
  const snapshot = emptySnapshot(ENVIRONMENTS);
  const announced: { readonly change: CommittedChange; readonly ended: Ended }[] = [];

  const write = async (...writes: readonly Write[]): Promise<void> => {
    const change = { id: random.id('chg'), at: clock.now(), kind: 'registered', by: 'mandate', writes } as const;
    const result = await store.changes.commit(change);
    if (!result.committed) throw new Error(`the fixture wrote over ${result.conflict.noun} ${result.conflict.key}`);
    snapshot.apply({ ...change, seq: result.seq });
  };
  const credential = (of: Partial<Credential> & Pick<Credential, 'kind' | 'actor' | 'hash'>): Credential => ({
    id: random.id('crd'),
    task: null,
    label: null,
    issued_by: null,
    created_at: clock.now(),
    expires_at: null,
    stepped_up_at: null,
    ended_at: null,
    ended_reason: null,
    version: 1,
    ...of,
  });
  const addHuman = async (id: string, roles: readonly Role[], more: Partial<Human> = {}): Promise<Human> => {
    const value: Human = {
      ...base('human', id, 'active'),
      roles,
      deputy: null,
      vouched_by: 'mandate',
      entitlement: null,
      ...more,
    };
    const hash = await hasher.passphrase(PASSPHRASE);
    await write(
      { noun: 'actor', value },
      { noun: 'credential', value: credential({ kind: 'passphrase', actor: value.id, hash }) },
    );
    return value;
  };

  await addHuman('ann', ['admin', 'member']);
  await addHuman('bob', ['security', 'member']);
  await addHuman('cleo', ['approver', 'member']);
  await write(
    { noun: 'server', value: FILES },
    ...DEFINITIONS.map((one) => ({ noun: 'tool', value: pin(hasher, one) }) as const),
  );
  await write(
    { noun: 'actor', value: agentNamed('worker', 'active') },
    { noun: 'actor', value: agentNamed('intern', 'probationary') },
  );

  return {
    snapshot,
    changes: store.changes,
    evidence,
    clock,
    random,
    node,
    hasher,
    store,
    announced,
    addHuman,
    write,
    exclusively: oneAtATime(),
    announce: (change, ended) => announced.push({ change, ended }),
    operatorHash: hasher.sha256(ADMIN_TOKEN),
    operator: { kind: 'operator' },
    mandate: { kind: 'mandate' },
    human: async (id, steppedUp = 0) => {
      const human = snapshot.human(id);
      if (human === undefined) throw new Error(`no human ${id} in the fixture`);
      const stepped_up_at = steppedUp === null ? null : instant(clock.now() - steppedUp);
      const session = credential({
        kind: 'session',
        actor: human.id,
        hash: hasher.sha256(random.secret('mds')),
        expires_at: plusMs(clock.now(), SESSION_MS),
        stepped_up_at,
      });
      await write({ noun: 'credential', value: session });
      return { kind: 'human', human, credential: session.id, stepped_up_at };
    },
    records: async () => (await evidence.after(0, 500)).map(rowOf),
  };
}

/** Longer ago than a step-up counts. */
export const TOO_LONG_AGO_MS = STEP_UP_MS + 1;

export const ENVIRONMENTS: readonly Environment[] = [
  { id: environmentId('dev'), production: false },
  { id: environmentId('prod'), production: true },
];

export const FILES: Server = {
  id: serverId('files'),
  transport: { type: 'stdio', command: 'files-server', args: [], env: {} },
  environment: environmentId('dev'),
  trust: 'trusted',
  regulated: false,
  isolation: 'task',
  state: 'registered',
  created_at: T0,
  updated_at: T0,
  version: 1,
};

export const DEFINITIONS: readonly ToolDefinition[] = [
  {
    name: 'read_file',
    description: 'Reads a file.',
    inputSchema: { type: 'object', properties: { path: { type: 'string' } } },
  },
  {
    name: 'write_file',
    description: 'Writes a file.',
    inputSchema: { type: 'object', properties: { path: { type: 'string' } } },
    annotations: { destructiveHint: false },
  },
  {
    name: 'delete_file',
    description: 'Deletes a file.',
    inputSchema: { type: 'object', properties: { path: { type: 'string' } } },
  },
];

/** The definition as the fixture's server pins it. */
export function pin(hasher: Hasher, definition: ToolDefinition, more: Partial<PinnedTool> = {}): PinnedTool {
  return {
    server: FILES.id,
    name: definition.name,
    digest: hasher.sha256(canonicalJson(pinnedParts(definition))),
    definition,
    facts: deriveToolFacts(definition, 'trusted'),
    state: 'pinned',
    state_reason: null,
    offered: null,
    updated_at: T0,
    version: 1,
    ...more,
  };
}

/** Owned by ann, bob and cleo, who accepted, and entitled to `files/*`. */
export function agentNamed(id: string, lifecycle: Lifecycle, more: Partial<Agent> = {}): Agent {
  return {
    ...base('agent', id, lifecycle),
    purpose: 'Keeps the files in order.',
    owners: acceptedOwners('ann', 'bob', 'cleo'),
    environment: environmentId('dev'),
    entitlement: {
      tools: [toolPattern('files/*')],
      set_by: 'ann',
      reason: 'fixture',
      approved_by: 'bob',
      review_by: plusMs(T0, 90 * 86_400_000),
    },
    autonomy: 'bounded',
    spiffe_id: null,
    probation_since: null,
    ...more,
  };
}

export function acceptedOwners(business: string, technical: string, escalation: string): Owners {
  let owners = nameOwners({
    business: actorId(business),
    technical: actorId(technical),
    escalation: actorId(escalation),
  });
  for (const role of OWNER_ROLES) owners = acceptOwnership(owners, owners[role].human, T0) ?? owners;
  return owners;
}

export function toolPattern(text: string): ToolPattern {
  const pattern = parseToolPattern(text);
  if (pattern === null) throw new Error(`not a pattern: ${text}`);
  return pattern;
}

/** A caller whose credential nobody issued. */
export function forgedCredential(): CredentialId {
  return recordId('crd', T0, new Uint8Array(10).fill(255));
}

function base<K extends 'human' | 'agent'>(kind: K, id: string, lifecycle: Lifecycle) {
  return { kind, id: actorId(id), name: id, lifecycle, created_at: T0, updated_at: T0, version: 1 } as const;
}

function fakeClock(): FakeClock {
  let now: Instant = T0;
  return {
    now: () => now,
    monotonicUs: () => now * 1000,
    advance: (ms) => {
      now = plusMs(now, ms);
    },
    set: (to) => {
      now = to;
    },
  };
}

/** Each draw differs, and every run draws the same. */
function countingRandom(clock: Clock): Random {
  let draws = 0;
  const bytes = (count: number): Uint8Array => {
    draws += 1;
    const drawn = new Uint8Array(count);
    new DataView(drawn.buffer).setUint32(Math.max(0, count - 4), draws);
    return drawn;
  };
  return {
    bytes,
    id: (prefix) => recordId(prefix, clock.now(), bytes(10)),
    secret: (prefix) => `${prefix}_${Buffer.from(bytes(32)).toString('base64url')}`,
  };
}

function rowOf(entry: EvidenceEntry): EvidenceRow {
  const { kind, effect, of } = entry.projection;
  return { kind, effect, of, text: entry.text };
}
