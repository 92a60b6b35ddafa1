import { MandateError } from '../../core/errors.ts';
import { evidenceText, projectEvidence } from '../../core/evidence.ts';
import type { NodeId } from '../../core/ids.ts';
import type { EvidenceEntry, EvidenceFilter, EvidenceLog, EvidenceReceipt } from '../../ports/evidence-log.ts';
import { chainHash, FIRST_PREV, printHash } from './chain-hash.ts';
import { chainName } from './chain-name.ts';
import { checkLimit, readCursor } from './page-request.ts';
import { areFactsOf } from './seal.ts';

/** Evidence that lives as long as its process: for unit tests and simulations, never for a server. */
export function openMemoryEvidence(options: { readonly node: NodeId }): EvidenceLog {
  const chain = chainName(options.node, 1);
  const entries: EvidenceEntry[] = [];
  const byId = new Map<string, EvidenceEntry>();
  const waiting = new Map<string, EvidenceEntry>();
  let prev = FIRST_PREV;
  let head: EvidenceReceipt = { chain, seq: 0, hash: printHash(FIRST_PREV) };
  let closed = false;

  return {
    async append(record, facts) {
      if (closed) throw new MandateError('evidence.unavailable', 'The evidence log is closed.');
      if (facts !== undefined && !areFactsOf(record, facts)) {
        throw new MandateError('internal', 'The facts are not those of the record.');
      }
      if (byId.has(record.id)) throw new MandateError('internal', 'A record with this id is in the evidence already.');
      const text = evidenceText(record);
      const projection = projectEvidence(record);
      const hash = chainHash(prev, text);
      const entry = { chain, seq: entries.length + 1, hash: printHash(hash), prev: printHash(prev), text, projection };
      prev = hash;
      entries.push(entry);
      byId.set(record.id, entry);
      if (projection.kind === 'decision' && projection.effect === 'allow') waiting.set(record.id, entry);
      if (projection.kind === 'outcome' && projection.of !== null) waiting.delete(projection.of);
      head = { chain, seq: entry.seq, hash: entry.hash };
      return head;
    },
    get: async (id) => byId.get(id),
    async query(filter, { limit, cursor }) {
      const before = cursor === null ? entries.length + 1 : readCursor(cursor);
      const found: EvidenceEntry[] = [];
      checkLimit(limit);
      for (let at = Math.min(before - 2, entries.length - 1); at >= 0 && found.length <= limit; at -= 1) {
        const entry = entries[at];
        if (entry !== undefined && matches(entry, filter)) found.push(entry);
      }
      const items = found.slice(0, limit);
      return { items, next_cursor: found.length > limit ? String(items.at(-1)?.seq) : null };
    },
    after: async (seq, limit) => entries.slice(seq, seq + checkLimit(limit)),
    unanswered: async (limit) => [...waiting.values()].slice(0, checkLimit(limit)),
    allowedCalls: async (task) =>
      entries.filter(({ projection: p }) => p.task === task && p.kind === 'decision' && p.effect === 'allow').length,
    head: () => head,
    async close() {
      closed = true;
    },
  };
}

function matches({ projection: p }: EvidenceEntry, { kind, task, actor, effect, of, since }: EvidenceFilter): boolean {
  return (
    (kind === undefined || p.kind === kind) &&
    (task === undefined || p.task === task) &&
    (actor === undefined || p.actor === actor) &&
    (effect === undefined || p.effect === effect) &&
    (of === undefined || p.of === of) &&
    (since === undefined || p.at >= since)
  );
}
