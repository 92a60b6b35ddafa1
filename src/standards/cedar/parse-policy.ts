import type * as CedarWasm from '@cedar-policy/cedar-wasm/nodejs';
import { cedarFault, type CedarFault } from './fault.ts';
import { callCedar, CedarTrap } from './wasm.ts';

export interface ParsedPolicy {
  readonly effect: 'permit' | 'forbid';
  readonly annotations: Readonly<Record<string, string>>;
  /** Every `Type::"id"` with an action's type that it names. */
  readonly actions: readonly { readonly type: string; readonly id: string }[];
}

export type ParseResult =
  | { readonly ok: true; readonly policy: ParsedPolicy }
  | { readonly ok: false; readonly fault: CedarFault };

/** Levels of the JSON form, two for each operator: about 100 operators inside each other. */
export const POLICY_JSON_DEPTH_MAX = 220;
/** `like` with a long pattern is quadratic. */
export const PATTERN_CHARS_MAX = 256;

/** Parses the text of one policy. Templates (`?principal`) are refused. Never throws. */
export function parsePolicy(text: string): ParseResult {
  let answer: CedarWasm.PolicyToJsonAnswer;
  try {
    answer = callCedar((cedar) => cedar.policyToJson(text));
  } catch (cause) {
    if (!(cause instanceof CedarTrap)) throw cause;
    return { ok: false, fault: { message: 'The policy is nested too deeply to be read.', start: 0 } };
  }
  if (answer.type === 'failure') {
    const [error] = answer.errors;
    return { ok: false, fault: error === undefined ? { message: 'unparsable', start: 0 } : cedarFault(error, text) };
  }
  const { effect, annotations, ...rest } = answer.json;
  const found = inspect(rest);
  if (found.fault !== null) return { ok: false, fault: { message: found.fault, start: 0 } };
  return { ok: true, policy: { effect, annotations: annotations ?? {}, actions: found.actions } };
}

/** Walks the JSON form without recursion, because its depth is what is being checked. */
function inspect(json: object): { readonly fault: string | null; readonly actions: ParsedPolicy['actions'] } {
  const actions: { type: string; id: string }[] = [];
  const pending: { readonly value: object; readonly depth: number }[] = [{ value: json, depth: 0 }];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { value, depth } = next;
    if (depth > POLICY_JSON_DEPTH_MAX)
      return { fault: 'A policy may nest about 100 expressions inside each other.', actions };
    if (isAction(value)) actions.push({ type: value.type, id: value.id });
    for (const [key, member] of Object.entries(value)) {
      // One entry for each character: "Wildcard" or {"Literal": "x"}.
      if (key === 'pattern' && Array.isArray(member) && member.length > PATTERN_CHARS_MAX) {
        return { fault: `A pattern of \`like\` may have ${PATTERN_CHARS_MAX} characters.`, actions };
      }
      if (typeof member === 'object' && member !== null) pending.push({ value: member as object, depth: depth + 1 }); // not null: checked here
    }
  }
  return { fault: null, actions };
}

function isAction(value: object): value is { readonly type: string; readonly id: string } {
  return (
    'type' in value &&
    'id' in value &&
    typeof value.id === 'string' &&
    typeof value.type === 'string' &&
    /(?:^|::)Action$/.test(value.type)
  );
}
