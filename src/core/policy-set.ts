import type { Instant } from './instant.ts';

export interface PolicyFile {
  /** Relative path, e.g. `baseline/irreversible.cedar`. */
  readonly name: string;
  readonly text: string;
}

/** All policies in force at once; swapped whole. */
export interface PolicySet {
  /** Grows by one with each published set; never reused, also not by a rollback. */
  readonly serial: number;
  /** `sha256:` over the canonical JSON of `files`. */
  readonly hash: string;
  readonly files: readonly PolicyFile[];
  readonly state: 'published' | 'superseded';
  readonly set_by: string;
  readonly reason: string;
  readonly published_at: Instant;
  readonly version: number;
}

/** How a decision or an approval names the policy it was made under. */
export interface PolicyRef {
  readonly serial: number;
  readonly hash: string;
}
