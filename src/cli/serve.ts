import type { Command } from 'commander';
import { configSchema, type Config } from '../config.ts';
import { MandateError } from '../core/errors.ts';
import type { ServeOptions, Served } from '../serve.ts';
import { forgetAddress, writeAddress } from './address-file.ts';
import { command, withData, withJson, wholeNumber, type DataOption, type JsonOption } from './command.ts';
import { dataDirectory } from './data-directory.ts';
import { EXIT } from './exit.ts';
import { paint, print } from './print.ts';
import { readConfig } from './read-config.ts';
import { version } from './version.ts';

export interface ServeCommandOptions extends JsonOption, DataOption {
  readonly config?: string;
  readonly listen?: string;
  readonly port?: number;
  readonly quiet?: true;
}

/** `mandate serve`: everything in one process, until it is told to stop. */
export function serveCommand(): Command {
  return withServing(
    command(
      'serve',
      'run Mandate: API, pages and the governed MCP endpoint on one address',
      'mandate serve',
      'mandate serve --data /srv/mandate --port 0',
    ),
  ).action(async (options: ServeCommandOptions) => {
    const { serve } = await import('../serve.ts');
    const served = await serve(serveOptions(options));
    // Before it is announced: whoever reads the address may stop it at once.
    const stopped = untilStopped(served, dataDirectory(options));
    announce(served, options);
    await stopped;
  });
}

/** The options of whatever runs a server. */
export function withServing(made: Command): Command {
  return withJson(withData(made))
    .option('--config <file>', 'the configuration (else mandate.yaml in the data directory)')
    .option('--listen <host:port>', 'where to listen, instead of the configured address')
    .option('--port <n>', 'only another port; 0 takes a free one and prints it', wholeNumber('--port', 0, 65_535))
    .option('--quiet', 'no log on stderr');
}

/** @throws config.invalid, input.invalid */
export function serveOptions(options: ServeCommandOptions): ServeOptions {
  if (process.env['MANDATE_DATABASE_URL']) {
    // Ignoring it would quietly start another, empty Mandate.
    throw new MandateError(
      'config.invalid',
      'MANDATE_DATABASE_URL is set, but this version keeps its data in the data directory only.',
    );
  }
  const { config } = readConfig(options);
  return {
    data: dataDirectory(options),
    config: options.listen === undefined ? config : listenAt(config, options.listen),
    ...(options.port === undefined ? {} : { port: options.port }),
    log: options.quiet === true ? 'quiet' : 'json',
    version: version(),
  };
}

function listenAt(config: Config, listen: string): Config {
  const parsed = configSchema.safeParse({ ...config, listen });
  if (parsed.success) return parsed.data;
  throw new MandateError('input.invalid', `--listen ${parsed.error.issues[0]?.message ?? 'is not an address'}.`);
}

/** The address, and the link that makes the first administrator: the only time it is ever printed. */
function announce(served: Served, options: ServeCommandOptions): void {
  print(options, { url: served.url, first_run_link: served.firstRunLink, pid: process.pid }, () => {
    const running = `Mandate is running at ${paint('bold', served.url)}`;
    if (served.firstRunLink === null) return running;
    return `${running}\nMake yourself its administrator (once, within 5 minutes): ${paint('bold', served.firstRunLink)}`;
  });
}

/** Waits until the process is told to stop, or stops by itself; a second signal does not wait for what is in flight. */
export async function untilStopped(served: Pick<Served, 'url' | 'close' | 'closed'>, data: string): Promise<void> {
  writeAddress(data, served.url);
  let closing: Promise<void> | null = null;
  const stop = (): void => {
    if (closing !== null) process.exit(EXIT.internal);
    forgetAddress(data);
    closing = served.close();
    // Heard where `closed` is awaited as well; here only so that it is nobody's unhandled rejection.
    closing.catch((error: unknown) =>
      process.stderr.write(`mandate: ${error instanceof Error ? error.message : String(error)}\n`),
    );
  };
  process.on('SIGTERM', stop).on('SIGINT', stop);
  try {
    await served.closed;
  } catch (fault) {
    // Before it closes: afterwards the directory may be another's.
    forgetAddress(data);
    await served.close();
    throw fault;
  } finally {
    process.off('SIGTERM', stop).off('SIGINT', stop);
  }
}
