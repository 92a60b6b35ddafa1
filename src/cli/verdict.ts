import type { WitnessedHead } from '../adapters/evidence/check-entry.ts';
import type { EvidenceVerdict } from '../adapters/evidence/verify.ts';
import { MandateError } from '../core/errors.ts';
import { safeLine } from '../standards/unicode/safe-line.ts';
import type { JsonOption } from './command.ts';
import { EXIT } from './exit.ts';
import { paint, print } from './print.ts';
import { table } from './table.ts';

/** Prints what a verification found; a fault names the first bad entry and makes the exit status 1. */
export function printVerdict(options: JsonOption, what: string, verdict: EvidenceVerdict): void {
  print(options, verdict, () => {
    if (!verdict.ok) {
      const where = verdict.chain === null ? 'not in one entry' : `chain ${verdict.chain}, entry ${verdict.seq}`;
      return safeLine(`FAULT: ${where}: ${verdict.why} (${verdict.count} entries before it are good)`);
    }
    const chains = table(
      [
        { title: 'CHAIN', of: (chain) => chain.chain },
        { title: 'ENTRIES', of: (chain) => String(chain.count) },
        { title: 'HEAD', of: (chain) => chain.head, chars_max: 80 },
      ],
      verdict.chains,
      'No entries yet.',
    );
    const facts = verdict.facts_checked > 0 ? `, ${verdict.facts_checked} sealed facts opened` : '';
    const sealed =
      verdict.facts_sealed > 0 ? `, ${verdict.facts_sealed} sealed with an earlier key and not opened` : '';
    return `${chains}\n${paint('green', 'verified')}: ${counted(verdict.count, 'entry', 'entries')} in ${counted(verdict.chains.length, 'chain', 'chains')} of ${safeLine(what)}${facts}${sealed}`;
  });
  if (!verdict.ok) process.exitCode = EXIT.refused;
}

/** `CHAIN:SEQ:sha256:…`, as someone wrote it down from an earlier verification. May be repeated. */
export function witnessedHead(text: string, earlier?: readonly WitnessedHead[]): readonly WitnessedHead[] {
  const [, chain, seq, hash] = /^(.{1,200}):([1-9]\d{0,14}):(sha256:[0-9a-f]{64})$/.exec(text) ?? [];
  if (chain === undefined || hash === undefined)
    throw new MandateError('input.invalid', '--head is CHAIN:ENTRIES:sha256:HASH, from an earlier verification.');
  return [...(earlier ?? []), { chain, seq: Number(seq), hash }];
}

function counted(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`;
}
