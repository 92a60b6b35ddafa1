import type { Chain } from './delegation.ts';
import type { ActorId, ApprovalId, DecisionId, EnvironmentId, ServerId, TaskId } from './ids.ts';
import type { Instant } from './instant.ts';
import type { ActionKind } from './action.ts';
import type { PolicyRef } from './policy-set.ts';
import type { Reason } from './reasons.ts';

export const EFFECTS = ['allow', 'deny', 'hold'] as const;
export type Effect = (typeof EFFECTS)[number];

/** One fresh decision on one action. */
export interface Decision {
  readonly id: DecisionId;
  readonly at: Instant;
  readonly effect: Effect;
  readonly mode: 'enforce';
  /** At least one. */
  readonly reasons: readonly Reason[];
  /** Null only when no policy set was in force. */
  readonly policy: PolicyRef | null;
  /** Ids of the policies that determined the effect; empty when a precondition did. */
  readonly determining: readonly string[];
  readonly actor: ActorId;
  readonly chain: Chain;
  readonly task: TaskId | null;
  readonly revision: number | null;
  readonly kind: ActionKind;
  readonly server: ServerId | null;
  readonly tool: string | null;
  readonly environment: EnvironmentId | null;
  readonly approval: ApprovalId | null;
}
