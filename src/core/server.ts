import type { EnvironmentId, ServerId } from './ids.ts';
import type { Instant } from './instant.ts';

export type Transport =
  | {
      readonly type: 'stdio';
      readonly command: string;
      readonly args: readonly string[];
      readonly env: Readonly<Record<string, string>>;
    }
  | { readonly type: 'http'; readonly url: string };

/** An MCP server behind the gateway. */
export interface Server {
  readonly id: ServerId;
  readonly transport: Transport;
  readonly environment: EnvironmentId;
  readonly trust: 'trusted' | 'untrusted';
  readonly regulated: boolean;
  /** Whether one process serves a task or an agent; only stdio servers have one. */
  readonly isolation: 'task' | 'agent';
  readonly state: 'registered' | 'removed';
  readonly created_at: Instant;
  readonly updated_at: Instant;
  readonly version: number;
}
