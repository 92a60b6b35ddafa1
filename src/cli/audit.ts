import type { Command } from 'commander';
import type { WitnessedHead } from '../adapters/evidence/check-entry.ts';
import { ORG_ID } from '../core/organisation.ts';
import { openEvidenceReader } from '../adapters/evidence/read-entries.ts';
import { verifyEvidence } from '../adapters/evidence/verify.ts';
import { MandateError } from '../core/errors.ts';
import type { EvidenceEntry } from '../ports/evidence-log.ts';
import { auditExport } from './audit-export.ts';
import { auditTail } from './audit-tail.ts';
import { command, group, withData, withJson, type DataOption, type JsonOption } from './command.ts';
import { entryJson, recordOf } from './entry.ts';
import { currentChain, evidenceFile, readSealKey } from './evidence-file.ts';
import { jsonText, print, say } from './print.ts';
import { details } from './table.ts';
import { printVerdict, witnessedHead } from './verdict.ts';

type AuditOptions = JsonOption & DataOption;

/** `mandate audit`: the evidence, read from the data directory, with no server or beside a running one. */
export function auditCommand(): Command {
  return group('audit', 'verify, read and export the evidence', 'mandate audit verify', [
    verify(),
    auditTail(),
    show(),
    auditExport(),
  ]);
}

function verify(): Command {
  return withJson(
    withData(
      command(
        'verify',
        'check every entry; exits 1 and names the first bad one',
        'mandate audit verify',
        'mandate audit verify --head nod_….1:41:sha256:…',
      ),
    ),
  )
    .option(
      '--head <chain:entries:hash>',
      'a position you wrote down earlier: only so a cut tail is found; may be repeated',
      witnessedHead,
    )
    .action(async (options: AuditOptions & { readonly head?: readonly WitnessedHead[] }) => {
      const file = evidenceFile(options);
      const sealKey = readSealKey(options);
      const chain = currentChain(options);
      const verdict = await verifyEvidence(file, {
        witnessed: options.head ?? [],
        onProgress: (count) => say(`${count} entries ...`),
        ...(sealKey === null ? {} : { sealKey }),
        ...(chain === null ? {} : { currentChain: chain }),
      });
      printVerdict(options, file, verdict);
    });
}

function show(): Command {
  return withJson(
    withData(
      command(
        'show',
        'show one record: its exact bytes, its place in its chain, and what came of it',
        'mandate audit show dec_…',
      ),
    ),
  )
    .argument('<id>', 'the record')
    .option('--facts', 'also what the policy saw (needs the key)')
    .action((id: string, options: AuditOptions & { readonly facts?: true }) => {
      const reader = openEvidenceReader(evidenceFile(options), ORG_ID);
      try {
        const entry = reader.get(id);
        if (entry === undefined) throw new MandateError('not_found', `There is no record ${JSON.stringify(id)}.`);
        const outcome =
          entry.projection.kind === 'outcome'
            ? undefined
            : reader.query({ kind: 'outcome', of: id }, { limit: 1, cursor: null }).items[0];
        const sealKey = options.facts === true ? readSealKey(options) : null;
        const facts = sealKey === null ? undefined : reader.facts(id, sealKey);
        if (options.facts === true && facts === undefined)
          say('The facts are erased, were never kept, or are sealed with another key.');
        const value = {
          ...entryJson(entry),
          outcome: outcome === undefined ? null : entryJson(outcome),
          ...(facts === undefined ? {} : { facts: recordOf(facts) }),
        };
        print(options, value, () => showText(entry, outcome, facts));
      } finally {
        reader.close();
      }
    });
}

function showText(entry: EvidenceEntry, outcome: EvidenceEntry | undefined, facts: string | undefined): string {
  const place = details([
    ['chain', entry.chain],
    ['entry', String(entry.seq)],
    ['prev', entry.prev],
    ['hash', entry.hash],
  ]);
  const came = outcome === undefined ? '' : `\n\noutcome\n${jsonText(recordOf(outcome.text))}`;
  const saw = facts === undefined ? '' : `\n\nfacts\n${jsonText(recordOf(facts))}`;
  return `${jsonText(recordOf(entry.text))}\n\n${place}${came}${saw}`;
}
