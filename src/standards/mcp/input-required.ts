import type { ResultJsonObject } from '../strict-json/parse-strict.ts';
import { isObject } from './message.ts';

/** Modern results say what they are; absent means `complete`, which legacy results always are. */
export type ResultType = 'complete' | 'input_required';

/**
 * Modern: the server needs something of the client and keeps nothing itself. The client asks its user, then sends the
 * same request again with `requestState` as given and `inputResponses` under the same keys. At least one of the two
 * members is there.
 */
export interface InputRequired {
  readonly resultType: 'input_required';
  readonly inputRequests?: Readonly<Record<string, UrlElicitation>>;
  readonly requestState?: string;
}

/** The members of a repeated request that belong to `input_required`: never a part of the action itself. */
export const RETRY_PARAMS: ReadonlySet<string> = new Set(['inputResponses', 'requestState']);

/** Modern form, inside `inputRequests`. The legacy request of the same name also has `elicitationId`. */
export interface UrlElicitation {
  readonly method: 'elicitation/create';
  readonly params: {
    readonly mode: 'url';
    readonly message: string;
    readonly url: string;
  };
}

/** Legacy: params of the request `elicitation/create`, and the items of `data.elicitations` of error -32042. */
export interface LegacyUrlElicitation {
  readonly mode: 'url';
  readonly elicitationId: string;
  readonly message: string;
  readonly url: string;
}

/** What a person did with an elicitation. For a URL, `accept` means only that they agreed to open it. */
export type ElicitAction = 'accept' | 'decline' | 'cancel';

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
