import type { Command } from 'commander';
import { TASK_STATES } from '../core/task.ts';
import { DATA_CLASSES, type DataClass } from '../core/tool.ts';
import type { JsonObject } from '../core/json.ts';
import { connect, segment } from './client.ts';
import { command, group, oneOf, several, wholeNumber, withApi, type ApiOptions } from './command.ts';
import { seconds } from './duration.ts';
import { field, needed, part, parts } from './field.ts';
import { listCommand, printList, type ListOptions } from './list.ts';
import { print } from './print.ts';
import { details } from './table.ts';

/** `mandate task`: what authority hangs on. */
export function taskCommand(): Command {
  return group('task', 'open, renew, revise and close tasks', 'mandate task list --state open', [
    open(),
    list(),
    show(),
    renew(),
    revise(),
    close(),
  ]);
}

interface OpenOptions extends ApiOptions {
  readonly agent: string;
  readonly purpose: string;
  readonly tool: readonly string[];
  readonly destination?: readonly string[];
  readonly dataCeiling?: DataClass;
  readonly calls?: number;
  readonly spend?: number;
  readonly records?: number;
  readonly expiresIn: number;
  readonly parent?: string;
}

const AMOUNT_MAX = 1_000_000_000;
const HOUR_S = 3600;

function open(): Command {
  const example =
    'mandate task open --agent invoices --purpose "Match the invoices of May" --tool "files/*" --expires-in 30m';
  const amount = (name: string): ((value: string) => number) => wholeNumber(name, 1, AMOUNT_MAX);
  return withApi(command('open', 'open a task; prints its token, once', example))
    .requiredOption('--agent <id>', 'who works on it')
    .requiredOption('--purpose <text>', 'what for, in words')
    .requiredOption('--tool <pattern>', 'server/tool or server/* it may use; enforced; may be repeated', several)
    .option(
      '--destination <destination>',
      'where it may send, e.g. host:example.org; may be repeated (not checked by itself yet: see below)',
      several,
    )
    .option('--data-ceiling <class>', DATA_CLASSES.join(', '), oneOf('--data-ceiling', DATA_CLASSES))
    .option('--calls <n>', 'how many calls may be allowed; enforced', amount('--calls'))
    .option('--spend <n>', 'how much may be spent', amount('--spend'))
    .option('--records <n>', 'how many records may be touched', amount('--records'))
    .option('--expires-in <duration>', 'when it ends: 90s, 30m, 2h; enforced', seconds, HOUR_S)
    .option('--parent <task>', 'the task it is a part of')
    .addHelpText('after', LIMITS)
    .action(async (options: OpenOptions) => {
      const { agent, purpose, tool, destination, dataCeiling, calls, spend, records, expiresIn, parent } = options;
      const body = {
        agent,
        purpose,
        scope: {
          tools: tool,
          ...(destination === undefined ? {} : { destinations: destination }),
          ...(dataCeiling === undefined ? {} : { data_ceiling: dataCeiling }),
        },
        budget: {
          ...(calls === undefined ? {} : { calls }),
          ...(spend === undefined ? {} : { spend }),
          ...(records === undefined ? {} : { records }),
        },
        expires_in_s: expiresIn,
        ...(parent === undefined ? {} : { parent }),
      };
      const opened = await connect(options).post('/v1/tasks', body);
      print(options, opened, () => tokenText(opened));
    });
}

const LIMITS = `
Enforced on every call: --tool, --calls, --expires-in, and that a part never exceeds its --parent.
This version cannot check --destination, --data-ceiling, --spend and --records by itself. They are recorded and narrow down
to parts of the task, and with the shipped policies a person checks instead: with --destination or --spend every call that
is not only a read is held, with --data-ceiling or --records every call.`;

