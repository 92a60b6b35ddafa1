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
