import { Command, type CommanderError } from 'commander';
import { MandateError } from '../core/errors.ts';

/** A command with our manners: no exit of its own, faults go to run.ts, and its help ends with an example. */
export function command(name: string, summary: string, ...examples: readonly string[]): Command {
  const made = new Command(name)
    .description(summary)
    .exitOverride()
    .configureOutput({ outputError: printedByRun })
    .helpOption('-h, --help', 'show this')
    .helpCommand(false);
  if (examples.length > 0) made.addHelpText('after', `\nExample:\n${examples.map((line) => `  ${line}`).join('\n')}`);
  return made;
}

/** A command that only groups others: by itself it shows them. */
export function group(name: string, summary: string, example: string, members: readonly Command[]): Command {
  const made = command(name, summary, example);
  for (const member of members) made.addCommand(member);
  return made;
}

export interface JsonOption {
  readonly json?: true;
}

/** `--json` as every command has it. */
export function withJson(made: Command): Command {
  return made.option('--json', 'print one JSON value, for machines');
}

export interface DataOption {
  readonly data?: string;
}

/** `--data` as every command that looks into the data directory has it. */
export function withData(made: Command): Command {
  return made.option('--data <dir>', 'the data directory (else MANDATE_DATA, else ~/.mandate)');
}

export interface ApiOptions extends JsonOption, DataOption {
  readonly as?: 'operator';
}

/** The options of every command that talks to the API. */
export function withApi(made: Command): Command {
  return withJson(withData(made)).option(
    '--as <who>',
    'operator: use the admin token although somebody is logged in',
    (who: string) => {
      if (who !== 'operator')
        throw new MandateError('input.invalid', 'Only --as operator is known; people use `mandate login`.');
      return who;
    },
  );
}

/** For options that may be given several times. */
export function several(value: string, earlier: readonly string[] | undefined): readonly string[] {
  return [...(earlier ?? []), value];
}

/** For options that take one of a few words. */
export function oneOf<T extends string>(what: string, words: readonly T[]): (value: string) => T {
  return (value) => {
    const found = words.find((word) => word === value);
    if (found !== undefined) return found;
    throw new MandateError('input.invalid', `${what} is one of ${words.join(', ')}.`);
  };
}

/** For options that may be given several times, each one of a few words. */
export function severalOf<T extends string>(
  what: string,
  words: readonly T[],
): (value: string, earlier: readonly T[] | undefined) => readonly T[] {
  const parse = oneOf(what, words);
  return (value, earlier) => [...(earlier ?? []), parse(value)];
}

/** For options that take a count. */
export function wholeNumber(what: string, min: number, max: number): (value: string) => number {
  return (value) => {
    const number = /^\d{1,15}$/.test(value) ? Number(value) : Number.NaN;
    if (number >= min && number <= max) return number;
    throw new MandateError('input.invalid', `${what} is a whole number from ${min} to ${max}.`);
  };
}

/** What commander refuses, in our terms; null when it is no fault: help, or the version. */
export function usageFault(fault: CommanderError): MandateError | null {
  if (fault.exitCode === 0 || fault.code === HELP_SHOWN) return null;
  const sentence = fault.message
    .replace(/^error: /, '')
    .split('\n')
    .filter(Boolean)
    .join(' ');
  return new MandateError(
    'input.invalid',
    `${sentence.charAt(0).toUpperCase()}${sentence.slice(1)}.`.replace(/([.)?])\.$/, '$1'),
  );
}

/** The code for help that was shown because a command was missing. */
export const HELP_SHOWN = 'commander.help';

function printedByRun(): void {
  // One place prints faults (run.ts), so that each is printed once and in one form.
}
