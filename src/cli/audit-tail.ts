import { setTimeout as wait } from 'node:timers/promises';
import type { Command } from 'commander';
import { ORG_ID } from '../core/organisation.ts';
import { openEvidenceReader, type EvidenceReader } from '../adapters/evidence/read-entries.ts';
import { EVIDENCE_KINDS, type EvidenceKind } from '../core/evidence.ts';
import type { EvidenceEntry } from '../ports/evidence-log.ts';
import { PAGE_ITEMS_MAX } from '../ports/page.ts';
import { command, oneOf, wholeNumber, withData, withJson, type DataOption, type JsonOption } from './command.ts';
import { ENTRY_COLUMNS, entryJson } from './entry.ts';
import { evidenceFile } from './evidence-file.ts';
import { jsonLine, print } from './print.ts';
import { table } from './table.ts';

interface TailOptions extends JsonOption, DataOption {
  readonly lines: number;
  readonly follow?: true;
  readonly kind?: EvidenceKind;
}

const LINES_DEFAULT = 20;
/** Often enough to watch, seldom enough not to be noticed by the writer. */
const FOLLOW_EVERY_MS = 250;

/** `mandate audit tail`: the newest records, oldest of them first. */
export function auditTail(): Command {
  return withJson(
    withData(command('tail', 'the newest records; with --follow also what comes', 'mandate audit tail --follow')),
  )
    .option('-n, --lines <n>', 'how many', wholeNumber('--lines', 1, PAGE_ITEMS_MAX), LINES_DEFAULT)
    .option('-f, --follow', 'go on until interrupted; with --json one JSON value a line')
    .option('--kind <kind>', EVIDENCE_KINDS.join(', '), oneOf('--kind', EVIDENCE_KINDS))
    .action(async (options: TailOptions) => {
      const reader = openEvidenceReader(evidenceFile(options), ORG_ID);
      try {
        await tail(reader, options);
      } finally {
        reader.close();
      }
    });
}

async function tail(reader: EvidenceReader, options: TailOptions): Promise<void> {
  const kind = options.kind === undefined ? {} : { kind: options.kind };
  // Before the newest are read: what is appended in between is then shown by the following, and not lost.
  const positions = new Map(reader.heads().map(({ chain, seq }) => [chain, seq]));
  const { items } = reader.query(kind, { limit: options.lines, cursor: null });
  const newest = items.filter((entry) => entry.seq <= (positions.get(entry.chain) ?? 0)).toReversed();
  if (options.follow !== true)
    return print(options, { items: newest.map(entryJson) }, () => table(ENTRY_COLUMNS, newest, 'No records yet.'));

  printMore(newest, options, true);
  const stop = new AbortController();
  const onSignal = (): void => stop.abort();
  process.once('SIGINT', onSignal).once('SIGTERM', onSignal);
  while (await pause(stop.signal)) {
    for (const { chain, seq: head } of reader.heads()) {
      for (let seq = positions.get(chain) ?? 0; seq < head;) {
        const more = reader.after(chain, seq, PAGE_ITEMS_MAX);
        if (more.length === 0) break;
        printMore(
          more.filter((entry) => options.kind === undefined || entry.projection.kind === options.kind),
          options,
          false,
        );
        seq = more.at(-1)?.seq ?? head;
        positions.set(chain, seq);
      }
    }
  }
}

function printMore(entries: readonly EvidenceEntry[], options: TailOptions, first: boolean): void {
  if (options.json === true) {
    for (const entry of entries) process.stdout.write(jsonLine(entryJson(entry)));
    return;
  }
  if (entries.length === 0) return;
  const lines = table(ENTRY_COLUMNS, entries);
  process.stdout.write(`${first ? lines : lines.slice(lines.indexOf('\n') + 1)}\n`);
}

/** False when it is time to stop. */
async function pause(signal: AbortSignal): Promise<boolean> {
  try {
    await wait(FOLLOW_EVERY_MS, undefined, { signal });
    return true;
  } catch (error) {
    if (signal.aborted) return false;
    throw error;
  }
}
