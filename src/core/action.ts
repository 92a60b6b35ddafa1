import { canonicalJson } from './canonical-json.ts';
import type { ServerId } from './ids.ts';
import type { JsonObject } from './json.ts';

export const ACTION_KINDS = [
  'call',
  'list',
  'read_resource',
  'subscribe',
  'get_prompt',
  'complete',
  'sample',
  'elicit',
  'list_roots',
  'http_request',
  'invoke_model',
  'a2a_send',
  'open_task',
  'delegate',
  'issue_credential',
] as const;
export type ActionKind = (typeof ACTION_KINDS)[number];

/** One thing an agent wants to do, exactly as it would leave: nothing of the request that is not in here is forwarded. */
export interface Action {
  readonly kind: ActionKind;
  readonly server: ServerId;
  /** The tool's name on its server, for `call`; null otherwise. */
  readonly tool: string | null;
  /** The MCP method, e.g. `tools/call`. */
  readonly method: string;
  /** The members of `params` that are forwarded, without `_meta`. For a call: `name`, `arguments`. */
  readonly params: JsonObject;
}

/** The arguments of a call, or an empty object. */
export function argumentsOf(action: Action): JsonObject {
  const given = action.params['arguments'];
  return typeof given === 'object' && given !== null && !Array.isArray(given) ? (given as JsonObject) : EMPTY; // narrowed above; readonly arrays defeat isArray
}

/**
 * The exact text of the parameters that is forwarded, shown to an approver and digested: one text for all three, so
 * that what was approved is what runs.
 */
export function forwardedParams(action: Action): string {
  return canonicalJson(action.params);
}

const EMPTY: JsonObject = Object.freeze({});
