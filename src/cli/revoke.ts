import type { Command } from 'commander';
import { MandateError } from '../core/errors.ts';
import { connect } from './client.ts';
import { command, oneOf, withApi, type ApiOptions } from './command.ts';
import { print } from './print.ts';
import { endedText } from './transition.ts';

const KINDS = ['agent', 'workload', 'human', 'task', 'token', 'server', 'all'] as const;
type Kind = (typeof KINDS)[number];

/** `mandate revoke`: stops something now. */
export function revokeCommand(): Command {
  return withApi(
    command(
      'revoke',
      'stop an actor, a task, a token, a server, or every agent (all)',
      'mandate revoke agent invoices --reason "behaves oddly"',
      'mandate revoke all --reason "incident 12"',
    ),
  )
    .argument('<kind>', KINDS.join(', '), oneOf('The kind', KINDS))
    .argument('[id]', 'which one; none for all')
    .requiredOption('--reason <text>', 'why; recorded as evidence')
    .action(async (kind: Kind, id: string | undefined, options: ApiOptions & { readonly reason: string }) => {
      if ((kind === 'all') !== (id === undefined)) {
        throw new MandateError('input.invalid', kind === 'all' ? 'all takes no id.' : `Which ${kind}? Give its id.`);
      }
      const result = await connect(options).post('/v1/revocations', { kind, id: id ?? 'all', reason: options.reason });
      print(
        options,
        result,
        () => `Stopped ${kind === 'all' ? 'every agent' : `${kind} ${id ?? ''}`}. ${endedText(result)}`,
      );
    });
}
