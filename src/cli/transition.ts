import type { Command } from 'commander';
import { isMandateError, MandateError } from '../core/errors.ts';
import type { JsonObject } from '../core/json.ts';
import { LIFECYCLE, type Lifecycle } from '../core/lifecycle.ts';
import { segment, type Client } from './client.ts';
import { command, oneOf, withApi, type ApiOptions } from './command.ts';
import { field, part } from './field.ts';
import { print } from './print.ts';

export interface TransitionOptions extends ApiOptions {
  readonly to: Lifecycle;
  readonly reason?: string;
}

export function transitionCommand(summary: string, example: string): Command {
  return withApi(command('transition', summary, example))
    .argument('<id>', 'the actor')
    .requiredOption('--to <state>', `the state: ${LIFECYCLE.join(', ')}`, oneOf('--to', LIFECYCLE))
    .option('--reason <text>', 'why; recorded as evidence');
}

/** Moves an actor in its lifecycle and prints what that ended. */
export async function transition(client: Client, path: string, id: string, options: TransitionOptions): Promise<void> {
  const body = { to: options.to, reason: options.reason ?? '' };
  const result = await client.post(`${path}/${segment(id)}/transitions`, body).catch((error: unknown) => {
    throw withNextStep(error);
  });
  print(options, result, () => `${id} is ${options.to}. ${endedText(result)}`);
}

/** A move that needs somebody's yes asks for it: the refusal says who does what next. */
function withNextStep(error: unknown): unknown {
  if (!isMandateError(error) || error.code !== 'lifecycle.needs' || error.at?.startsWith('apr_') !== true) return error;
  const sentence =
    `${error.message} It is asked, not done. ` +
    `Who may answer (see: mandate approval show ${error.at}) runs: mandate approval approve ${error.at} --reason WHY. ` +
    'Then give this command again.';
  return new MandateError(error.code, sentence, { at: error.at, cause: error });
}

/** What a revocation or a transition ended, in a sentence. */
export function endedText(result: JsonObject): string {
  const counted = part(result, 'ended');
  const counts = Object.keys(counted).map((what) => {
    const count = field(counted, what);
    return `${count} ${count === '1' ? what.replace(/s$/, '') : what}`; // agents, tasks, credentials, approvals
  });
  const ended = counts.length === 0 ? 'Nothing was ended' : `Ended: ${counts.join(', ')}`;
  const ms = field(result, 'in_force_ms');
  return ms === '' ? `${ended}.` : `${ended}; in force after ${ms} ms.`;
}
