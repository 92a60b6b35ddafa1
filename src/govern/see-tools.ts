import type { Caller } from '../core/caller.ts';
import { canonicalJson } from '../core/canonical-json.ts';
import { MandateError } from '../core/errors.ts';
import { deriveToolFacts } from '../core/facts/tool-facts.ts';
import type { Instant } from '../core/instant.ts';
import type { Server } from '../core/server.ts';
import { TOOL_NAME_CHARS_MAX } from '../core/scope.ts';
import { pinnedParts, type PinnedTool, type ToolDefinition } from '../core/tool.ts';
import type { Hasher } from '../ports/hasher.ts';
import { confusableSkeleton } from '../standards/unicode/skeleton.ts';
import { currentCaller } from './current-caller.ts';
import { makeChange, type Control } from './make-change.ts';
import type { Snapshot } from './snapshot.ts';

/** Model clients refuse tools with other or longer names, and both endpoints must be able to carry each tool. */
const TOOL_NAME = /^[A-Za-z0-9_.-]{1,64}$/;
export const EXPOSED_NAME_CHARS_MAX = 64;
export const TOOLS_PER_SERVER_MAX = 500;
/** Of one definition, as canonical JSON. */
export const DEFINITION_CHARS_MAX = 100_000;

/** Names of tools by what became of them, for a person and for the record. */
export interface SeenSummary {
  readonly pinned: readonly string[];
  readonly quarantined: readonly string[];
  readonly changed: readonly string[];
  readonly refused: readonly string[];
  readonly gone: readonly string[];
  readonly unchanged: number;
}

export interface ToolsSeen {
  /** Pins that differ from what was known. */
  readonly writes: readonly PinnedTool[];
  readonly summary: SeenSummary;
}

interface Seeing {
  readonly server: Server;
  readonly existing: readonly PinnedTool[];
  readonly offered: readonly ToolDefinition[];
  /** Of every other registered server: names that must not be taken for one another. */
  readonly otherTools: readonly PinnedTool[];
  readonly hasher: Hasher;
  readonly now: Instant;
}

/**
 * What becomes of the tools a server offers: new ones are pinned (trusted) or quarantined (untrusted), a definition that
 * differs from its pin waits for a person, names that could be taken for another's are refused, missing ones are gone.
 * @throws server.definition for more, larger or less than JSON can hold
 */
export function seeTools({ server, existing, offered, otherTools, hasher, now }: Seeing): ToolsSeen {
  if (offered.length > TOOLS_PER_SERVER_MAX) {
    throw new MandateError('server.definition', `The server offers more than ${TOOLS_PER_SERVER_MAX} tools.`);
  }
  const known = new Map(existing.map((tool) => [tool.name, tool]));
  const taken = takenNames(server, existing, otherTools);
  const seen = new Map<string, PinnedTool>();
  const unnameable: string[] = [];
  for (const definition of offered) {
    // A name that no pattern can hold cannot be asked for, and is not worth keeping.
    if (definition.name === '' || definition.name.length > TOOL_NAME_CHARS_MAX || !definition.name.isWellFormed()) {
      unnameable.push(definition.name.toWellFormed().slice(0, TOOL_NAME_CHARS_MAX));
      continue;
    }
    const digest = digestOf(definition, hasher);
    const before = known.get(definition.name);
    const doubt = seen.has(definition.name)
      ? 'The server offers this name twice.'
      : doubtAboutName(server, definition.name, before, taken);
    const next = pinOf({ server, before, definition, digest, doubt, now });
    seen.set(definition.name, next);
    if (doubt === null) {
      taken.set(skeletonHere(definition.name), definition.name);
      taken.set(skeletonExposed(server.id, definition.name), `${server.id}/${definition.name}`);
    }
  }
  const missing = existing
    .filter((tool) => !seen.has(tool.name) && tool.state !== 'gone')
    .map(
      (tool) =>
        ({
          ...tool,
          state: 'gone',
          state_reason: 'The server does not offer it any more.',
          updated_at: now,
          version: tool.version + 1,
        }) as const,
    );
  const writes = [...[...seen.values()].filter((tool) => tool !== known.get(tool.name)), ...missing];
  const named = (state: PinnedTool['state']): readonly string[] =>
    writes.filter((tool) => tool.state === state).map((tool) => tool.name);
  return {
    writes,
    summary: {
      pinned: named('pinned'),
      quarantined: named('quarantined'),
      changed: named('changed'),
      refused: [...named('refused'), ...unnameable],
      gone: named('gone'),
      unchanged: seen.size + missing.length - writes.length,
    },
  };
}

