import type { EnvironmentId } from './ids.ts';

/** Configured, not registered: where agents, servers and destinations live. Crossing one fails closed. */
export interface Environment {
  readonly id: EnvironmentId;
  readonly production: boolean;
}
