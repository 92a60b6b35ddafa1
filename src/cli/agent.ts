import type { Command } from 'commander';
import { AUTONOMY, type Autonomy } from '../core/actor.ts';
import { actorText } from './actor.ts';
import { connect, segment } from './client.ts';
import { command, group, oneOf, several, withApi, type ApiOptions } from './command.ts';
import { field, needed } from './field.ts';
import { ACTOR_PATHS } from './find-actor.ts';
import { listCommand, printList, type ListOptions } from './list.ts';
import { print } from './print.ts';
import { details } from './table.ts';
import { transition, transitionCommand, type TransitionOptions } from './transition.ts';

/** `mandate agent`: from registration to decommissioning. */
export function agentCommand(): Command {
  return group('agent', 'register agents and move them through their life', 'mandate agent list', [
    list(),
    show(),
    register(),
    accept(),
    transitionCommand(
      'move an agent in its lifecycle',
      'mandate agent transition invoices --to probationary --reason "reviewed"',
    ).action((id: string, options: TransitionOptions) => transition(connect(options), ACTOR_PATHS.agent, id, options)),
    key(),
  ]);
}

function list(): Command {
  return listCommand('list agents', 'mandate agent list').action((options: ListOptions) =>
    printList(options, ACTOR_PATHS.agent, {}, [
      { title: 'ID', of: (agent) => field(agent, 'id') },
      { title: 'STATE', of: (agent) => field(agent, 'lifecycle') },
      { title: 'ENVIRONMENT', of: (agent) => field(agent, 'environment') },
      { title: 'BUSINESS OWNER', of: (agent) => field(agent, 'owners.business.human') },
      { title: 'TOOLS', of: (agent) => field(agent, 'tools') },
      { title: 'PURPOSE', of: (agent) => field(agent, 'purpose') },
    ]),
  );
}

function show(): Command {
  return withApi(command('show', 'show one agent', 'mandate agent show invoices'))
    .argument('<id>', 'the agent')
    .action(async (id: string, options: ApiOptions) => {
      const agent = await connect(options).get(`${ACTOR_PATHS.agent}/${segment(id)}`);
      print(options, agent, () => actorText(agent));
    });
}

interface RegisterOptions extends ApiOptions {
  readonly name?: string;
  readonly purpose: string;
  readonly business: string;
  readonly technical: string;
  readonly escalation: string;
  readonly environment: string;
  readonly tool: readonly string[];
  readonly autonomy: Autonomy;
  readonly spiffeId?: string;
}

function register(): Command {
  const example =
    'mandate agent register invoices --purpose "Match invoices to orders" --environment development \\\n' +
    '    --business ana --technical ben --escalation cem --tool "files/*"';
  return withApi(command('register', 'ask for a new agent; its owners then accept', example))
    .argument('<id>', 'lower-case letters, digits and dashes; never reused')
    .requiredOption('--purpose <text>', 'what it is for, in words')
    .requiredOption('--business <human>', 'the business owner')
    .requiredOption('--technical <human>', 'the technical owner')
    .requiredOption('--escalation <human>', 'the escalation contact')
    .requiredOption('--environment <id>', 'where it lives; it never reaches another')
    .requiredOption('--tool <pattern>', 'server/tool or server/* it may ever use; may be repeated', several)
    .option('--name <name>', 'how it is called (else its id)')
    .option('--autonomy <how>', `${AUTONOMY.join(' or ')}`, oneOf('--autonomy', AUTONOMY), 'supervised')
    .option('--spiffe-id <uri>', 'its SPIFFE ID')
    .action(async (id: string, options: RegisterOptions) => {
      const { name, purpose, business, technical, escalation, environment, tool, autonomy, spiffeId } = options;
      const body = {
        id,
        name: name ?? id,
        purpose,
        environment,
        autonomy,
        owners: { business, technical, escalation },
        tools: tool,
        ...(spiffeId === undefined ? {} : { spiffe_id: spiffeId }),
      };
      const agent = await connect(options).post(ACTOR_PATHS.agent, body);
      print(options, agent, () => {
        const next = `${id} is registered. Each owner now runs: mandate agent accept ${id}`;
        if (autonomy !== 'supervised') return next;
        return `${next}\nIt is supervised: each of its calls that is not only a read is held for a person, also when it is active.`;
      });
    });
}

function accept(): Command {
  return withApi(command('accept', 'accept, as a named owner, to answer for an agent', 'mandate agent accept invoices'))
    .argument('<id>', 'the agent')
    .action(async (id: string, options: ApiOptions) => {
      const agent = await connect(options).post(`${ACTOR_PATHS.agent}/${segment(id)}/accept`);
      print(options, agent, () => actorText(agent));
    });
}

function key(): Command {
  return withApi(
    command(
      'key',
      'make a connection key for one client installation; printed once',
      'mandate agent key invoices --label laptop',
    ),
  )
    .argument('<id>', 'the agent')
    .requiredOption('--label <text>', 'which installation it is for')
    .action(async (id: string, options: ApiOptions & { readonly label: string }) => {
      const client = connect(options);
      const made = await client.post(`${ACTOR_PATHS.agent}/${segment(id)}/keys`, { label: options.label });
      print(options, made, () =>
        details([
          ['key', needed(made, 'key')],
          ['use', `Authorization: Bearer KEY at ${client.url}/mcp`],
          ['end it', `mandate revoke token ${field(made, 'credential.id')} --reason WHY`],
        ]),
      );
    });
}
