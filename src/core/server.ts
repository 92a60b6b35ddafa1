import type { EnvironmentId, ServerId } from './ids.ts';
import type { Instant } from './instant.ts';

/** Whether what the server says of its tools is believed. */
export const TRUST = ['trusted', 'untrusted'] as const;
export type Trust = (typeof TRUST)[number];

/** Whom one process serves. */
export const ISOLATION = ['task', 'agent'] as const;
export type Isolation = (typeof ISOLATION)[number];

export const SERVER_STATES = ['registered', 'removed'] as const;
export type ServerState = (typeof SERVER_STATES)[number];

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
  readonly trust: Trust;
  readonly regulated: boolean;
  /** Whether one process serves a task or an agent; only stdio servers have one. */
  readonly isolation: Isolation;
  readonly state: ServerState;
  readonly created_at: Instant;
  readonly updated_at: Instant;
  readonly version: number;
}
