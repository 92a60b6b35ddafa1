import { callerName, type Caller } from '../core/caller.ts';
import type { Change, ChangeKind, Write } from '../core/change.ts';
import { MandateError } from '../core/errors.ts';
import type { OutcomeRecord } from '../core/evidence.ts';
import type { NodeId } from '../core/ids.ts';
import type { Instant } from '../core/instant.ts';
import type { JsonObject } from '../core/json.ts';
import type { Changes, CommittedChange } from '../ports/changes.ts';
import type { Clock } from '../ports/clock.ts';
import type { EvidenceLog } from '../ports/evidence-log.ts';
import type { Random } from '../ports/random.ts';
import { changeRecord, outcomeRecord } from './records.ts';
import type { Ended, Snapshot } from './snapshot.ts';

/** What every use case that changes authority needs. */
export interface Control {
  readonly snapshot: Snapshot;
  readonly changes: Changes;
  readonly evidence: EvidenceLog;
  readonly clock: Clock;
  readonly random: Random;
  readonly node: NodeId;
  /**
   * Runs one change at a time, so that what was read still holds when it is written. Never call it inside itself.
   * @param asker who made this necessary, so that agents cannot take every place in the queue
   * @throws limit.reached when too much waits: nothing of `work` ran
   */
  exclusively<T>(work: () => Promise<T>, asker?: Caller['kind']): Promise<T>;
  /** Told of every change in force: enforcement points cut what ended, event streams pass it on. */
  announce(change: CommittedChange, ended: Ended): void;
}

export interface ChangeRequest {
  readonly caller: Caller;
  readonly kind: ChangeKind;
  readonly subject: { readonly noun: string; readonly id: string };
  readonly reason: string | null;
  /** Facts for the record, without secrets. */
  readonly details: JsonObject;
  readonly writes: readonly Write[];
  readonly now: Instant;
}

export interface ChangeMade {
  /** From the request to the moment every decision of this process sees it. */
  readonly in_force_ms: number;
}

/**
 * Evidence first, then the store, then the snapshot. To be called inside `exclusively`, with writes made from what the
 * snapshot held there.
 * @throws evidence.unavailable, store.unavailable, conflict.version: nothing changed
 */
export async function makeChange(control: Control, request: ChangeRequest): Promise<ChangeMade> {
  const startedUs = control.clock.monotonicUs();
  const change: Change = {
    id: control.random.id('chg'),
    at: request.now,
    kind: request.kind,
    by: callerName(request.caller),
    writes: request.writes,
  };
  const { subject, reason, details } = request;
  const { id, by } = change;
  await control.evidence.append(
    changeRecord(control, request.now, { id, change: request.kind, by, subject, reason, details }),
  );
  let committed: CommittedChange;
  try {
    const result = await control.changes.commit(change);
    if (!result.committed) {
      throw new MandateError('conflict.version', undefined, { at: `${result.conflict.noun} ${result.conflict.key}` });
    }
    committed = { ...change, seq: result.seq };
  } catch (error) {
    await control.evidence.append(notApplied(control, change, error));
    throw error;
  }
  const ended = control.snapshot.apply(committed);
  control.announce(committed, ended);
  return { in_force_ms: Math.ceil((control.clock.monotonicUs() - startedUs) / 1000) };
}

function notApplied(control: Control, change: Change, error: unknown): OutcomeRecord {
  return outcomeRecord(control, control.clock.now(), {
    of: change.id,
    // A commit that failed without an answer may still have happened; recovery looks it up at the next start.
    status: error instanceof MandateError && error.code === 'conflict.version' ? 'not_sent' : 'unknown',
    code: error instanceof MandateError ? error.code : 'internal',
  });
}

/** Each takes a few milliseconds: what waits behind these would not be served within the patience of its client. */
export const EXCLUSIVE_WAITING_MAX = 1_000;
/**
 * Of these, how many agents may have brought about. Agents come in numbers and at any pace, and a revocation must find a
 * place whatever they do: all others are people and Mandate itself, so the rest of the places is theirs alone.
 */
export const EXCLUSIVE_WAITING_OF_AGENTS_MAX = 500;

/** A queue of one: the `exclusively` of a Control. Who finds it full is refused and may try again. */
export function oneAtATime(): Control['exclusively'] {
  let last: Promise<unknown> = Promise.resolve();
  let waiting = 0;
  let waitingOfAgents = 0;
  return async (work, asker) => {
    const ofAgent = asker === 'agent';
    if (waiting >= EXCLUSIVE_WAITING_MAX || (ofAgent && waitingOfAgents >= EXCLUSIVE_WAITING_OF_AGENTS_MAX))
      throw new MandateError('limit.reached', 'Too many changes are waiting; try again in a moment.');
    waiting += 1;
    if (ofAgent) waitingOfAgents += 1;
    const next = last.then(work, work);
    last = next.catch(() => undefined); // the caller owns the failure; the queue only waits
    try {
      return await next;
    } finally {
      waiting -= 1;
      if (ofAgent) waitingOfAgents -= 1;
    }
  };
}
