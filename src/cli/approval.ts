import type { Command } from 'commander';
import { APPROVAL_STATES, type ApprovalState } from '../core/approval.ts';
import { MandateError } from '../core/errors.ts';
import type { JsonObject } from '../core/json.ts';
import { visibleText } from '../standards/unicode/visible-text.ts';
import { answerAs } from './answer-as.ts';
import { connect, segment } from './client.ts';
import {
  command,
  group,
  oneOf,
  withApi,
  withData,
  withJson,
  type ApiOptions,
  type DataOption,
  type JsonOption,
} from './command.ts';
import { field, needed, part, parts, texts } from './field.ts';
import { listCommand, printList, type ListOptions } from './list.ts';
import { print, say } from './print.ts';
import type { PassphraseOption } from './read-passphrase.ts';
import { details } from './table.ts';

/** `mandate approval`: the exact question, and a person's answer to it. */
export function approvalCommand(): Command {
  return group('approval', 'read and answer what is held', 'mandate approval list', [
    list(),
    show(),
    answer('approve', 'approve exactly this action; asks for your passphrase'),
    answer('deny', 'refuse it; asks for your passphrase'),
    answer('confirm', 'confirm your own request, where nobody else could approve it; asks for your passphrase'),
  ]);
}

function list(): Command {
  return listCommand('list approvals', 'mandate approval list --state pending')
    .option('--state <state>', APPROVAL_STATES.join(', '), oneOf('--state', APPROVAL_STATES))
    .option('--agent <id>', 'only of this agent')
    .action((options: ListOptions & { readonly state?: ApprovalState; readonly agent?: string }) =>
      printList(options, '/v1/approvals', { state: options.state, agent: options.agent }, [
        { title: 'ID', of: (approval) => field(approval, 'id') },
        { title: 'STATE', of: (approval) => field(approval, 'state') },
        { title: 'AGENT', of: (approval) => field(approval, 'agent') },
        { title: 'WHAT', of: subjectText },
        { title: 'MAY ANSWER', of: mayAnswerText },
        { title: 'EXPIRES', of: (approval) => field(approval, 'expires_at') },
      ]),
    );
}

function show(): Command {
  return withApi(
    command(
      'show',
      'show one approval: the exact text, with everything hidden marked, and its digest',
      'mandate approval show apr_…',
    ),
  )
    .argument('<id>', 'the approval')
    .action(async (id: string, options: ApiOptions) => {
      const approval = await connect(options).get(`/v1/approvals/${segment(id)}`);
      print(options, approval, () => approvalText(approval));
    });
}

interface AnswerOptions extends JsonOption, DataOption, PassphraseOption {
  readonly reason: string;
  readonly digest?: string;
  readonly human?: string;
}

function answer(verdict: 'approve' | 'deny' | 'confirm', summary: string): Command {
  const made = withJson(
    withData(command(verdict, summary, `mandate approval ${verdict} apr_… --reason "as agreed with the customer"`)),
  ).argument('<id>', 'the approval');
  // Whoever approves may let the question speak for itself.
  if (verdict === 'approve') made.option('--reason <text>', 'why; recorded as evidence', '');
  else made.requiredOption('--reason <text>', 'why; recorded as evidence, and on a deny the agent reads it');
  return made
    .option('--digest <digest>', 'the digest you were shown: refused when it is not the one asked about')
    .option('--human <id>', 'who answers (else whoever is logged in)')
    .option('--passphrase-stdin', 'read the passphrase from stdin instead of the terminal')
    .action(async (id: string, options: AnswerOptions) => {
      const answered = await answerAs(options, async (client, prove) => {
        const path = `/v1/approvals/${segment(id)}`;
        const approval = await client.get(path);
        const digest = needed(approval, 'digest');
        // What is answered stands above the question for the passphrase, and its digest is what is sent.
        say(approvalText(approval));
        if (options.digest !== undefined && options.digest !== digest) {
          throw new MandateError('approval.digest', `The digest of ${id} is ${digest}, not the one given.`);
        }
        return client.post(`${path}/${verdict}`, { digest, reason: options.reason }, await prove());
      });
      print(options, answered, () =>
        details([
          ['approval', id],
          ['state', field(answered, 'state')],
          ['votes', votesText(answered)],
        ]),
      );
    });
}

function subjectText(approval: JsonObject): string {
  const subject = part(approval, 'subject');
  if (field(subject, 'kind') === 'action') return `${field(subject, 'server')}/${field(subject, 'tool')}`;
  return `${field(subject, 'kind')} to ${field(subject, 'to')}`;
}

/** All of it: nothing of the text that will be forwarded is cut, and nothing in it is hidden. */
function approvalText(approval: JsonObject): string {
  const subject = part(approval, 'subject');
  const facts = details([
    ['approval', field(approval, 'id')],
    ['state', field(approval, 'state')],
    ['agent', field(approval, 'agent')],
    ['what', subjectText(approval)],
    ['environment', field(approval, 'environment')],
    ['task', field(subject, 'task')],
    ['purpose', field(approval, 'purpose')],
    ['asked by', field(approval, 'requester')],
    [
      'chain',
      parts(approval, 'chain')
        .map((link) => `${field(link, 'actor')} (${field(link, 'kind')})`)
        .join(' > '),
    ],
    ['why', field(approval, 'message').split('\n')],
    ['may answer', mayAnswerText(approval)],
    ['may not answer', field(approval, 'excluded')],
    ['answers needed', field(approval, 'quorum')],
    ['votes', votesText(approval)],
    ['expires', field(approval, 'expires_at')],
    ['digest', field(approval, 'digest')],
  ]);
  return `${facts}\n\nThe exact text\n${visibleText(field(subject, 'shown'))}\n`;
}

/** The people asked, and whoever holds a role: empty when nothing is asked any more. */
function mayAnswerText(approval: JsonObject): string {
  const asked = part(approval, 'may_answer');
  return [...texts(asked, 'asked'), ...texts(asked, 'roles').map((role) => `any ${role}`)].join(', ');
}

function votesText(approval: JsonObject): string {
  return parts(approval, 'votes')
    .map((vote) => `${field(vote, 'human')}: ${field(vote, 'verdict')} (${field(vote, 'reason')})`)
    .join('; ');
}
