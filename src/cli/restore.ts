import { resolve } from 'node:path';
import type { Command } from 'commander';
import { restore } from '../adapters/data-dir/restore.ts';
import { systemClock } from '../adapters/system/clock.ts';
import { command, withData, withJson, type DataOption, type JsonOption } from './command.ts';
import { dataDirectory } from './data-directory.ts';
import { print, say } from './print.ts';

/** `mandate restore DIR`: into a new data directory, with no server at work in it. */
export function restoreCommand(): Command {
  return withJson(
    withData(
      command(
        'restore',
        'put a backup into a new or empty data directory',
        'mandate restore /backups/2026-11-22 --data /srv/mandate',
      ),
    ),
  )
    .argument('<dir>', 'a folder that `mandate backup` made')
    .action(async (dir: string, options: JsonOption & DataOption) => {
      const data = dataDirectory(options);
      say(`Checking ${resolve(dir)} ...`);
      const manifest = await restore({ from: resolve(dir), data, now: systemClock().now() });
      print(
        options,
        { data, ...manifest },
        () =>
          `${data} holds the backup of ${manifest.created_at}. Tokens, sessions and approvals of then end when it is first served:\n` +
          `mandate serve --data ${data}`,
      );
    });
}
