import type { Role } from '../core/actor.ts';
import type { OwnerRole } from '../core/ownership.ts';
import type { PolicyRef } from '../core/policy-set.ts';
import type { Reason } from '../core/reasons.ts';
import type { PolicyFacts } from './facts.ts';

/** Whom to ask for a held action, and on what terms: the strictest of all policies that hold it. */
export interface Ask {
  readonly answerer: OwnerRole;
  /** Holders of one of these roles may answer at any time. */
  readonly roles: readonly Role[];
  readonly quorum: number;
  readonly ttl_ms: number;
  readonly message: string;
}

interface Verdict {
  /** Ids of the policies that determined the effect, sorted; empty when none did. */
  readonly determining: readonly string[];
  /** At least one. */
  readonly reasons: readonly Reason[];
}

export type PolicyVerdict =
  | (Verdict & { readonly effect: 'allow' })
  | (Verdict & { readonly effect: 'deny' })
  | (Verdict & { readonly effect: 'hold'; readonly ask: Ask });

export interface PolicyDecision {
  readonly verdict: PolicyVerdict;
  /** Canonical JSON of exactly what the policy saw, to be sealed beside the decision. */
  readonly saw: string;
}

/** One loaded policy set. `decide` never throws: whatever goes wrong inside is a deny with the reason `policy.error`. */
export interface PolicyEngine {
  readonly ref: PolicyRef;
  decide(facts: PolicyFacts): PolicyDecision;
}
