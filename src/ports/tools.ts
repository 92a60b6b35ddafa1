import type { ServerId } from '../core/ids.ts';
import type { PinnedTool } from '../core/tool.ts';

export interface Tools {
  get(server: ServerId, name: string): Promise<PinnedTool | undefined>;
  /** All pins of a server in any state, by name in code unit order. */
  listOf(server: ServerId): Promise<readonly PinnedTool[]>;
}
