import type { ActorKind } from './actor.ts';
import type { ActorId } from './ids.ts';
import type { Instant } from './instant.ts';
import { toolsOutside, type Budget, type Scope } from './scope.ts';
import { DATA_CLASSES } from './tool.ts';

/** One actor of a chain, from the one on whose authority everything runs to the one who acts. */
export interface Link {
  readonly actor: ActorId;
  readonly kind: ActorKind;
}

/** Ordered: `[0]` is the origin, the last is the actor of the task. Never empty. */
export type Chain = readonly Link[];

export const CHAIN_LINKS_MAX = 5;

/** What a task grants; a child task's must lie within its parent's. */
export interface Grant {
  readonly scope: Scope;
  readonly budget: Budget;
  readonly expires_at: Instant;
}

/** In how far `child` is wider than `parent`; empty when it only narrows. Each entry is a sentence for a person. */
export function widenings(child: Grant, parent: Grant): readonly string[] {
  const wider: string[] = [];
  for (const tool of toolsOutside(child.scope.tools, parent.scope.tools))
    wider.push(`${tool} is not in the parent's tools.`);
  const allowed = parent.scope.destinations;
  if (allowed !== undefined) {
    if (child.scope.destinations === undefined) wider.push('The parent names its destinations, the child must too.');
    for (const destination of child.scope.destinations ?? []) {
      if (!allowed.includes(destination)) wider.push(`${destination} is not one of the parent's destinations.`);
    }
  }
  const ceiling = parent.scope.data_ceiling;
  if (ceiling !== undefined) {
    const own = child.scope.data_ceiling;
    if (own === undefined || DATA_CLASSES.indexOf(own) > DATA_CLASSES.indexOf(ceiling)) {
      wider.push(`The data ceiling must be ${ceiling} or lower.`);
    }
  }
  for (const unit of ['calls', 'spend', 'records'] as const) {
    const limit = parent.budget[unit];
    if (limit === undefined) continue;
    const own = child.budget[unit];
    if (own === undefined || own > limit) wider.push(`The budget of ${unit} must be ${limit} or lower.`);
  }
  if (child.expires_at > parent.expires_at) wider.push('It would outlive its parent.');
  return wider;
}

/** The chain with one more actor; a sentence when it would be too long or meet itself. */
export function extendChain(chain: Chain, link: Link): { readonly chain: Chain } | { readonly refused: string } {
  if (chain.length >= CHAIN_LINKS_MAX) return { refused: `A chain has at most ${CHAIN_LINKS_MAX} actors.` };
  if (chain.some((earlier) => earlier.actor === link.actor))
    return { refused: `${link.actor} is in the chain already.` };
  return { chain: [...chain, link] };
}

export function isInChain(chain: Chain, actor: ActorId): boolean {
  return chain.some((link) => link.actor === actor);
}
