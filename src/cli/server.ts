import { resolve } from 'node:path';
import type { Command } from 'commander';
import { MandateError } from '../core/errors.ts';
import type { JsonObject } from '../core/json.ts';
import { ISOLATION, TRUST, type Isolation, type Trust } from '../core/server.ts';
import { EFFECT_CLASSES, type EffectClass } from '../core/tool.ts';
import { connect, segment } from './client.ts';
import { command, group, oneOf, several, severalOf, withApi, type ApiOptions } from './command.ts';
import { field, part, parts, texts } from './field.ts';
import { listCommand, printList, type ListOptions } from './list.ts';
import { print, say } from './print.ts';
import { details, table, type Column } from './table.ts';

/** `mandate server`: MCP servers behind the gateway, and what was accepted of their tools. */
export function serverCommand(): Command {
  return group('server', 'MCP servers and their tools', 'mandate server list', [
    add(),
    list(),
    show(),
    tools(),
    accept(),
    refresh(),
    remove(),
  ]);
}

interface AddOptions extends ApiOptions {
  readonly url?: string;
  readonly env?: readonly string[];
  readonly environment: string;
  readonly trust: Trust;
  readonly regulated?: true;
  readonly isolation: Isolation;
}

function add(): Command {
  return withApi(
    command(
      'add',
      'register a server: starts it, lists its tools and pins them',
      'mandate server add files --environment development --trust trusted -- node /opt/servers/filesystem/dist/index.js /srv/files',
      'mandate server add crm --environment development --url https://crm.example/mcp',
    ),
  )
    .argument('<id>', 'lower-case letters, digits and dashes; never reused')
    .argument('[command...]', 'the program of a stdio server and its arguments, after --')
    .option('--url <url>', 'the address of an HTTP server')
    .option('--env <NAME=value>', 'given to the program, and nothing else is; may be repeated', several)
    .requiredOption('--environment <id>', 'where it lives')
    .option(
      '--trust <how>',
      'trusted: its tools are pinned at once; untrusted: each waits for a person',
      oneOf('--trust', TRUST),
      'untrusted',
    )
    .option('--regulated', 'it holds regulated data')
    .option('--isolation <what>', 'a process for each task or agent', oneOf('--isolation', ISOLATION), 'task')
    .action(async (id: string, program: readonly string[], options: AddOptions) => {
      const { environment, trust, regulated, isolation } = options;
      const transport = transportOf(program, options);
      const client = connect(options);
      say(`Asking ${id} for its tools ...`);
      const added = await client.post('/v1/servers', {
        id,
        transport,
        environment,
        trust,
        regulated: regulated === true,
        isolation,
      });
      print(
        options,
        added,
        () => `${id} is registered.\n${table(TOOL_COLUMNS, parts(added, 'tools'), 'It offers no tools.')}`,
      );
    });
}

function transportOf(program: readonly string[], options: AddOptions): JsonObject {
  const [typed, ...args] = program;
  if ((typed === undefined) === (options.url === undefined)) {
    throw new MandateError('input.invalid', 'Give either --url or a program after --.');
  }
  if (options.url !== undefined) {
    if (options.env !== undefined) throw new MandateError('input.invalid', '--env is for a program, not for a URL.');
    return { type: 'http', url: options.url };
  }
  // A relative path is one of this shell's folder, not of the server's.
  const command = typed?.includes('/') === true ? resolve(typed) : (typed ?? '');
  return { type: 'stdio', command, args, env: environmentOf(options.env ?? []) };
}

function environmentOf(pairs: readonly string[]): JsonObject {
  const split = pairs.map((pair) => {
    const at = pair.indexOf('=');
    if (at < 1) throw new MandateError('input.invalid', '--env is NAME=value.');
    return [pair.slice(0, at), pair.slice(at + 1)] as const;
  });
  return Object.fromEntries(split);
}

function list(): Command {
  return listCommand('list servers', 'mandate server list').action((options: ListOptions) =>
    printList(options, '/v1/servers', {}, [
      { title: 'ID', of: (server) => field(server, 'id') },
      { title: 'STATE', of: (server) => field(server, 'state') },
      { title: 'ENVIRONMENT', of: (server) => field(server, 'environment') },
      { title: 'TRUST', of: (server) => field(server, 'trust') },
      { title: 'TRANSPORT', of: transportText },
    ]),
  );
}

function show(): Command {
  return withApi(command('show', 'show one server', 'mandate server show files'))
    .argument('<id>', 'the server')
    .action(async (id: string, options: ApiOptions) => {
      const server = await connect(options).get(`/v1/servers/${segment(id)}`);
      print(options, server, () =>
        details([
          ['id', field(server, 'id')],
          ['state', field(server, 'state')],
          ['environment', field(server, 'environment')],
          ['trust', field(server, 'trust')],
          ['regulated', field(server, 'regulated')],
          ['isolation', field(server, 'isolation')],
          ['transport', transportText(server)],
          ['registered', field(server, 'created_at')],
        ]),
      );
    });
}

