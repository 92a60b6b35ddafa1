import type { Entitlement } from './entitlement.ts';
import type { ActorId, EnvironmentId } from './ids.ts';
import type { Instant } from './instant.ts';
import type { Lifecycle } from './lifecycle.ts';
import type { Owner, Owners } from './ownership.ts';

/** Whatever chooses its own tools or targets at run time is an agent; other software is a workload. */
export const ACTOR_KINDS = ['human', 'workload', 'agent'] as const;
export type ActorKind = (typeof ACTOR_KINDS)[number];

/**
 * What a human may do beside owning agents. `admin` sets things up, `security` sets guardrails and approves
 * registrations, `approver` may answer approvals of any agent, `auditor` reads everything and changes nothing,
 * `member` opens tasks and owns agents.
 */
export const ROLES = ['admin', 'security', 'approver', 'auditor', 'member'] as const;
export type Role = (typeof ROLES)[number];

interface ActorBase {
  readonly id: ActorId;
  readonly name: string;
  readonly lifecycle: Lifecycle;
  readonly created_at: Instant;
  readonly updated_at: Instant;
  /** Counts the writes of this record, from 1. */
  readonly version: number;
}

export interface Human extends ActorBase {
  readonly kind: 'human';
  readonly roles: readonly Role[];
  /** Answers approvals when this human does not. */
  readonly deputy: ActorId | null;
  /**
   * Who gave this human the standing to answer approvals: an admin who had just proved their second factor, or `mandate`
   * (the first-run link on the terminal). Null: registered with a bearer alone, which any program of that account could
   * have read; such a human may do everything their roles say, except answer.
   */
  readonly vouched_by: string | null;
  /** Null: whoever asks for a task lends the agent all that the agent itself may reach. */
  readonly entitlement: Entitlement | null;
}

export interface Workload extends ActorBase {
  readonly kind: 'workload';
  readonly owner: Owner;
  readonly spiffe_id: string | null;
}

/** How much an agent may do alone once active; while probationary every non-read is held whatever this says. */
export const AUTONOMY = ['supervised', 'bounded'] as const;
export type Autonomy = (typeof AUTONOMY)[number];

export interface Agent extends ActorBase {
  readonly kind: 'agent';
  readonly purpose: string;
  readonly owners: Owners;
  readonly environment: EnvironmentId;
  readonly entitlement: Entitlement;
  readonly autonomy: Autonomy;
  readonly spiffe_id: string | null;
  /** Set when it became probationary; the earliest review of it. */
  readonly probation_since: Instant | null;
}

export type Actor = Human | Workload | Agent;