export type SeeDeps = Control & { readonly hasher: Hasher };

/**
 * Records what a server offers now. Writes nothing when nothing differs.
 * @throws not_found, server.definition
 */
export function recordSeenTools(
  deps: SeeDeps,
  request: { readonly caller: Caller; readonly server: string; readonly offered: readonly ToolDefinition[] },
): Promise<SeenSummary> {
  return deps.exclusively(async () => {
    const now = deps.clock.now();
    const caller = currentCaller(deps.snapshot, request.caller, now);
    const server = registered(deps.snapshot, request.server);
    const { writes, summary } = seeTools({
      server,
      existing: deps.snapshot.toolsOf(server.id),
      offered: request.offered,
      otherTools: toolsBeside(deps.snapshot, server.id),
      hasher: deps.hasher,
      now,
    });
    if (writes.length > 0) await writeSeen(deps, caller, server, writes, summary, now);
    return summary;
  });
}

/**
 * Records that a call found another definition than the pinned one, or none. Nothing is added by this.
 * @throws not_found
 */
export function recordToolChanged(
  deps: SeeDeps,
  request: { readonly server: string; readonly tool: string; readonly offered: ToolDefinition | null },
): Promise<void> {
  return deps.exclusively(async () => {
    const now = deps.clock.now();
    const server = registered(deps.snapshot, request.server);
    const before = deps.snapshot.tool(server.id, request.tool);
    if (before === undefined || before.state === 'gone') return;
    const { writes, summary } = seeTools({
      server,
      existing: [before],
      offered: request.offered === null ? [] : [{ ...request.offered, name: before.name }],
      otherTools: toolsBeside(deps.snapshot, server.id),
      hasher: deps.hasher,
      now,
    });
    if (writes.length > 0) await writeSeen(deps, { kind: 'mandate' }, server, writes, summary, now);
  }, 'agent');
}

/** The pins of every other server that is registered. */
export function toolsBeside(snapshot: Snapshot, server: string): readonly PinnedTool[] {
  return [...snapshot.servers()]
    .filter((one) => one.id !== server && one.state === 'registered')
    .flatMap((one) => snapshot.toolsOf(one.id));
}

function registered(snapshot: Snapshot, id: string): Server {
  const server = snapshot.server(id);
  if (server?.state !== 'registered') throw new MandateError('not_found', 'There is no such server.');
  return server;
}

async function writeSeen(
  deps: SeeDeps,
  caller: Caller,
  server: Server,
  writes: readonly PinnedTool[],
  summary: SeenSummary,
  now: Instant,
): Promise<void> {
  await makeChange(deps, {
    caller,
    kind: 'tools_seen',
    subject: { noun: 'server', id: server.id },
    reason: null,
    details: { ...summary, digests: digestsOf(writes) },
    writes: writes.map((value) => ({ noun: 'tool', value })),
    now,
  });
}

/** Name -> digest of what was offered, for the record. Pairs, since a name may look like that of a secret. */
export function digestsOf(tools: readonly PinnedTool[]): readonly (readonly [string, string])[] {
  return tools.map((tool) => [tool.name, tool.offered?.digest ?? tool.digest] as const);
}

function digestOf(definition: ToolDefinition, hasher: Hasher): string {
  let text: string;
  try {
    text = canonicalJson(pinnedParts(definition));
  } catch (cause) {
    throw new MandateError(
      'server.definition',
      `The definition of ${JSON.stringify(definition.name)} has no JSON form.`,
      { cause },
    );
  }
  if (text.length > DEFINITION_CHARS_MAX) {
    throw new MandateError(
      'server.definition',
      `The definition of ${JSON.stringify(definition.name)} is larger than ${DEFINITION_CHARS_MAX} characters.`,
    );
  }
  return hasher.sha256(text);
}

