import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { ORG_ID } from '../core/organisation.ts';
import { backup } from '../adapters/data-dir/backup.ts';
import { openEvidenceReader } from '../adapters/evidence/read-entries.ts';
import { systemClock } from '../adapters/system/clock.ts';
import { command, withData, withJson, type DataOption, type JsonOption } from './command.ts';
import { dataDirectory } from './data-directory.ts';
import { evidenceFile } from './evidence-file.ts';
import { print, say } from './print.ts';
import { version } from './version.ts';

interface BackupOptions extends JsonOption, DataOption {
  readonly withKeys?: true;
}

/** `mandate backup DIR`. */
export function backupCommand(): Command {
  return withJson(
    withData(
      command('backup', 'copy the data directory, also beside a running server', 'mandate backup /backups/2026-11-22'),
    ),
  )
    .argument('<dir>', 'the folder to make; it must not exist')
    .option('--with-keys', 'also copy the keys: whoever has the backup can then read every sealed fact in it')
    .action(async (dir: string, options: BackupOptions) => {
      const to = resolve(dir);
      const head = newestHead(evidenceFile(options));
      if (!existsSync(to)) say(`Copying ${dataDirectory(options)} ...`);
      const manifest = await backup({
        data: dataDirectory(options),
        to,
        with_keys: options.withKeys === true,
        now: systemClock().now(),
        mandate: version(),
        evidence_head: head,
      });
      print(options, { folder: to, ...manifest }, () => {
        const keys = manifest.with_keys
          ? 'with its keys: keep it as you keep the data directory'
          : 'without keys: its sealed facts cannot be read again';
        return `${to} is made, ${keys}.\nPut it in place with: mandate restore ${to} --data NEW_DIR`;
      });
    });
}

/** Where the evidence stands before the copy begins: an entry that the backup holds for certain. */
function newestHead(file: string): { readonly chain: string; readonly seq: number; readonly hash: string } | null {
  const reader = openEvidenceReader(file, ORG_ID);
  try {
    return reader.heads().at(-1) ?? null;
  } finally {
    reader.close();
  }
}
