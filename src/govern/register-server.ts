import type { Caller } from '../core/caller.ts';
import { MandateError } from '../core/errors.ts';
import { serverId } from '../core/ids.ts';
import type { JsonObject } from '../core/json.ts';
import type { Server, Transport } from '../core/server.ts';
import type { PinnedTool } from '../core/tool.ts';
import type { Hasher } from '../ports/hasher.ts';
import type { Upstream } from '../ports/upstream.ts';
import { checkedId } from './checked-text.ts';
import { configuredEnvironment } from './configured-environment.ts';
import { currentCaller } from './current-caller.ts';
import { listTools } from './list-tools.ts';
import { makeChange, type Control } from './make-change.ts';
import { requireRole } from './require-role.ts';
import { digestsOf, toolsBeside } from './record-tools.ts';
import { seeTools, type SeenSummary } from './see-tools.ts';
import type { Snapshot } from './snapshot.ts';

export interface RegisterServerRequest {
  readonly caller: Caller;
  readonly id: string;
  readonly transport: Transport;
  readonly environment: string;
  readonly trust: Server['trust'];
  readonly regulated: boolean;
  readonly isolation: Server['isolation'];
}

export type ServerDeps = Control & { readonly upstream: Pick<Upstream, 'listTools'>; readonly hasher: Hasher };

/**
 * Looks at a server and registers it with the tools it offers. Only the operator and admins: a command of a server runs
 * on this machine, so everyone else is refused before anything is started.
 * @throws auth.forbidden, input.invalid, conflict.exists, server.command, server.definition, upstream.*: nothing is registered
 */
export async function registerServer(
  deps: ServerDeps,
  request: RegisterServerRequest,
): Promise<{ readonly server: Server; readonly tools: readonly PinnedTool[]; readonly summary: SeenSummary }> {
  const asked = currentCaller(deps.snapshot, request.caller, deps.clock.now());
  const server = candidate(deps, asked, request);
  const offered = await listTools(deps, {
    caller: asked,
    server,
    details: detailsOf(server),
    stillGood: () => deps.snapshot.server(server.id) === undefined && stillMay(deps, request.caller),
  });
  return deps.exclusively(async () => {
    const now = deps.clock.now();
    const caller = currentCaller(deps.snapshot, request.caller, now);
    const registered = candidate(deps, caller, request);
    const { writes, summary } = seeTools({
      server: registered,
      existing: [],
      offered,
      otherTools: toolsBeside(deps.snapshot, registered.id),
      hasher: deps.hasher,
      now,
    });
    await makeChange(deps, {
      caller,
      kind: 'server_registered',
      subject: { noun: 'server', id: registered.id },
      reason: null,
      details: { ...detailsOf(registered), tools: { ...summary }, digests: digestsOf(writes) },
      writes: [{ noun: 'server', value: registered }, ...writes.map((value) => ({ noun: 'tool', value }) as const)],
      now,
    });
    return { server: registered, tools: deps.snapshot.toolsOf(registered.id), summary };
  });
}

function stillMay(deps: ServerDeps, caller: Caller): boolean {
  try {
    requireRole(currentCaller(deps.snapshot, caller, deps.clock.now()), 'admin');
    return true;
  } catch {
    return false; // whatever is wrong with the caller, the permit is not good any more
  }
}

/** The server as it would be registered now. @throws auth.forbidden, input.invalid, conflict.exists */
function candidate(deps: ServerDeps, caller: Caller, request: RegisterServerRequest): Server {
  requireRole(caller, 'admin');
  const now = deps.clock.now();
  const environment = configuredEnvironment(deps.snapshot, request.environment);
  if (request.trust !== 'trusted' && request.trust !== 'untrusted') throw oneOf('trust', ['trusted', 'untrusted']);
  if (request.isolation !== 'task' && request.isolation !== 'agent') throw oneOf('isolation', ['task', 'agent']);
  return {
    id: newServerId(deps.snapshot, request.id),
    transport: checkedTransport(request.transport),
    environment: environment.id,
    trust: request.trust,
    regulated: request.regulated,
    isolation: request.isolation,
    state: 'registered',
    created_at: now,
    updated_at: now,
    version: 1,
  };
}

function newServerId(snapshot: Snapshot, text: string): Server['id'] {
  const id = serverId(checkedId(text));
  if (snapshot.server(id) !== undefined)
    throw new MandateError('conflict.exists', `The id ${text} is taken; ids are never reused.`, { at: '/id' });
  return id;
}

const ARGS_MAX = 100;
const ENV_MAX = 50;
const WORD_CHARS_MAX = 8192;
const ENV_NAME = /^[A-Za-z_][A-Za-z0-9_]{0,127}$/;

function checkedTransport(transport: Transport): Transport {
  if (transport.type === 'http') return { type: 'http', url: checkedUrl(transport.url) };
  const { command, args, env } = transport;
  const sound = (word: string): boolean => word.length <= WORD_CHARS_MAX && !word.includes('\0') && word.isWellFormed();
  if (command.trim() === '' || !sound(command))
    throw new MandateError('input.invalid', 'The command is empty or too long.', { at: '/transport/command' });
  if (args.length > ARGS_MAX || !args.every(sound))
    throw new MandateError('input.invalid', `At most ${ARGS_MAX} arguments.`, { at: '/transport/args' });
  const variables = Object.entries(env);
  if (variables.length > ENV_MAX || !variables.every(([name, value]) => ENV_NAME.test(name) && sound(value))) {
    throw new MandateError('input.invalid', `At most ${ENV_MAX} variables, each with a plain name.`, {
      at: '/transport/env',
    });
  }
  return { type: 'stdio', command, args, env };
}

const URL_CHARS_MAX = 2048;

function checkedUrl(text: string): string {
  const at = '/transport/url';
  if (text.length > URL_CHARS_MAX || !URL.canParse(text))
    throw new MandateError('input.invalid', 'This is not a URL.', { at });
  const url = new URL(text);
  if (url.protocol !== 'https:' && url.protocol !== 'http:')
    throw new MandateError('input.invalid', 'The URL must be http or https.', { at });
  if (url.username !== '' || url.password !== '')
    throw new MandateError('input.invalid', 'The URL must not hold a credential.', { at });
  if (url.hash !== '') throw new MandateError('input.invalid', 'The URL must not have a fragment.', { at });
  return url.href;
}

/** Values of variables may be secrets, so only their names are recorded. */
function detailsOf(server: Server): JsonObject {
  const { transport } = server;
  const reached: JsonObject =
    transport.type === 'http'
      ? { type: 'http', url: transport.url }
      : { type: 'stdio', command: transport.command, args: transport.args, env_names: Object.keys(transport.env) };
  const { environment, trust, regulated, isolation } = server;
  return { transport: reached, environment, trust, regulated, isolation };
}

function oneOf(what: string, values: readonly string[]): MandateError {
  return new MandateError('input.invalid', `The ${what} is one of ${values.join(', ')}.`, { at: `/${what}` });
}
