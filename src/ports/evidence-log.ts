import type { EvidenceKind, EvidenceProjection, EvidenceRecord } from '../core/evidence.ts';

/** Where a record stands in its chain. */
export interface EvidenceReceipt {
  readonly chain: string;
  /** From 1, without gaps. */
  readonly seq: number;
  /** `sha256:` and hex: SHA-256(0x01 ‖ prev ‖ SHA-256(0x00 ‖ bytes)). */
  readonly hash: string;
}

/** A stored entry: the exact bytes that were hashed, and what the log keeps beside them. */
export interface EvidenceEntry extends EvidenceReceipt {
  readonly prev: string;
  readonly text: string;
  readonly projection: EvidenceProjection;
}

/**
 * Append-only. `append` resolves when the record is durable; nothing may take effect before. Appends that arrive
 * together are committed together, in the order of the calls.
 */
export interface EvidenceLog {
  /**
   * @param facts what the policy saw, as canonical JSON: sealed beside the record under a key of its own
   * @throws evidence.unavailable when it is not durable within the writer's deadline, or the writer has failed before
   */
  append(record: EvidenceRecord, facts?: string): Promise<EvidenceReceipt>;
  /** By record id; undefined when there is none. */
  get(id: string): Promise<EvidenceEntry | undefined>;
  /** Newest first. A cursor from an earlier page continues there. */
  query(
    filter: EvidenceFilter,
    page: { readonly limit: number; readonly cursor: string | null },
  ): Promise<EvidencePage>;
  /** Oldest first, after this position of this writer's chain; for followers such as SSE and `audit tail`. */
  after(seq: number, limit: number): Promise<readonly EvidenceEntry[]>;
  /** Allowed decisions without an outcome, oldest first: what a crash left unknown. */
  unanswered(limit: number): Promise<readonly EvidenceEntry[]>;
  /** How many decisions of this task were allowed: what its budget of calls has spent. */
  allowedCalls(task: string): Promise<number>;
  /** The newest position of this writer's chain; seq 0 before the first record. */
  head(): EvidenceReceipt;
  close(): Promise<void>;
}

export interface EvidenceFilter {
  readonly kind?: EvidenceKind;
  readonly task?: string;
  readonly actor?: string;
  readonly effect?: string;
  readonly of?: string;
  /** RFC 3339; entries at or after. */
  readonly since?: string;
}

export interface EvidencePage {
  readonly items: readonly EvidenceEntry[];
  readonly next_cursor: string | null;
}
