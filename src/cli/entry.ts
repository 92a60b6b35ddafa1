import { MandateError } from '../core/errors.ts';
import type { JsonObject } from '../core/json.ts';
import type { EvidenceEntry } from '../ports/evidence-log.ts';
import { field, part } from './field.ts';
import type { Column } from './table.ts';

/** An entry as machines get it: the record, and where it stands. */
export function entryJson(entry: EvidenceEntry): JsonObject {
  const { chain, seq, hash, prev, text } = entry;
  return { chain, seq, hash, prev, record: recordOf(text) };
}

/** @throws data.damaged; `audit verify` then says more */
export function recordOf(text: string): JsonObject {
  try {
    return JSON.parse(text) as JsonObject; // a record is an object, see core/evidence.ts
  } catch (error) {
    throw new MandateError('data.damaged', 'An entry is not JSON; run `mandate audit verify`.', { cause: error });
  }
}

/** One line for each entry. */
export const ENTRY_COLUMNS: readonly Column<EvidenceEntry>[] = [
  { title: 'AT', of: (entry) => entry.projection.at },
  { title: 'ENTRY', of: (entry) => String(entry.seq) },
  { title: 'KIND', of: (entry) => entry.projection.kind },
  { title: 'WHAT', of: (entry) => entry.projection.effect ?? '' },
  { title: 'WHO', of: (entry) => entry.projection.actor ?? '' },
  { title: 'ABOUT', of: aboutText },
  { title: 'ID', of: (entry) => entry.projection.id },
];

function aboutText(entry: EvidenceEntry): string {
  const { kind, server, tool, of } = entry.projection;
  const record = recordOf(entry.text);
  if (kind === 'decision')
    return tool === null
      ? `${field(part(record, 'action'), 'method')} ${server ?? ''}`.trim()
      : `${server ?? ''}/${tool}`;
  const noun = field(part(record, kind === 'change' ? 'subject' : 'about'), 'noun');
  return [noun, of ?? ''].filter(Boolean).join(' ');
}
