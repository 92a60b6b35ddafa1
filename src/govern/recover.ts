import { MandateError } from '../core/errors.ts';
import type { OutcomeRecord, SignalRecord } from '../core/evidence.ts';
import { isRecordId, type ChangeId, type NodeId } from '../core/ids.ts';
import type { Instant } from '../core/instant.ts';
import type { Changes } from '../ports/changes.ts';
import type { EvidenceEntry, EvidenceLog } from '../ports/evidence-log.ts';
import { PAGE_ITEMS_MAX } from '../ports/page.ts';
import type { Random } from '../ports/random.ts';
import { outcomeRecord, signalRecord } from './records.ts';

export interface RecoverPorts {
  readonly evidence: EvidenceLog;
  readonly changes: Changes;
  readonly random: Random;
  readonly node: NodeId;
}

export interface Recovered {
  /** Allowed actions that may have run, and of which nobody will learn more. */
  readonly unknown: number;
  /** Changes that stood in the evidence and never took effect. */
  readonly not_applied: number;
}

/**
 * Changes are made one at a time, so a crash leaves at most the newest one open; a store that fails again and again leaves
 * one `unknown` each time. Further back than this nothing was in doubt.
 */
export const RECOVER_CHANGES_MAX = 256;

/**
 * What a start does before it serves: gives every record that a crash left without an ending one, so that the evidence
 * says what is known and no more. An action that was allowed and has no outcome may have run: it becomes `unknown`, with a
 * signal, and is never repeated. A change that the store does not hold becomes `not_sent`.
 * @throws evidence.unavailable, store.unavailable: then nothing may be served
 */
export async function recover(ports: RecoverPorts, now: Instant): Promise<Recovered> {
  return { unknown: await endActions(ports, now), not_applied: await endChanges(ports, now) };
}

async function endActions(ports: RecoverPorts, now: Instant): Promise<number> {
  let ended = 0;
  let first: string | undefined;
  for (;;) {
    const entries = await ports.evidence.unanswered(PAGE_ITEMS_MAX);
    if (entries.length === 0) return ended;
    // INVARIANT: an outcome answers its decision, so the same one is never the oldest unanswered again.
    if (entries[0]?.projection.id === first)
      throw new MandateError('internal', 'An outcome did not answer its decision.');
    first = entries[0]?.projection.id;
    // The signal goes first: a crash between the two repeats it, and never loses it.
    const appends = entries.flatMap((entry) => [
      ports.evidence.append(outcomeUnknown(ports, entry, now)),
      ports.evidence.append(recovered(ports, entry.projection.id, 'unknown', now)),
    ]);
    await Promise.all(appends);
    ended += entries.length;
  }
}

async function endChanges(ports: RecoverPorts, now: Instant): Promise<number> {
  const { chain } = ports.evidence.head();
  const { items } = await ports.evidence.query({ kind: 'change' }, { limit: RECOVER_CHANGES_MAX, cursor: null });
  let ended = 0;
  // A restore begins a new chain; what an earlier one announced is not this store's to judge.
  for (const { projection } of items.filter((entry) => entry.chain === chain).reverse()) {
    const { id } = projection;
    if (!isRecordId('chg', id)) continue;
    const last = await ports.evidence.query({ kind: 'outcome', of: id }, { limit: 1, cursor: null });
    const status = last.items[0]?.projection.effect ?? null;
    if (status !== null && status !== 'unknown') continue;
    const truth = await endingOf(ports.changes, id, status, projection.effect === LOOK);
    if (truth === undefined) continue;
    if (truth === 'unknown' && status === 'unknown') continue;
    await ports.evidence.append(recovered(ports, id, truth, now));
    if (truth === 'not_sent') ended += 1;
  }
  return ended;
}

/** The change kind of an administrator's look at a server, which asks it for its tools before anything is written. */
const LOOK = 'server_asked';

/** A change that the store holds needs no outcome, unless one said that nobody knew. */
async function endingOf(
  changes: Changes,
  id: ChangeId,
  status: 'unknown' | null,
  isLook: boolean,
): Promise<OutcomeRecord['status'] | undefined> {
  // A look at a server writes nothing to the store, and may have started its command.
  if (isLook) return 'unknown';
  if (!(await changes.has(id))) return 'not_sent';
  return status === 'unknown' ? 'completed' : undefined;
}

function recovered(ports: RecoverPorts, of: string, status: OutcomeRecord['status'], now: Instant): OutcomeRecord {
  return outcomeRecord(ports, now, { of, status, code: 'recovered' });
}

function outcomeUnknown(ports: RecoverPorts, { projection }: EvidenceEntry, now: Instant): SignalRecord {
  const { id, actor, task, server, tool, at } = projection;
  return signalRecord(ports, now, {
    signal: 'outcome_unknown',
    about: { noun: 'decision', id },
    details: { actor, task, server, tool, decided_at: at },
  });
}
