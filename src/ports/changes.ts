import type { Change, Noun } from '../core/change.ts';
import type { ChangeId } from '../core/ids.ts';

/**
 * The one way to write. A change is all its writes together with an outbox entry in one durable transaction, or nothing.
 * Reading is split by noun (actors, servers, tools, tasks, approvals, credentials, policy-sets).
 */
export interface Changes {
  /**
   * Writes every record whose stored version is exactly one less than the given one (absent counts as 0), and the change
   * itself to the outbox. A single mismatch writes nothing and answers the first one. Durable when it resolves.
   * @throws store.unavailable when nothing could be written; conflict is a value, not an error
   */
  commit(change: Change): Promise<CommitResult>;
  /** Changes after `seq` in the order they were committed, at most `limit`. */
  since(seq: number, limit: number): Promise<readonly CommittedChange[]>;
  /** The seq of the newest change; 0 when there is none. */
  latest(): Promise<number>;
  /** Whether this change was committed: what a start asks about the newest changes that the evidence announced. */
  has(id: ChangeId): Promise<boolean>;
}

export type CommitResult =
  | { readonly committed: true; readonly seq: number }
  | { readonly committed: false; readonly conflict: { readonly noun: Noun; readonly key: string } };

export interface CommittedChange extends Change {
  /** Grows with each commit; gaps are possible, order is not. */
  readonly seq: number;
}
