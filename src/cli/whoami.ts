import type { Command } from 'commander';
import { apiUrl, clientFor } from './client.ts';
import { command, withApi, type ApiOptions } from './command.ts';
import { dataDirectory } from './data-directory.ts';
import { field } from './field.ts';
import { print } from './print.ts';
import { details } from './table.ts';
import { findToken } from './token.ts';

/** `mandate whoami`: as whom the CLI acts, where, and on which credential. */
export function whoamiCommand(): Command {
  return withApi(command('whoami', 'say as whom the CLI acts', 'mandate whoami')).action(
    async (options: ApiOptions) => {
      const url = apiUrl(options);
      const token = findToken(new URL(url), dataDirectory(options), options.as);
      const caller = await clientFor(url, token).get('/v1/whoami');
      const from = token.secret === null ? null : token.from;
      print(options, { ...caller, url, credential: from }, () =>
        details([
          ['acting as', [field(caller, 'kind'), field(caller, 'id')].filter(Boolean).join(' ')],
          ['roles', field(caller, 'roles')],
          ['at', url],
          ['with', from],
          ['stepped up until', field(caller, 'stepped_up_until')],
        ]),
      );
    },
  );
}
