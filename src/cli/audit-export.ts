import { createWriteStream, renameSync, rmSync } from 'node:fs';
import { finished } from 'node:stream/promises';
import type { Command } from 'commander';
import { ORG_ID } from '../core/organisation.ts';
import { exportEvidence } from '../adapters/evidence/export.ts';
import { EVIDENCE_KINDS, type EvidenceKind } from '../core/evidence.ts';
import { isMandateError, MandateError } from '../core/errors.ts';
import type { EvidenceFilter } from '../ports/evidence-log.ts';
import { command, oneOf, withData, withJson, type DataOption, type JsonOption } from './command.ts';
import { evidenceFile } from './evidence-file.ts';
import { print, say } from './print.ts';

interface ExportOptions extends JsonOption, DataOption {
  readonly kind?: EvidenceKind;
  readonly task?: string;
  readonly actor?: string;
  readonly since?: string;
}

/** `mandate audit export`: a bundle that anyone verifies with `mandate verify FILE`. */
export function auditExport(): Command {
  return withJson(
    withData(
      command(
        'export',
        'write a bundle that `mandate verify` checks anywhere',
        'mandate audit export evidence.jsonl --since 2026-11-01T00:00:00Z',
      ),
    ),
  )
    .argument('<file>', 'where to; - for stdout')
    .option('--kind <kind>', EVIDENCE_KINDS.join(', '), oneOf('--kind', EVIDENCE_KINDS))
    .option('--task <id>', 'only of this task')
    .option('--actor <id>', 'only of this actor')
    .option('--since <time>', 'only since then (RFC 3339)', since)
    .action(async (file: string, options: ExportOptions) => {
      const log = evidenceFile(options);
      const filter: EvidenceFilter = {
        ...(options.kind === undefined ? {} : { kind: options.kind }),
        ...(options.task === undefined ? {} : { task: options.task }),
        ...(options.actor === undefined ? {} : { actor: options.actor }),
        ...(options.since === undefined ? {} : { since: options.since }),
      };
      if (file === '-') {
        say(`${await exportEvidence(log, ORG_ID, filter, process.stdout)} entries`);
        return;
      }
      const count = await exportToFile(log, filter, file);
      print(options, { file, count }, () => `${count} entries are in ${file}. Check them with: mandate verify ${file}`);
    });
}

/** Whole or not at all, and for its owner's eyes. */
async function exportToFile(log: string, filter: EvidenceFilter, file: string): Promise<number> {
  const unborn = `${file}.new`;
  const out = createWriteStream(unborn, { mode: 0o600 });
  // Heard here as well: a stream that fails before anyone waits for it would end the process.
  const failed = new Promise<never>((_, reject) => out.once('error', reject));
  try {
    const count = await Promise.race([exportEvidence(log, ORG_ID, filter, out), failed]);
    out.end();
    await finished(out);
    renameSync(unborn, file);
    return count;
  } catch (error) {
    out.destroy();
    rmSync(unborn, { force: true });
    if (isMandateError(error)) throw error;
    throw new MandateError(
      'input.invalid',
      `${file} cannot be written: ${error instanceof Error ? error.message : String(error)}.`,
      { cause: error },
    );
  }
}

function since(text: string): string {
  const at = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(at)) throw new MandateError('input.invalid', '--since is a time such as 2026-11-01T00:00:00Z.');
  return new Date(at).toISOString();
}
