import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { MandateError } from '../core/errors.ts';
import { splitToolName } from '../core/scope.ts';
import { parseStrictJson } from '../standards/strict-json/parse-strict.ts';
import { connect } from './client.ts';
import { command, withApi, type ApiOptions } from './command.ts';
import { EXIT } from './exit.ts';
import { field, needed, part, parts } from './field.ts';
import { print } from './print.ts';
import { details } from './table.ts';

interface DecideOptions extends ApiOptions {
  readonly agent: string;
  readonly task?: string;
  readonly tool: string;
  readonly arguments: string;
}

/** `mandate decide`: a dry decision. Nothing is sent, spent or asked. */
export function decideCommand(): Command {
  const example = `mandate decide --agent invoices --task tsk_… --tool files/read_file --arguments '{"path":"may.csv"}'`;
  return withApi(command('decide', 'ask what would be decided, without doing it; exits 1 unless it is allow', example))
    .requiredOption('--agent <id>', 'who would act')
    .option('--task <id>', 'in which task')
    .requiredOption('--tool <server/tool>', 'which tool')
    .option('--arguments <json>', 'its arguments; @FILE reads a file, @- stdin', '{}')
    .action(async (options: DecideOptions) => {
      const named = splitToolName(options.tool);
      if (named === null) throw new MandateError('input.invalid', '--tool is server/tool.');
      const answer = await connect(options).post('/v1/decide', {
        agent: options.agent,
        ...(options.task === undefined ? {} : { task: options.task }),
        ...named,
        arguments: readArguments(options.arguments),
      });
      const effect = needed(answer, 'effect');
      print(options, answer, () =>
        details([
          ['effect', effect],
          [
            'because',
            parts(answer, 'reasons').map(
              (one) =>
                `${field(one, 'message')} (${[field(one, 'code'), field(one, 'policy')].filter(Boolean).join(', ')})`,
            ),
          ],
          [
            'policy',
            [field(part(answer, 'policy'), 'serial'), field(part(answer, 'policy'), 'hash')].filter(Boolean).join(' '),
          ],
        ]),
      );
      if (effect !== 'allow') process.exitCode = EXIT.refused;
    });
}

/** Read as strictly as the gateway does, so that the dry answer is about the same bytes. */
function readArguments(given: string): unknown {
  const read = parseStrictJson(given.startsWith('@') ? fileBytes(given.slice(1)) : new TextEncoder().encode(given));
  if (!read.ok) throw new MandateError('input.json', `The arguments are not acceptable JSON: ${read.message}`);
  return read.value;
}

function fileBytes(name: string): Uint8Array {
  try {
    return readFileSync(name === '-' ? 0 : name);
  } catch (error) {
    throw new MandateError('input.invalid', `${name} cannot be read.`, { cause: error });
  }
}
