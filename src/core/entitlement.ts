import type { Instant } from './instant.ts';
import type { ToolPattern } from './scope.ts';

/** What an actor may ever reach. It only restricts: a decision is still made for each action. */
export interface Entitlement {
  readonly tools: readonly ToolPattern[];
  /** Who wrote it down: an actor id, or `sample`, `operator`. */
  readonly set_by: string;
  readonly reason: string;
  readonly approved_by: string | null;
  /** After this moment the entitlement counts as governance debt. */
  readonly review_by: Instant;
}
