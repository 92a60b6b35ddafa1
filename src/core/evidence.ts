import { canonicalJson } from './canonical-json.ts';
import type { Chain } from './delegation.ts';
import type { Json, JsonObject } from './json.ts';
import type { PolicyRef } from './policy-set.ts';
import type { Reason } from './reasons.ts';

/**
 * The records of the log. Times are RFC 3339 text here, because these are the bytes that are hashed: canonicalJson of
 * the record, exactly. Nothing in them is a secret; arguments appear as a keyed digest and allow-listed facts.
 */
export interface DecisionRecord {
  readonly v: 1;
  readonly kind: 'decision';
  readonly id: string;
  readonly at: string;
  readonly node: string;
  readonly actor: string;
  readonly credential: string | null;
  readonly chain: Chain;
  readonly task: string | null;
  readonly revision: number | null;
  readonly purpose: string | null;
  readonly purpose_source: string | null;
  readonly trigger: JsonObject | null;
  readonly action: {
    readonly kind: string;
    readonly server: string | null;
    readonly tool: string | null;
    readonly method: string;
    readonly definition_digest: string | null;
    /** Keyed (HMAC-SHA-256), so that short arguments cannot be guessed from it. */
    readonly arguments_digest: string;
    readonly argument_facts: JsonObject;
    readonly destination: string | null;
    readonly environment: string | null;
  };
  readonly labels: readonly string[];
  readonly budgets: JsonObject;
  /** Of the sealed facts that stand beside this record. */
  readonly facts_digest: string;
  readonly effect: string;
  readonly mode: string;
  readonly enforced: boolean;
  readonly reasons: readonly Reason[];
  readonly determining: readonly string[];
  readonly policy: PolicyRef | null;
  readonly snapshot_age_ms: number;
  readonly approval: string | null;
  /** What the client said about itself (ids in headers, `_meta`): recorded as claims, never believed. */
  readonly claims: JsonObject;
  readonly latency_us: number;
}

/**
 * What became of an allowed action. `completed`: answered without an error; `failed`: answered with one; `not_sent`:
 * nothing reached the server; `unknown`: it may have run (time-out, crash).
 */
export interface OutcomeRecord {
  readonly v: 1;
  readonly kind: 'outcome';
  readonly id: string;
  readonly at: string;
  readonly node: string;
  /** The decision, or the change that did not take effect. */
  readonly of: string;
  readonly status: 'completed' | 'failed' | 'not_sent' | 'unknown';
  readonly code: string | null;
  readonly result_digest: string | null;
  readonly result_bytes: number;
  readonly labels_gained: readonly string[];
  readonly duration_ms: number;
}

export interface ChangeRecord {
  readonly v: 1;
  readonly kind: 'change';
  readonly id: string;
  readonly at: string;
  readonly node: string;
  readonly change: string;
  readonly by: string;
  readonly subject: { readonly noun: string; readonly id: string };
  readonly reason: string | null;
  /** What a reader must know, without secrets: from, to, roles, tools, digests. */
  readonly details: JsonObject;
}

export interface SignalRecord {
  readonly v: 1;
  readonly kind: 'signal';
  readonly id: string;
  readonly at: string;
  readonly node: string;
  readonly signal: string;
  readonly about: { readonly noun: string; readonly id: string };
  readonly details: JsonObject;
}

export type EvidenceRecord = DecisionRecord | OutcomeRecord | ChangeRecord | SignalRecord;
export const EVIDENCE_KINDS = ['decision', 'outcome', 'change', 'signal'] as const;
export type EvidenceKind = (typeof EVIDENCE_KINDS)[number];

/** The columns a query uses: computed from the bytes, so that verification can compute them again. */
export interface EvidenceProjection {
  readonly kind: EvidenceKind;
  readonly id: string;
  readonly at: string;
  readonly actor: string | null;
  readonly task: string | null;
  readonly server: string | null;
  readonly tool: string | null;
  readonly effect: string | null;
  /** Outcomes: the decision or change they belong to. Changes and signals: the subject's id. */
  readonly of: string | null;
}

/** The exact text that is hashed and stored. */
export function evidenceText(record: EvidenceRecord): string {
  return canonicalJson(record as unknown as Json); // records hold JSON values only; interfaces lack the index signature
}

export function projectEvidence(record: EvidenceRecord): EvidenceProjection {
  const base = { kind: record.kind, id: record.id, at: record.at };
  switch (record.kind) {
    case 'decision':
      return {
        ...base,
        actor: record.actor,
        task: record.task,
        server: record.action.server,
        tool: record.action.tool,
        effect: record.effect,
        of: null,
      };
    case 'outcome':
      return { ...base, actor: null, task: null, server: null, tool: null, effect: record.status, of: record.of };
    case 'change':
      return {
        ...base,
        actor: record.by,
        task: null,
        server: null,
        tool: null,
        effect: record.change,
        of: record.subject.id,
      };
    case 'signal':
      return { ...base, actor: null, task: null, server: null, tool: null, effect: record.signal, of: record.about.id };
  }
}
