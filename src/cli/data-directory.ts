import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/** Where everything of one Mandate lies: `--data`, else `MANDATE_DATA`, else `~/.mandate`. Absolute; may not exist. */
export function dataDirectory(options: { readonly data?: string }): string {
  return resolve(options.data ?? (process.env['MANDATE_DATA'] || join(homedir(), '.mandate')));
}
