import type { Approval } from '../../core/approval.ts';
import type { Decision } from '../../core/decision.ts';
import { toRfc3339 } from '../../core/instant.ts';
import type { Json, JsonObject } from '../../core/json.ts';
import { approvalUrl } from '../../core/page-url.ts';
import { reason, type Reason, type ReasonCode } from '../../core/reasons.ts';
import type { EvidenceReceipt } from '../../ports/evidence-log.ts';

/** Under which `_meta` and `error.data` of an answer say what was decided. */
export const DECISION_KEY = 'dev.mandate/decision';

export interface Shown {
  readonly decision: Decision;
  readonly receipt: EvidenceReceipt | null;
  readonly approval?: Approval;
}

/** The decision as every answer of an action carries it. `evidence` is null when it could not be recorded. */
export function decisionMeta({ decision, receipt, approval }: Shown, publicUrl: string): JsonObject {
  const { id, effect, mode, policy, task } = decision;
  return {
    id,
    effect,
    mode,
    reasons: shownReasons(decision).map(({ code, policy: by, message }) => ({ code, policy: by, message })),
    policy: policy === null ? null : { serial: policy.serial, hash: policy.hash },
    task,
    evidence: receipt === null ? null : { chain: receipt.chain, seq: receipt.seq, hash: receipt.hash },
    ...(approval === undefined ? {} : { approval: approvalMeta(approval, publicUrl) }),
  };
}

/**
 * True when the tool does not exist for this task. Whether it is missing or out of reach is not told: both answers are
 * the same.
 */
export function isHidden(decision: Decision): boolean {
  return decision.effect === 'deny' && decision.reasons.some(({ code }) => HIDING.has(code));
}

/** The reasons a client may know. */
export function shownReasons(decision: Decision): readonly Reason[] {
  return isHidden(decision) ? [UNKNOWN_TOOL] : decision.reasons;
}

const UNKNOWN_TOOL = reason('tool.unknown', { message: 'There is no such tool in this task.' });

const HIDING: ReadonlySet<ReasonCode> = new Set<ReasonCode>([
  'tool.unknown',
  'server.unknown',
  'scope.tool',
  'scope.requester',
  'scope.ceiling',
]);

function approvalMeta(approval: Approval, publicUrl: string): Json {
  return {
    id: approval.id,
    kind: approval.subject.kind,
    url: approvalUrl(publicUrl, approval.id),
    expires_at: toRfc3339(approval.expires_at),
  };
}
