import type { OpenAPIHono } from '@hono/zod-openapi';
import type { Caller } from '../core/caller.ts';
import type { ActorId } from '../core/ids.ts';
import type { Feed } from '../govern/feed.ts';
import type { Control } from '../govern/make-change.ts';
import type { PolicyInForce } from '../govern/policy-in-force.ts';
import type { Hasher } from '../ports/hasher.ts';
import type { Store } from '../ports/store.ts';
import type { TaskMemory } from '../ports/task-memory.ts';
import type { Upstream } from '../ports/upstream.ts';
import type { Metrics } from './metrics.ts';

/** All that the control API stands on; `serve.ts` builds it. */
export interface ApiDeps extends Control {
  readonly hasher: Hasher;
  readonly memory: TaskMemory;
  readonly policy: PolicyInForce;
  readonly upstream: Upstream;
  /** For reading what the snapshot no longer holds. */
  readonly store: Store;
  /** `sha256:` of the admin token. */
  readonly operatorHash: string;
  readonly config: { readonly profile: 'same-user' | 'separated' };
  /** How people and clients reach this process, without a slash at the end. */
  readonly publicUrl: string;
  /** The Host headers that are answered, in lower case, with the port. */
  readonly hosts: readonly string[];
  /** The origins of our own pages. */
  readonly origins: readonly string[];
  readonly feed: Pick<Feed, 'subscribe'>;
  readiness(): Readiness;
  /** How many streams of this actor are open at the enforcement points. */
  readonly streamsOf?: (actor: ActorId) => number;
  readonly metrics: Metrics;
  readonly version: string;
  /** A fault that no caller may see the inside of. */
  report(fault: unknown): void;
}

export interface Readiness {
  /** Why everything would be refused now, as sentences; empty when nothing does. */
  readonly faults: readonly string[];
  readonly snapshot_age_ms: number;
}

export interface ApiEnv {
  readonly Variables: {
    /** Set by the authenticator before any handler of a route that needs one. */
    readonly caller: Caller;
    readonly via: 'bearer' | 'cookie';
  };
}
export type ApiApp = OpenAPIHono<ApiEnv>;

/** Carries the form token of a request with a cookie that our own pages send as JSON. */
export const FORM_HEADER = 'X-Mandate-Form';
/** The form that FORM_HEADER stands for. */
export const API_FORM = 'api';