function tools(): Command {
  return withApi(command('tools', 'list the tools of a server and what is known of each', 'mandate server tools files'))
    .argument('<id>', 'the server')
    .action(async (id: string, options: ApiOptions) => {
      const answer = await connect(options).get(`/v1/servers/${segment(id)}/tools`);
      print(options, answer, () => table(TOOL_COLUMNS, parts(answer, 'items'), 'It offers no tools.'));
    });
}

/** The last column may be long: it is the reason for everything before it. */
const WHY_CHARS_MAX = 200;

const TOOL_COLUMNS: readonly Column<JsonObject>[] = [
  { title: 'TOOL', of: (tool) => field(tool, 'name') },
  { title: 'STATE', of: (tool) => field(tool, 'state') },
  { title: 'EFFECT', of: (tool) => field(tool, 'effect_class') },
  { title: 'REVERSIBLE', of: (tool) => field(tool, 'reversible') },
  { title: 'FACTS', of: (tool) => field(tool, 'facts.source') },
  { title: 'WHY', of: (tool) => field(tool, 'state_reason') || field(tool, 'facts.reason'), chars_max: WHY_CHARS_MAX },
];

interface AcceptOptions extends ApiOptions {
  readonly digest?: string;
  readonly effect?: readonly EffectClass[];
  readonly reversible?: 'yes' | 'no';
  readonly reason: string;
}

function accept(): Command {
  return withApi(
    command(
      'accept',
      'accept a new or changed tool definition, or correct what is known of a tool',
      'mandate server accept files write_file --digest sha256:… --reason "read it"',
      'mandate server accept files write_file --effect update --reversible no --reason "overwrites"',
    ),
  )
    .argument('<server>', 'the server')
    .argument('<tool>', 'the tool')
    .option('--digest <digest>', 'of the definition you read; without it this prints the definition and its digest')
    .option(
      '--effect <class>',
      `what it does: ${EFFECT_CLASSES.join(', ')}; may be repeated`,
      severalOf('--effect', EFFECT_CLASSES),
    )
    .option('--reversible <yes|no>', 'whether another call can undo it', oneOf('--reversible', ['yes', 'no']))
    .requiredOption('--reason <text>', 'why; recorded as evidence')
    .action(async (server: string, tool: string, options: AcceptOptions) => {
      const { digest, effect, reversible, reason } = options;
      const client = connect(options);
      if (digest === undefined && effect === undefined && reversible === undefined) {
        const answer = await client.get(`/v1/servers/${segment(server)}/tools`);
        const found = parts(answer, 'items').find((one) => field(one, 'name') === tool);
        if (found === undefined) throw new MandateError('not_found', `${server} has no tool ${JSON.stringify(tool)}.`);
        say(offerText(found));
        throw new MandateError('input.invalid', 'Read the definition above, then repeat with its --digest.');
      }
      const body = {
        ...(digest === undefined ? {} : { accept_digest: digest }),
        ...(effect === undefined ? {} : { effect_class: effect }),
        ...(reversible === undefined ? {} : { reversible: reversible === 'yes' }),
        reason,
      };
      const confirmed = await client.patch(`/v1/servers/${segment(server)}/tools/${segment(tool)}`, body);
      print(options, confirmed, () => table(TOOL_COLUMNS, [confirmed]));
    });
}

/** The definition that waits: what is offered instead of the pinned one, or the quarantined one itself. */
function offerText(tool: JsonObject): string {
  const offered = part(tool, 'offered');
  const waiting = 'definition' in offered ? offered : tool;
  return details([
    ['tool', field(tool, 'name')],
    ['state', [field(tool, 'state'), field(tool, 'state_reason')].filter(Boolean).join(': ')],
    ['accepted', waiting === tool ? null : field(tool, 'definition')],
    ['offered', field(waiting, 'definition')],
    ['digest', field(waiting, 'digest')],
  ]);
}

function refresh(): Command {
  return withApi(command('refresh', 'list the tools of a server again', 'mandate server refresh files'))
    .argument('<id>', 'the server')
    .action(async (id: string, options: ApiOptions) => {
      const client = connect(options);
      say(`Asking ${id} for its tools ...`);
      const answer = await client.post(`/v1/servers/${segment(id)}/refresh`);
      print(options, answer, () => table(TOOL_COLUMNS, parts(answer, 'tools'), 'It offers no tools.'));
    });
}

function remove(): Command {
  return withApi(
    command('remove', 'end a server and everything that runs on it', 'mandate server remove files --reason "replaced"'),
  )
    .argument('<id>', 'the server')
    .requiredOption('--reason <text>', 'why; recorded as evidence')
    .action(async (id: string, options: ApiOptions & { readonly reason: string }) => {
      const removed = await connect(options).delete(`/v1/servers/${segment(id)}`, { reason: options.reason });
      print(options, removed, () => `${id} is removed.`);
    });
}

function transportText(server: JsonObject): string {
  const transport = part(server, 'transport');
  return field(transport, 'url') || [field(transport, 'command'), ...texts(transport, 'args')].join(' ');
}
