import type { Command } from 'commander';
import { ACTOR_KINDS, ROLES, type ActorKind, type Role } from '../core/actor.ts';
import type { JsonObject } from '../core/json.ts';
import { answerAs } from './answer-as.ts';
import { connect, segment } from './client.ts';
import {
  command,
  group,
  oneOf,
  several,
  severalOf,
  withApi,
  withData,
  withJson,
  type ApiOptions,
  type DataOption,
  type JsonOption,
} from './command.ts';
import { field, part } from './field.ts';
import { ACTOR_PATHS, findActor } from './find-actor.ts';
import { listCommand, type ListOptions } from './list.ts';
import { print, say } from './print.ts';
import type { PassphraseOption } from './read-passphrase.ts';
import { details, table } from './table.ts';
import { transition, transitionCommand, type TransitionOptions } from './transition.ts';

/** `mandate actor`: every kind of actor; and people, who have no command of their own. */
export function actorCommand(): Command {
  return group('actor', 'humans, workloads and agents alike', 'mandate actor list', [
    list(),
    show(),
    addHuman(),
    vouch(),
    link(),
    transitionCommand(
      'move a human, workload or agent in its lifecycle',
      'mandate actor transition ana --to suspended --reason "on leave"',
    ).action(async (id: string, options: TransitionOptions) => {
      const client = connect(options);
      const { path } = await findActor(client, id);
      await transition(client, path, id, options);
    }),
  ]);
}

function list(): Command {
  return listCommand('list actors', 'mandate actor list --kind human')
    .option('--kind <kind>', `only ${ACTOR_KINDS.join(', ')}`, oneOf('--kind', ACTOR_KINDS))
    .action(async (options: ListOptions & { readonly kind?: ActorKind }) => {
      const client = connect(options);
      const kinds = options.kind === undefined ? ACTOR_KINDS : [options.kind];
      const lists = [];
      for (const kind of kinds) lists.push(await client.list(ACTOR_PATHS[kind], {}, options.limit));
      const items = lists.flatMap((listed) => listed.items);
      const more = lists.some((listed) => listed.more);
      print(options, { items, more }, () =>
        table<JsonObject>(
          [
            { title: 'ID', of: (actor) => field(actor, 'id') },
            { title: 'KIND', of: (actor) => field(actor, 'kind') },
            { title: 'STATE', of: (actor) => field(actor, 'lifecycle') },
            { title: 'ENVIRONMENT', of: (actor) => field(actor, 'environment') },
            { title: 'ROLES', of: (actor) => field(actor, 'roles') },
            { title: 'NAME', of: (actor) => field(actor, 'name') },
          ],
          items,
          'No actors yet.',
        ),
      );
      if (more) say(`There are more than ${options.limit} of a kind: raise --limit.`);
    });
}

function show(): Command {
  return withApi(command('show', 'show one actor', 'mandate actor show ana'))
    .argument('<id>', 'the actor')
    .action(async (id: string, options: ApiOptions) => {
      const { actor } = await findActor(connect(options), id);
      print(options, actor, () => actorText(actor));
    });
}

function addHuman(): Command {
  const example = 'mandate actor add-human ana --name "Ana Lima" --role member --role approver';
  return withApi(command('add-human', 'register a person; prints their sign-in link, once', example))
    .argument('<id>', 'lower-case letters, digits and dashes; never reused')
    .option('--name <name>', 'how they are called')
    .requiredOption('--role <role>', `may be repeated: ${ROLES.join(', ')}`, severalOf('--role', ROLES))
    .option(
      '--tool <pattern>',
      'server/tool or server/* they may lend to agents; may be repeated; without it all',
      several,
    )
    .option('--deputy <human>', 'who answers approvals when they do not')
    .action(async (id: string, options: AddHumanOptions) => {
      const { name, role, tool, deputy } = options;
      const body = {
        id,
        roles: role,
        ...(name === undefined ? {} : { name }),
        ...(tool === undefined ? {} : { tools: tool }),
        ...(deputy === undefined ? {} : { deputy }),
      };
      const made = await connect(options).post('/v1/humans', body);
      print(options, made, () => {
        const standing = field(part(made, 'human'), 'vouched_by') === '' ? noStanding(id) : '';
        return `${id} is registered.\n${signInText(made)}${standing}`;
      });
    });
}

function noStanding(id: string): string {
  return `\n${id} may answer approvals only once an admin vouches for them: mandate actor vouch ${id}`;
}

interface AddHumanOptions extends ApiOptions {
  readonly name?: string;
  readonly role: readonly Role[];
  readonly tool?: readonly string[];
  readonly deputy?: string;
}

interface VouchOptions extends JsonOption, DataOption, PassphraseOption {
  readonly human?: string;
}

/** An approver is never made with a credential that lies on a disk, so this proves the passphrase as an answer does. */
function vouch(): Command {
  const summary = 'let a person answer approvals; for an admin, asks for your passphrase';
  return withJson(withData(command('vouch', summary, 'mandate actor vouch ana')))
    .argument('<id>', 'the person')
    .option('--human <id>', 'the admin who vouches (else whoever is logged in)')
    .option('--passphrase-stdin', 'read the passphrase from stdin instead of the terminal')
    .action(async (id: string, options: VouchOptions) => {
      const vouched = await answerAs(options, async (client, prove) =>
        client.post(`/v1/humans/${segment(id)}/vouch`, {}, await prove()),
      );
      print(options, vouched, () => actorText(vouched));
    });
}

function link(): Command {
  return withApi(command('link', 'print a new sign-in link for a person who lost theirs', 'mandate actor link ana'))
    .argument('<human>', 'the person')
    .option('--reset', 'also let them choose a new passphrase; recorded')
    .action(async (human: string, options: ApiOptions & { readonly reset?: true }) => {
      const body = options.reset === true ? { reset: true } : {};
      const made = await connect(options).post(`/v1/humans/${segment(human)}/sign-in-link`, body);
      print(options, made, () => signInText(made));
    });
}

function signInText(made: JsonObject): string {
  const signIn = part(made, 'sign_in');
  return details([
    ['sign in', field(signIn, 'url')],
    ['until', `${field(signIn, 'expires_at')}, once`],
  ]);
}

function standingOf(vouchedBy: string): string {
  return vouchedBy === '' ? 'may not answer: nobody has vouched for them' : `may answer: vouched for by ${vouchedBy}`;
}

/** One actor of any kind, as a person reads it. */
export function actorText(actor: JsonObject): string {
  const owner = (role: string): readonly [string, string | null] => {
    const human = field(actor, `owners.${role}.human`);
    const accepted = field(actor, `owners.${role}.accepted_at`);
    return [role, human === '' ? null : `${human} (${accepted === '' ? 'not accepted yet' : `accepted ${accepted}`})`];
  };
  return details([
    ['id', field(actor, 'id')],
    ['kind', field(actor, 'kind')],
    ['name', field(actor, 'name')],
    ['state', field(actor, 'lifecycle')],
    ['roles', field(actor, 'roles')],
    ['approvals', field(actor, 'kind') === 'human' ? standingOf(field(actor, 'vouched_by')) : null],
    ['deputy', field(actor, 'deputy')],
    ['purpose', field(actor, 'purpose')],
    ['environment', field(actor, 'environment')],
    ['autonomy', field(actor, 'autonomy')],
    ['tools', field(actor, 'tools')],
    owner('business'),
    owner('technical'),
    owner('escalation'),
    ['owner', field(actor, 'owner.human')],
    ['spiffe id', field(actor, 'spiffe_id')],
    ['registered', field(actor, 'created_at')],
  ]);
}
