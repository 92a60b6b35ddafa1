import type { Command } from 'commander';
import type { JsonObject } from '../core/json.ts';
import { connect, type Query } from './client.ts';
import { command, wholeNumber, withApi, type ApiOptions } from './command.ts';
import { print, say } from './print.ts';
import { table, type Column } from './table.ts';

export interface ListOptions extends ApiOptions {
  readonly limit: number;
}

const LIMIT_DEFAULT = 100;
const LIMIT_MAX = 10_000;

/** A `list` command: newest first, `--limit` of them, saying on stderr when there are more. */
export function listCommand(summary: string, example: string): Command {
  return withApi(command('list', summary, example)).option(
    '--limit <n>',
    'how many at most',
    wholeNumber('--limit', 1, LIMIT_MAX),
    LIMIT_DEFAULT,
  );
}

/** Prints what the API lists at this path; with `--json` as `{items, more}`. */
export async function printList(
  options: ListOptions,
  path: string,
  query: Query,
  columns: readonly Column<JsonObject>[],
): Promise<void> {
  const listed = await connect(options).list(path, query, options.limit);
  print(options, listed, () => table(columns, listed.items));
  if (listed.more) say(`There are more: --limit ${Math.min(options.limit * 10, LIMIT_MAX)}`);
}