function list(): Command {
  return listCommand('list tasks', 'mandate task list --agent invoices --state open')
    .option('--agent <id>', 'only of this agent')
    .option('--state <state>', TASK_STATES.join(', '), oneOf('--state', TASK_STATES))
    .action((options: ListOptions & { readonly agent?: string; readonly state?: string }) =>
      printList(options, '/v1/tasks', { agent: options.agent, state: options.state }, [
        { title: 'ID', of: (task) => field(task, 'id') },
        { title: 'STATE', of: (task) => field(task, 'state') },
        { title: 'AGENT', of: (task) => field(task, 'agent') },
        { title: 'ASKED BY', of: (task) => field(task, 'trigger.id') },
        { title: 'ENDS', of: (task) => field(task, 'expires_at') },
        { title: 'PURPOSE', of: (task) => field(task, 'purpose') },
      ]),
    );
}

function show(): Command {
  return withApi(command('show', 'show one task', 'mandate task show tsk_…'))
    .argument('<id>', 'the task')
    .action(async (id: string, options: ApiOptions) => {
      const task = await connect(options).get(`/v1/tasks/${segment(id)}`);
      print(options, task, () => taskText(task));
    });
}

function renew(): Command {
  return withApi(command('renew', 'a new token for an open task; the old one ends', 'mandate task renew tsk_…'))
    .argument('<id>', 'the task')
    .action(async (id: string, options: ApiOptions) => {
      const renewed = await connect(options).post(`/v1/tasks/${segment(id)}/token`);
      print(options, renewed, () => tokenText(renewed));
    });
}

function revise(): Command {
  const example = 'mandate task revise tsk_… --purpose "Match the invoices of June"';
  return withApi(command('revise', 'change the purpose: ends its token and approvals, prints a new token', example))
    .argument('<id>', 'the task')
    .requiredOption('--purpose <text>', 'the new purpose, in words')
    .action(async (id: string, options: ApiOptions & { readonly purpose: string }) => {
      const revised = await connect(options).post(`/v1/tasks/${segment(id)}/purpose`, { purpose: options.purpose });
      print(options, revised, () => tokenText(revised));
    });
}

function close(): Command {
  return withApi(command('close', 'end a task and all that hangs on it', 'mandate task close tsk_… --reason done'))
    .argument('<id>', 'the task')
    .requiredOption('--reason <text>', 'why; recorded as evidence')
    .action(async (id: string, options: ApiOptions & { readonly reason: string }) => {
      const closed = await connect(options).post(`/v1/tasks/${segment(id)}/close`, { reason: options.reason });
      print(options, closed, () => `${id} is closed.`);
    });
}

/** A task with its token, which nobody can read again. */
function tokenText(opened: JsonObject): string {
  const task = part(opened, 'task');
  return details([
    ['task', field(task, 'id')],
    ['purpose', field(task, 'purpose')],
    ['ends', field(task, 'expires_at')],
    ['token', needed(opened, 'token')],
    ['renew before', field(opened, 'token_expires_at')],
    ['MCP', field(opened, 'mcp_url')],
  ]);
}

function taskText(task: JsonObject): string {
  return details([
    ['id', field(task, 'id')],
    ['state', [field(task, 'state'), field(task, 'ended_reason')].filter(Boolean).join(': ')],
    ['agent', field(task, 'agent')],
    ['environment', field(task, 'environment')],
    [
      'purpose',
      `${field(task, 'purpose')} (from ${field(task, 'purpose_source')}, revision ${field(task, 'revision')})`,
    ],
    ['asked by', `${field(task, 'trigger.kind')} ${field(task, 'trigger.id')}`],
    [
      'chain',
      parts(task, 'chain')
        .map((link) => `${field(link, 'actor')} (${field(link, 'kind')})`)
        .join(' > '),
    ],
    ['tools', field(task, 'scope.tools')],
    ['destinations', field(task, 'scope.destinations')],
    ['data ceiling', field(task, 'scope.data_ceiling')],
    ['budget', field(task, 'budget') === '{}' ? 'unlimited' : field(task, 'budget')],
    ['parent', field(task, 'parent')],
    ['opened', field(task, 'opened_at')],
    ['ends', field(task, 'expires_at')],
    ['ended', field(task, 'ended_at')],
  ]);
}
