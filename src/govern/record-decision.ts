import { argumentsOf, forwardedParams, type Action } from '../core/action.ts';
import type { Decision, Effect } from '../core/decision.ts';
import type { DecisionRecord } from '../core/evidence.ts';
import type { ApprovalId, CredentialId, DecisionId, NodeId } from '../core/ids.ts';
import { toRfc3339, type Instant } from '../core/instant.ts';
import type { JsonObject } from '../core/json.ts';
import type { PolicyRef } from '../core/policy-set.ts';
import type { Reason } from '../core/reasons.ts';
import { redactText, redactJson } from '../core/redaction.ts';
import type { Hasher } from '../ports/hasher.ts';
import type { AskedAction, Standing } from './preconditions.ts';

/** All that one decision came from. */
export interface Decided {
  readonly id: DecisionId;
  readonly at: Instant;
  readonly effect: Effect;
  readonly reasons: readonly Reason[];
  readonly determining: readonly string[];
  readonly policy: PolicyRef | null;
  readonly approval: ApprovalId | null;
  readonly asked: AskedAction;
  readonly credential: CredentialId;
  readonly found: Partial<Standing>;
  /** Canonical JSON of what the policy saw; null when a precondition decided. */
  readonly saw: string | null;
  readonly spent: { readonly calls: number };
  readonly claims: JsonObject;
  readonly latency_us: number;
}

export function decisionOf(decided: Decided): Decision {
  const { found, asked } = decided;
  return {
    id: decided.id,
    at: decided.at,
    effect: decided.effect,
    mode: 'enforce',
    reasons: decided.reasons,
    policy: decided.policy,
    determining: decided.determining,
    // The authenticated agent, even when it is no longer registered.
    actor: found.agent?.id ?? (asked.agent as Decision['actor']),
    chain: found.task?.chain ?? [],
    task: found.task?.id ?? null,
    revision: found.task?.revision ?? null,
    kind: asked.action.kind,
    server: found.server?.id ?? null,
    tool: asked.action.tool,
    environment: found.server?.environment ?? null,
    approval: decided.approval,
  };
}

/** The record that is hashed, and the facts that are sealed beside it. */
export function decisionRecord(
  hasher: Hasher,
  node: NodeId,
  decided: Decided,
): { readonly record: DecisionRecord; readonly facts: string } {
  const { asked, found } = decided;
  const forwarded = forwardedParams(asked.action);
  // Members in canonical order: both parts are canonical texts already.
  const facts = `{"params":${forwarded},"saw":${decided.saw ?? 'null'}}`;
  const record: DecisionRecord = {
    v: 1,
    kind: 'decision',
    id: decided.id,
    at: toRfc3339(decided.at),
    node,
    actor: asked.agent,
    credential: decided.credential,
    chain: found.task?.chain ?? [],
    task: found.task?.id ?? asked.task,
    revision: found.task?.revision ?? null,
    purpose: found.task === undefined ? null : redactText(found.task.purpose),
    purpose_source: found.task?.purpose_source ?? null,
    trigger: found.task === undefined ? null : { kind: found.task.trigger.kind, id: found.task.trigger.id },
    action: {
      kind: asked.action.kind,
      server: asked.action.server,
      tool: asked.action.tool,
      method: asked.action.method,
      definition_digest: found.tool?.digest ?? null,
      arguments_digest: hasher.keyed(forwarded),
      argument_facts: argumentFacts(asked.action, forwarded),
      destination: null,
      environment: found.server?.environment ?? null,
    },
    labels: [],
    budgets: { calls_spent: decided.spent.calls, calls: found.task?.budget.calls ?? null },
    facts_digest: hasher.sha256(facts),
    effect: decided.effect,
    mode: 'enforce',
    enforced: true,
    reasons: decided.reasons.map((each) => ({ ...each, message: redactText(each.message) })),
    determining: decided.determining,
    policy: decided.policy,
    // One process holds the only snapshot, and its own commits apply at once.
    snapshot_age_ms: 0,
    approval: decided.approval,
    claims: redactJson(decided.claims) as JsonObject, // an object stays an object
    latency_us: decided.latency_us,
  };
  return { record, facts };
}

const ARGUMENT_NAMES_MAX = 32;

/** The names of the arguments and their size: enough to read a log, nothing that could be a secret. */
function argumentFacts(action: Action, forwarded: string): JsonObject {
  const names = Object.keys(argumentsOf(action)).sort();
  return {
    names: names.slice(0, ARGUMENT_NAMES_MAX).map((name) => redactText(name).slice(0, 64)),
    names_left_out: Math.max(0, names.length - ARGUMENT_NAMES_MAX),
    chars: forwarded.length,
  };
}
