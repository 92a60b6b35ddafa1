import { canonicalJson } from '../core/canonical-json.ts';
import { MandateError } from '../core/errors.ts';
import type { ServerId } from '../core/ids.ts';
import type { Instant } from '../core/instant.ts';
import type { Server } from '../core/server.ts';
import { TOOL_NAME_CHARS_MAX } from '../core/scope.ts';
import { pinnedParts, type PinnedTool, type ToolDefinition } from '../core/tool.ts';
import type { Hasher } from '../ports/hasher.ts';
import { pinTool } from './pin-tool.ts';
import { isAccepted, takenNames, type TakenNames } from './taken-names.ts';

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
  const taken = takenNames([...otherTools, ...existing]);
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
      : doubtAboutName(server.id, definition.name, before, taken);
    const next = pinTool({ server, before, definition, digest, doubt, now });
    seen.set(definition.name, next);
    if (doubt === null) taken.take({ server: server.id, name: definition.name });
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

/** Why this name is refused; null when it is not. A name that was accepted before stays. */
function doubtAboutName(
  server: ServerId,
  name: string,
  before: PinnedTool | undefined,
  taken: TakenNames,
): string | null {
  if (before !== undefined && isAccepted(before)) return null;
  if (!TOOL_NAME.test(name)) return 'A tool name has 1 to 64 letters, digits, dots, hyphens and underscores.';
  if (`${server}__${name}`.length > EXPOSED_NAME_CHARS_MAX)
    return `Together with its server the name is longer than ${EXPOSED_NAME_CHARS_MAX} characters.`;
  return taken.mistakable({ server, name });
}
