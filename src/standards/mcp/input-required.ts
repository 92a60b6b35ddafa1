import type { ResultJsonObject } from '../strict-json/parse-strict.ts';
import { isObject } from './message.ts';

/*
 * Modern results say in `resultType` what they are: `complete`, or `input_required` when the server needs something of
 * the client and keeps nothing itself: `inputRequests` (requests by key), `requestState` (a text), or both. The client
 * asks its user, then sends the same request again with `requestState` as given and `inputResponses` under the same keys.
 */

/** The members of a repeated request that belong to `input_required`: never a part of the action itself. */
export const RETRY_PARAMS: ReadonlySet<string> = new Set(['inputResponses', 'requestState']);

/** Modern form, inside `inputRequests`. The legacy request of the same name also has `elicitationId`, as
 * have the items of `data.elicitations` of error -32042. */
export interface UrlElicitation {
  readonly method: 'elicitation/create';
  readonly params: {
    readonly mode: 'url';
    readonly message: string;
    readonly url: string;
  };
}

/** `resultType` of a result as received: `complete` when absent, undefined when it is not a text. */
export function resultTypeOf(result: ResultJsonObject): string | undefined {
  const type = result['resultType'];
  if (type === undefined) return 'complete';
  return typeof type === 'string' ? type : undefined;
}

/** Whether a client's declared capabilities let it be shown a URL: `elicitation.url` is an object. */
export function offersUrlElicitation(capabilities: ResultJsonObject | undefined): boolean {
  const elicitation = capabilities?.['elicitation'];
  return isObject(elicitation) && isObject(elicitation['url']);
}
