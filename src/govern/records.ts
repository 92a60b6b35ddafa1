import type { ChangeRecord, OutcomeRecord, SignalRecord } from '../core/evidence.ts';
import type { NodeId } from '../core/ids.ts';
import { toRfc3339, type Instant } from '../core/instant.ts';
import { redactJson, redactText } from '../core/redaction.ts';
import type { JsonObject } from '../core/json.ts';
import type { Random } from '../ports/random.ts';

/** Who writes a record: this process, with an id of its own making. */
export interface Recorder {
  readonly random: Random;
  readonly node: NodeId;
}

/** What became of a decision or a change. What is left out: no code, no result, and no time that was measured. */
export function outcomeRecord(
  { random, node }: Recorder,
  at: Instant,
  became: Pick<OutcomeRecord, 'of' | 'status'> &
    Partial<Pick<OutcomeRecord, 'code' | 'result_digest' | 'result_bytes' | 'duration_ms'>>,
): OutcomeRecord {
  return {
    v: 1,
    kind: 'outcome',
    id: random.id('out'),
    at: toRfc3339(at),
    node,
    code: null,
    result_digest: null,
    result_bytes: 0,
    labels_gained: [],
    duration_ms: 0,
    ...became,
  };
}

/** What is about to change. Its id is the change's own; its reason and details lose what looks like a secret. */
export function changeRecord(
  { node }: Pick<Recorder, 'node'>,
  at: Instant,
  { id, change, by, subject, reason, details }: Omit<ChangeRecord, 'v' | 'kind' | 'at' | 'node'>,
): ChangeRecord {
  return {
    v: 1,
    kind: 'change',
    id,
    at: toRfc3339(at),
    node,
    change,
    by,
    subject,
    reason: reason === null ? null : redactText(reason),
    details: redactJson(details) as JsonObject, // an object stays an object
  };
}

/** Something to look at. */
export function signalRecord(
  { random, node }: Recorder,
  at: Instant,
  { signal, about, details }: Pick<SignalRecord, 'signal' | 'about' | 'details'>,
): SignalRecord {
  return { v: 1, kind: 'signal', id: random.id('sig'), at: toRfc3339(at), node, signal, about, details };
}
