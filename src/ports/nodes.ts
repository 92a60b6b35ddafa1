import type { NodeId } from '../core/ids.ts';
import type { Instant } from '../core/instant.ts';

/** One running process and what it has in force, so that "on 3 of 3" can be said. */
export interface Node {
  readonly id: NodeId;
  readonly started_at: Instant;
  readonly heartbeat_at: Instant;
  readonly policy_serial: number;
  /** The seq of the newest change its snapshot holds. */
  readonly change_seq: number;
  readonly version: string;
}

export interface Nodes {
  /** Inserts or replaces this node's row. */
  beat(node: Node): Promise<void>;
  list(): Promise<readonly Node[]>;
}
