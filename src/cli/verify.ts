import type { Command } from 'commander';
import type { WitnessedHead } from '../adapters/evidence/check-entry.ts';
import { verifyExport } from '../adapters/evidence/verify-export.ts';
import { command, withJson, type JsonOption } from './command.ts';
import { printVerdict, witnessedHead } from './verdict.ts';

/** `mandate verify FILE`: an exported bundle, on any machine, without Mandate's files. */
export function verifyCommand(): Command {
  return withJson(
    command(
      'verify',
      'verify an exported bundle of evidence; exits 1 and names the first bad entry',
      'mandate verify evidence.jsonl',
    ),
  )
    .argument('<file>', 'a bundle that `mandate audit export` wrote')
    .option('--head <chain:entries:hash>', 'a position you wrote down earlier; may be repeated', witnessedHead)
    .action(async (file: string, options: JsonOption & { readonly head?: readonly WitnessedHead[] }) => {
      printVerdict(options, file, await verifyExport(file, { witnessed: options.head ?? [] }));
    });
}
