import type { EvidenceProjection } from '../../core/evidence.ts';

/** What the writer thread is started with. */
export interface WriterOptions {
  readonly file: string;
  readonly org_id: string;
  readonly chain: string;
  readonly sealKey: Uint8Array;
  readonly lock_wait_ms: number;
  /** Shared: the number of the newest append that nobody waits for any more; the writer skips it and those before. */
  readonly abandoned: BigInt64Array<SharedArrayBuffer>;
}

/** One record as posted: flat, because cloning nested objects costs more than writing them. */
export interface PostedRecord {
  readonly text: string;
  readonly projection: EvidenceProjection;
  readonly facts: string | null;
}

export type ToWriter =
  /** Appends numbered `first`, `first + 1`, …: every append of this process has the next number. */
  | { readonly type: 'append'; readonly first: number; readonly records: readonly PostedRecord[] }
  | { readonly type: 'close' };

export type FromWriter =
  | { readonly type: 'opened'; readonly seq: number; readonly hash: Uint8Array }
  | { readonly type: 'refused'; readonly code: string; readonly sentence: string }
  /**
   * Everything numbered up to `last` is settled. Those from `first` are durable with `seq`, `seq + 1`, … and 32 bytes of
   * `hashes` each, except `repeated`, whose record id was used before: they have no seq.
   */
  | {
      readonly type: 'durable';
      readonly first: number;
      readonly last: number;
      readonly seq: number;
      readonly hashes: Uint8Array;
      readonly repeated: readonly number[];
    }
  | { readonly type: 'failed'; readonly sentence: string }
  | { readonly type: 'closed' };
