import type { ServerId } from './ids.ts';
import type { Instant } from './instant.ts';
import type { Json, JsonObject } from './json.ts';

export const EFFECT_CLASSES = [
  'read',
  'create',
  'update',
  'delete',
  'move',
  'send',
  'pay',
  'grant',
  'execute',
  'fetch',
] as const;
export type EffectClass = (typeof EFFECT_CLASSES)[number];

export const DATA_CLASSES = ['public', 'internal', 'confidential', 'restricted'] as const;
export type DataClass = (typeof DATA_CLASSES)[number];

/** A tool as its server publishes it. Everything in it is untrusted text. */
export interface ToolDefinition {
  readonly name: string;
  readonly title?: string;
  readonly description?: string;
  readonly inputSchema: JsonObject;
  readonly outputSchema?: JsonObject;
  readonly annotations?: JsonObject;
}

/** What we take a tool to do: derived from its definition, or confirmed by a person. */
export interface ToolFacts {
  readonly effect_class: readonly EffectClass[];
  /** False when the effect cannot be undone by another call: such calls are held. */
  readonly reversible: boolean;
  readonly source: 'derived' | 'confirmed';
  readonly set_by: string;
  /** One sentence: which words or hints led here. */
  readonly reason: string;
}

/**
 * `pinned`: may be decided on. `quarantined`: new tool of an untrusted server, waits for a person. `changed`: differs
 * from what was pinned, waits for a person. `refused`: its name could be taken for another's. `gone`: no longer offered.
 */
export const PIN_STATES = ['pinned', 'quarantined', 'changed', 'refused', 'gone'] as const;
export type PinState = (typeof PIN_STATES)[number];

export interface PinnedTool {
  readonly server: ServerId;
  readonly name: string;
  /** Of `definition`: `sha256:` over the canonical JSON of `pinnedParts`. */
  readonly digest: string;
  readonly definition: ToolDefinition;
  readonly facts: ToolFacts;
  readonly state: PinState;
  /** Why it is not `pinned`, for a person. */
  readonly state_reason: string | null;
  /** The definition that was seen instead, until someone accepts it. */
  readonly offered: { readonly definition: ToolDefinition; readonly digest: string; readonly seen_at: Instant } | null;
  readonly updated_at: Instant;
  readonly version: number;
}

/** The parts of a definition that a pin covers: all that a model or a schema check can see. */
export function pinnedParts(definition: ToolDefinition): Json {
  const { name, title, description, inputSchema, outputSchema, annotations } = definition;
  return {
    name,
    inputSchema,
    ...(title === undefined ? {} : { title }),
    ...(description === undefined ? {} : { description }),
    ...(outputSchema === undefined ? {} : { outputSchema }),
    ...(annotations === undefined ? {} : { annotations }),
  };
}

/** True when every effect of the tool is a read. An empty set is not a read: nothing is known about it. */
export function onlyReads(facts: Pick<ToolFacts, 'effect_class'>): boolean {
  return facts.effect_class.length > 0 && facts.effect_class.every((effect) => effect === 'read');
}
