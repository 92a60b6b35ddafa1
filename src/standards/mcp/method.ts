import type { Era } from './revision.ts';

/** What a client may ask of a server, with the eras in which it may. */
export const CLIENT_REQUESTS: ReadonlyMap<string, readonly Era[]> = new Map([
  ['initialize', ['legacy']],
  ['ping', ['legacy']],
  ['logging/setLevel', ['legacy']],
  ['resources/subscribe', ['legacy']],
  ['resources/unsubscribe', ['legacy']],
  ['server/discover', ['modern']],
  ['subscriptions/listen', ['modern']],
  ['tools/list', ['legacy', 'modern']],
  ['tools/call', ['legacy', 'modern']],
  ['prompts/list', ['legacy', 'modern']],
  ['prompts/get', ['legacy', 'modern']],
  ['resources/list', ['legacy', 'modern']],
  ['resources/templates/list', ['legacy', 'modern']],
  ['resources/read', ['legacy', 'modern']],
  ['completion/complete', ['legacy', 'modern']],
]);

export const CLIENT_NOTIFICATIONS: ReadonlyMap<string, readonly Era[]> = new Map([
  ['notifications/initialized', ['legacy']],
  ['notifications/roots/list_changed', ['legacy']],
  ['notifications/progress', ['legacy']],
  ['notifications/cancelled', ['legacy', 'modern']],
]);

/**
 * What a server may ask of a client. Modern servers cannot: they put the same questions into an `input_required` result.
 * `ping` is answered, the others are actions of their own.
 */
export const SERVER_REQUESTS: ReadonlySet<string> = new Set([
  'ping',
  'sampling/createMessage',
  'elicitation/create',
  'roots/list',
]);

export const SERVER_NOTIFICATIONS: ReadonlyMap<string, readonly Era[]> = new Map([
  ['notifications/cancelled', ['legacy', 'modern']],
  ['notifications/progress', ['legacy', 'modern']],
  ['notifications/message', ['legacy', 'modern']],
  ['notifications/resources/updated', ['legacy', 'modern']],
  ['notifications/resources/list_changed', ['legacy', 'modern']],
  ['notifications/tools/list_changed', ['legacy', 'modern']],
  ['notifications/prompts/list_changed', ['legacy', 'modern']],
  ['notifications/elicitation/complete', ['legacy']],
  ['notifications/subscriptions/acknowledged', ['modern']],
]);

/** Modern results of these carry `ttlMs` (milliseconds, 0 or more) and `cacheScope`. */
export const CACHEABLE_REQUESTS: ReadonlySet<string> = new Set([
  'server/discover',
  'tools/list',
  'prompts/list',
  'resources/list',
  'resources/templates/list',
  'resources/read',
]);
export type CacheScope = 'public' | 'private';

/** Modern: only these may be answered with `input_required`. */
export const INPUT_REQUIRING_REQUESTS: ReadonlySet<string> = new Set(['tools/call', 'prompts/get', 'resources/read']);

/** What `subscriptions/listen` asks for in `params.notifications`. */
export interface SubscriptionFilter {
  readonly toolsListChanged?: boolean;
  readonly promptsListChanged?: boolean;
  readonly resourcesListChanged?: boolean;
  readonly resourceSubscriptions?: readonly string[];
}
