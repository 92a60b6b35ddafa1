import { canonicalJson } from '../core/canonical-json.ts';
import type { Json } from '../core/json.ts';
import type { OwnerRole } from '../core/ownership.ts';
import type { PolicyRef } from '../core/policy-set.ts';
import { reason, type Reason } from '../core/reasons.ts';
import type { CedarAnswer, CedarRequest, CedarValue, Decide } from '../standards/cedar/decide.ts';
import type { Ask, PolicyEngine, PolicyVerdict } from './engine.ts';
import type { PolicyFacts } from './facts.ts';
import { policyRequest } from './request.ts';
import type { PolicyTerms } from './terms.ts';

/** The engine of a loaded set: facts to request, request to Cedar's answer, answer to Mandate's three effects. */
export function policyEngine(ref: PolicyRef, decide: Decide, terms: ReadonlyMap<string, PolicyTerms>): PolicyEngine {
  return {
    ref,
    decide(facts) {
      const seen = see(facts);
      if (typeof seen === 'string') return { verdict: fault(seen), saw: NOTHING_SEEN };
      return { verdict: judge(seen.request, decide, terms), saw: seen.saw };
    },
  };
}

/**
 * What the policies say to a request. An error of any one of them is a deny, because Cedar leaves the erroring policy
 * out: were it a forbid, what it should have stopped would be allowed.
 */
export function judge(request: CedarRequest, decide: Decide, terms: ReadonlyMap<string, PolicyTerms>): PolicyVerdict {
  const answer = decide(request);
  const refused = errorOf(answer, terms);
  if (refused !== null) return refused;
  const { determining } = answer;
  if (answer.decision === 'allow') {
    return { effect: 'allow', determining, reasons: [reason('policy.permitted', policyOf(determining))] };
  }
  if (determining.length === 0) return { effect: 'deny', determining, reasons: [reason('policy.no_permit')] };

  const asks = determining.map((id) => terms.get(id)?.ask ?? null);
  const plain = determining.filter((_, index) => asks[index] === null);
  if (plain.length > 0) return { effect: 'deny', determining, reasons: reasonsOf(plain, terms) };
  const ask = strictest(asks.filter((one) => one !== null));
  // Nobody is asked in vain: an action is held only when the approval would make it allowed.
  const afterwards = decide(approved(request, ask.quorum));
  const lost = errorOf(afterwards, terms);
  if (lost !== null) return lost;
  if (afterwards.decision === 'allow')
    return { effect: 'hold', determining, reasons: reasonsOf(determining, terms), ask };
  if (afterwards.determining.length === 0)
    return { effect: 'deny', determining: [], reasons: [reason('policy.no_permit')] };
  return { effect: 'deny', determining: afterwards.determining, reasons: reasonsOf(afterwards.determining, terms) };
}

/** Several holds at once: as many people as the most demanding asks for, in the shortest time, and only those all accept. */
export function strictest(asks: readonly Ask[]): Ask {
  const [first, ...others] = asks;
  if (first === undefined) throw new RangeError('no hold to combine');
  return others.reduce<Ask>(
    (combined, ask) => ({
      answerer: STRICTER.indexOf(ask.answerer) > STRICTER.indexOf(combined.answerer) ? ask.answerer : combined.answerer,
      roles: combined.roles.filter((role) => ask.roles.includes(role)),
      quorum: Math.max(combined.quorum, ask.quorum),
      ttl_ms: Math.min(combined.ttl_ms, ask.ttl_ms),
      message: combined.message.split('\n').includes(ask.message)
        ? combined.message
        : `${combined.message}\n${ask.message}`,
    }),
    first,
  );
}

const NOTHING_SEEN = '{}';

/** From the least to the most demanding to answer. */
const STRICTER: readonly OwnerRole[] = ['technical', 'business', 'escalation'];

function see(facts: PolicyFacts): { readonly request: CedarRequest; readonly saw: string } | string {
  try {
    const request = policyRequest(facts);
    // A request holds JSON values only; `tags`, where absent, is skipped.
    return { request, saw: canonicalJson(request as unknown as Json) };
  } catch (cause) {
    return cause instanceof Error ? cause.message : 'the facts could not be read';
  }
}

function errorOf(answer: CedarAnswer, terms: ReadonlyMap<string, PolicyTerms>): PolicyVerdict | null {
  const [error] = answer.errors;
  if (error === undefined) {
    // A policy that the set does not know cannot have decided.
    return answer.determining.every((id) => terms.has(id)) ? null : fault('an unknown policy answered');
  }
  return fault(error.message, error.policy);
}

function fault(message: string, policy: string | null = null): PolicyVerdict {
  const sentence = `A policy could not be evaluated, and any doubt is a deny: ${message.slice(0, FAULT_CHARS_MAX)}`;
  return {
    effect: 'deny',
    determining: policy === null ? [] : [policy],
    reasons: [reason('policy.error', policy === null ? { message: sentence } : { policy, message: sentence })],
  };
}

const FAULT_CHARS_MAX = 300;

function reasonsOf(ids: readonly string[], terms: ReadonlyMap<string, PolicyTerms>): readonly Reason[] {
  return ids.map((id) => {
    const said = terms.get(id);
    return said === undefined
      ? reason('policy.forbidden', { policy: id })
      : reason(said.code, { policy: id, message: said.message });
  });
}

function policyOf(determining: readonly string[]): { readonly policy?: string } {
  const [first] = determining;
  return first === undefined ? {} : { policy: first };
}

function approved(request: CedarRequest, quorum: number): CedarRequest {
  const approval: CedarValue = { granted: true, confirmed: false, approvers: quorum };
  return { ...request, context: { ...request.context, approval } };
}