/** Skeleton -> the name that has it already. */
function takenNames(
  server: Server,
  existing: readonly PinnedTool[],
  otherTools: readonly PinnedTool[],
): Map<string, string> {
  const taken = new Map<string, string>();
  const accepted = (tool: PinnedTool): boolean => tool.state !== 'refused' && tool.state !== 'gone';
  for (const tool of otherTools.filter(accepted))
    taken.set(skeletonExposed(tool.server, tool.name), `${tool.server}/${tool.name}`);
  for (const tool of existing.filter(accepted)) {
    taken.set(skeletonHere(tool.name), tool.name);
    taken.set(skeletonExposed(server.id, tool.name), `${server.id}/${tool.name}`);
  }
  return taken;
}

function skeletonHere(name: string): string {
  return `tool ${confusableSkeleton(name)}`;
}

/** Of the name under which the joint endpoint exposes it; delimiters are folded, so `a__b` + `c` meets `a` + `b__c`. */
function skeletonExposed(server: string, name: string): string {
  return `exposed ${confusableSkeleton(`${server}__${name}`)}`;
}

/** Why this name is refused; null when it is not. A name that was accepted before stays. */
function doubtAboutName(
  server: Server,
  name: string,
  before: PinnedTool | undefined,
  taken: ReadonlyMap<string, string>,
): string | null {
  if (before !== undefined && before.state !== 'refused' && before.state !== 'gone') return null;
  if (!TOOL_NAME.test(name)) return 'A tool name has 1 to 64 letters, digits, dots, hyphens and underscores.';
  if (`${server.id}__${name}`.length > EXPOSED_NAME_CHARS_MAX)
    return `Together with its server the name is longer than ${EXPOSED_NAME_CHARS_MAX} characters.`;
  const here = taken.get(skeletonHere(name));
  if (here !== undefined && here !== name) return `It can be mistaken for ${here} of the same server.`;
  const elsewhere = taken.get(skeletonExposed(server.id, name));
  if (elsewhere !== undefined && elsewhere !== `${server.id}/${name}`) return `It can be mistaken for ${elsewhere}.`;
  return null;
}

interface Pinning {
  readonly server: Server;
  readonly before: PinnedTool | undefined;
  readonly definition: ToolDefinition;
  readonly digest: string;
  readonly doubt: string | null;
  readonly now: Instant;
}

function pinOf({ server, before, definition, digest, doubt, now }: Pinning): PinnedTool {
  const fresh = (state: 'pinned' | 'quarantined' | 'refused', state_reason: string | null): PinnedTool => ({
    server: server.id,
    name: definition.name,
    digest,
    definition,
    facts: deriveToolFacts(definition, server.trust),
    state,
    state_reason,
    offered: null,
    updated_at: now,
    version: (before?.version ?? 0) + 1,
  });
  if (doubt !== null) {
    return before?.state === 'refused' && before.digest === digest && before.state_reason === doubt
      ? before
      : fresh('refused', doubt);
  }
  switch (before?.state) {
    case undefined:
    case 'refused':
      return server.trust === 'trusted' ? fresh('pinned', null) : fresh('quarantined', NEW_OF_UNTRUSTED);
    case 'quarantined':
      return before.digest === digest ? before : fresh('quarantined', NEW_OF_UNTRUSTED);
    case 'gone':
      // It was accepted once, perhaps: only a trusted server's own pin comes back by itself.
      if (server.trust === 'untrusted')
        return fresh('quarantined', 'It was gone and is back; its server is not trusted.');
      return before.digest === digest
        ? {
            ...before,
            state: 'pinned',
            state_reason: null,
            offered: null,
            updated_at: now,
            version: before.version + 1,
          }
        : changed(before, definition, digest, now);
    case 'pinned':
      return before.digest === digest ? before : changed(before, definition, digest, now);
    case 'changed':
      return before.offered?.digest === digest ? before : changed(before, definition, digest, now);
  }
}

const NEW_OF_UNTRUSTED = 'It is new, and its server is not trusted.';

/** What was pinned stays beside what is offered, so that a person can compare the two. */
function changed(before: PinnedTool, definition: ToolDefinition, digest: string, now: Instant): PinnedTool {
  return {
    ...before,
    state: 'changed',
    state_reason:
      digest === before.digest
        ? 'It changed and changed back.'
        : 'Its definition differs from the one that was accepted.',
    offered: { definition, digest, seen_at: now },
    updated_at: now,
    version: before.version + 1,
  };
}
