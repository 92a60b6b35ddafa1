import type { Command } from 'commander';
import { command } from './command.ts';
import { dataDirectory } from './data-directory.ts';
import { jsonText, say } from './print.ts';
import { serveOptions, untilStopped, withServing, type ServeCommandOptions } from './serve.ts';

/** `mandate demo`: `serve` with the sample organisation and one agent at work. */
export function demoCommand(): Command {
  return withServing(
    command(
      'demo',
      'run Mandate with a sample organisation and one scripted agent at work',
      'mandate demo',
      'mandate demo --data /tmp/mandate-demo --port 0',
    ),
  ).action(async (options: ServeCommandOptions) => {
    const { demo } = await import('./demo.ts');
    // The lines are for a person; a log between them would hide them.
    const json = options.json === true;
    const served = await demo({
      ...serveOptions({ ...options, quiet: true }),
      print: json ? say : (line) => process.stdout.write(`${line}\n`),
      command: shellCommand(options),
    });
    const stopped = untilStopped(served, dataDirectory(options));
    if (json)
      process.stdout.write(`${jsonText({ url: served.url, first_run_link: served.firstRunLink, pid: process.pid })}\n`);
    await stopped;
  });
}

/** How the CLI is called for this data directory, as a person would type it. */
function shellCommand(options: ServeCommandOptions): string {
  const program = process.env['npm_lifecycle_event'] === undefined ? 'mandate' : 'npm run mandate --';
  return options.data === undefined
    ? program
    : `MANDATE_DATA='${dataDirectory(options).replaceAll("'", "'\\''")}' ${program}`;
}
