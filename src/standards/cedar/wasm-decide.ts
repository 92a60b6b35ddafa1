import type * as CedarWasm from '@cedar-policy/cedar-wasm/nodejs';
import type { CedarAnswer, CedarRequest, Decide } from './decide.ts';
import { overLimits } from './request-limits.ts';
import { callCedar, CedarTrap, type Cedar } from './wasm.ts';

export interface DecideSource {
  /** In Cedar's schema syntax. */
  readonly schema: string;
  /** Each policy's text under the id that answers name it by. */
  readonly policies: Readonly<Record<string, string>>;
}

/**
 * `Decide` by the official engine: schema and policies are parsed once, each request is validated strictly against the
 * schema, and inputs beyond the limits never reach the engine.
 * @throws Error when the schema or a policy does not parse; CedarTrap when the engine failed on them
 */
export function wasmDecide(source: DecideSource): Decide {
  const name = freeNames.pop() ?? `set-${(named += 1)}`;
  let preparsedIn = 0;
  const unparsable = callCedar((cedar, generation) => {
    preparsedIn = generation;
    return preparse(cedar, name, source);
  });
  if (unparsable !== null) {
    freeNames.push(name);
    throw new Error(unparsable);
  }

  const decide: Decide = (request) => {
    const refused = overLimits(request);
    if (refused !== null) return failed(refused);
    try {
      return callCedar((cedar, generation) => {
        // Another call's trap may have replaced the instance.
        if (generation !== preparsedIn) {
          const lost = preparse(cedar, name, source);
          if (lost !== null) return failed(lost);
          preparsedIn = generation;
        }
        return answer(cedar, name, request);
      });
    } catch (cause) {
      return failed(cause instanceof CedarTrap ? cause.message : 'The Cedar engine could not be used.');
    }
  };
  reclaimed.register(decide, name);
  return decide;
}

// The engine keeps what it preparsed under a name for ever, so the names of dropped sets are used again.
const freeNames: string[] = [];
let named = 0;
const reclaimed = new FinalizationRegistry<string>((name) => freeNames.push(name));

/** Why the source does not parse; null when it does. */
function preparse(cedar: Cedar, name: string, source: DecideSource): string | null {
  const schema = cedar.preparseSchema(name, source.schema);
  if (schema.type === 'failure') return schema.errors[0]?.message ?? 'the schema does not parse';
  const policies = cedar.preparsePolicySet(name, { staticPolicies: { ...source.policies } });
  return policies.type === 'failure' ? (policies.errors[0]?.message ?? 'the policies do not parse') : null;
}

function answer(cedar: Cedar, name: string, request: CedarRequest): CedarAnswer {
  const result = cedar.statefulIsAuthorized({
    // The engine's types are mutable; it only reads.
    ...(request as unknown as Pick<
      CedarWasm.StatefulAuthorizationCall,
      'principal' | 'action' | 'resource' | 'context' | 'entities'
    >),
    preparsedSchemaName: name,
    preparsedPolicySetId: name,
    validateRequest: true,
  });
  if (result.type === 'failure') return failed(result.errors[0]?.message ?? 'The Cedar engine refused the request.');
  const { decision, diagnostics } = result.response;
  return {
    decision,
    determining: diagnostics.reason.toSorted(),
    errors: diagnostics.errors.map(({ policyId, error }) => ({ policy: policyId, message: error.message })),
  };
}

function failed(message: string): CedarAnswer {
  return { decision: 'deny', determining: [], errors: [{ policy: null, message }] };
}
