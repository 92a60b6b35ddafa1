import type { Command } from 'commander';
import { configJsonSchema } from '../config.ts';
import { command, group, withData, withJson, type DataOption, type JsonOption } from './command.ts';
import { readConfig } from './read-config.ts';
import { jsonText, print } from './print.ts';

/** `mandate config`: the file that `serve` reads. */
export function configCommand(): Command {
  return group('config', 'print the schema of mandate.yaml, or check one', 'mandate config check mandate.yaml', [
    schema(),
    check(),
  ]);
}

function schema(): Command {
  return withJson(
    command('schema', 'print the JSON Schema of mandate.yaml', 'mandate config schema > mandate.schema.json'),
  ).action((options: JsonOption) => {
    const value = configJsonSchema();
    print(options, value, () => jsonText(value));
  });
}

function check(): Command {
  return withJson(
    withData(
      command('check', 'check a configuration file; prints it with every default', 'mandate config check mandate.yaml'),
    ),
  )
    .argument('[file]', 'the file (else mandate.yaml in the data directory)')
    .action((file: string | undefined, options: JsonOption & DataOption) => {
      const read = readConfig({ ...options, ...(file === undefined ? {} : { config: file }) });
      print(
        options,
        read.config,
        () => `${read.file ?? 'No mandate.yaml: every default'} is valid.\n${jsonText(read.config)}`,
      );
    });
}
