import { CommanderError, type Command } from 'commander';
import { MandateError } from '../core/errors.ts';
import { visibleText } from '../standards/unicode/visible-text.ts';
import { command, HELP_SHOWN, usageFault } from './command.ts';
import { COMMANDS } from './commands.ts';
import { EXIT, exitStatus, toMandateError, type ExitStatus } from './exit.ts';
import { jsonText } from './print.ts';
import { version } from './version.ts';

/**
 * Runs one command line. Commands end by returning (done), by throwing a coded error, or by setting
 * `process.exitCode` when they printed a result that is a no.
 * @returns the exit status
 */
export async function run(argv: readonly string[]): Promise<ExitStatus> {
  endQuietlyWhenNobodyReads();
  const args = argv[0] === 'help' ? [...argv.slice(1), '--help'] : argv;
  try {
    const program = await programFor(args[0]);
    await program.parseAsync([...args], { from: 'user' });
    return process.exitCode === EXIT.refused ? EXIT.refused : EXIT.done;
  } catch (fault) {
    const error = fault instanceof CommanderError ? usageFault(fault) : toMandateError(fault);
    if (error === null) return fault instanceof CommanderError && fault.code === HELP_SHOWN ? EXIT.usage : EXIT.done;
    printFault(error, wantsJson(args));
    return exitStatus(error.code);
  }
}

/** The program with the one command that is wanted; the others only as a line of help. */
async function programFor(wanted: string | undefined): Promise<Command> {
  const program = command(
    'mandate',
    'Mandate governs AI agents as identities, action by action.',
    'mandate demo',
    'mandate audit verify',
  )
    .usage('COMMAND [OPTIONS]')
    .version(version(), '-V, --version', 'print the version')
    .action((_options: unknown, self: Command) => {
      const [unknown] = self.args;
      if (unknown !== undefined)
        throw new MandateError(
          'input.invalid',
          `There is no command ${JSON.stringify(unknown)}; see \`mandate --help\`.`,
        );
      self.help({ error: true });
    })
    .allowExcessArguments();
  for (const { name, summary, load } of COMMANDS) {
    program.addCommand(name === wanted ? await load() : command(name, summary));
  }
  program.addHelpText('after', HELP_END);
  return program;
}

const HELP_END = `
Commands talk to MANDATE_URL (else the server of the data directory, else http://127.0.0.1:7373) with MANDATE_TOKEN, else the session of
\`mandate login\`, else the admin token of the data directory. Every command knows --help and --json.
Exit status: 0 done, 1 refused or check failed, 2 usage, 3 could not reach or trust the server, 4 internal fault.`;

/** One sentence with its code on stderr; with `--json` also a problem object (RFC 9457) on stdout. */
function printFault(error: MandateError, json: boolean): void {
  const sentence = error.message.split('\n').map(visibleText).join('\n');
  process.stderr.write(`mandate: ${sentence} (${error.code})\n`);
  if (process.env['MANDATE_TRACE'] === '1') process.stderr.write(`${stackOf(error)}\n`);
  if (!json) return;
  const problem = {
    type: 'about:blank',
    title: error.code,
    code: error.code,
    detail: error.message,
    ...(error.at === undefined ? {} : { at: error.at }),
  };
  process.stdout.write(`${jsonText(problem)}\n`);
}

function stackOf(error: Error): string {
  const cause = error.cause instanceof Error ? `\ncaused by ${stackOf(error.cause)}` : '';
  return `${error.stack ?? error.message}${cause}`;
}

/** Also when the options could not be parsed. */
function wantsJson(args: readonly string[]): boolean {
  const end = args.indexOf('--');
  return (end === -1 ? args : args.slice(0, end)).includes('--json');
}

/** `mandate audit export | head` is no fault: when the reader has left, there is nobody to tell. */
function endQuietlyWhenNobodyReads(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE') process.exit(process.exitCode ?? EXIT.done);
      throw error;
    });
  }
}
