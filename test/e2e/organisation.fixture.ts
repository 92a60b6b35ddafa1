/**
 * A running Mandate with people, servers, agents and tasks in it, made through the control API alone as an
 * administrator and owners would: what tests of the whole program stand on.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { openClient, type Client } from '../../src/cli/client.ts';
import { configSchema } from '../../src/config.ts';
import type { Role } from '../../src/core/actor.ts';
import { isMandateError } from '../../src/core/errors.ts';
import { serve, type Served } from '../../src/serve.ts';

export interface Organisation {
  readonly url: string;
  /** The data directory; the caller's own when one was given, else gone after `close`. */
  readonly data: string;
  /** The control API with the operator token: everything but approving. */
  readonly api: Client;
  /** The pid of the child, or of this process. */
  readonly pid: number;
  /** Null when Mandate runs as a child. */
  readonly served: Served | null;
  /** A human who has signed in and may answer approvals. Three stand ready: see `PEOPLE`. */
  addHuman(id: string, roles: readonly Role[], tools?: readonly string[]): Promise<void>;
  /** A bearer of this human, for asking: it approves nothing. */
  bearerOf(human: string): string;
  /** A second bearer of this human, who has just proved their passphrase: it approves for five minutes. */
  stepUp(human: string): Promise<string>;
  passphraseOf(human: string): string;
  /** Registers a server and answers its pinned tools, by name. */
  addServer(server: ServerGiven): Promise<readonly Tool[]>;
  /** An agent whose owners are `PEOPLE`, all of whom accepted. */
  addAgent(agent: AgentGiven): Promise<void>;
  /** A task that `asked_by` asks for (default: the business owner). */
  openTask(task: TaskGiven): Promise<OpenedTask>;
  /** A connection key of the agent: `mdk_…`. */
  keyOf(agent: string): Promise<string>;
  /** Approves, as someone outside the chain (default: the escalation contact) who has just stepped up, what is asked. */
  approve(id: string, human?: string): Promise<Approval>;
  pendingApprovals(agent: string): Promise<readonly Approval[]>;
  /** Ends the process or closes it inside this one, and removes the data directory that was made for it. */
  close(): Promise<void>;
}

export interface OrganisationOptions {
  /** In this process (default), or as `mandate serve` of its own, which is slower and can be killed. */
  readonly as?: 'inside' | 'child';
  /** An existing data directory, which is left behind. */
  readonly data?: string;
  /** As in `mandate.yaml`; only for `inside`. A child reads the file in its data directory. */
  readonly config?: Readonly<Record<string, unknown>>;
}

export interface ServerGiven {
  readonly id: string;
  readonly transport:
    | { readonly type: 'stdio'; readonly command: string; readonly args: readonly string[]; readonly env?: object }
    | { readonly type: 'http'; readonly url: string };
  /** Default `development`. */
  readonly environment?: string;
  /** Default `trusted`. */
  readonly trust?: 'trusted' | 'untrusted';
  readonly isolation?: 'task' | 'agent';
}

export interface Tool {
  readonly name: string;
  readonly definition: Readonly<Record<string, unknown>>;
  readonly digest: string;
  readonly state: string;
  readonly effect_class: readonly string[];
  readonly reversible: boolean;
}

export interface AgentGiven {
  readonly id: string;
  readonly tools: readonly string[];
  /** Default `active`. */
  readonly lifecycle?: 'registered' | 'probationary' | 'active';
  /** Default `bounded`. */
  readonly autonomy?: 'supervised' | 'bounded';
  /** Default `development`. */
  readonly environment?: string;
}

export interface TaskGiven {
  readonly agent: string;
  readonly tools: readonly string[];
  readonly purpose?: string;
  readonly calls?: number;
  readonly expires_in_s?: number;
  readonly asked_by?: string;
}

export interface OpenedTask {
  readonly task: { readonly id: string };
  readonly token: string;
  readonly mcp_url: string;
}

export interface Approval {
  readonly id: string;
  readonly digest: string;
  readonly state: string;
  readonly url: string;
  readonly subject: { readonly kind: string; readonly shown: string; readonly tool?: string };
}

/** Who owns every agent. `admin` is the first administrator and stands beside them. */
export const PEOPLE = { business: 'ines', technical: 'tomas', escalation: 'ruth' } as const;
const ADMIN = 'admin';

/** Starts Mandate on an ephemeral port and signs its first people in. On a directory that has them, it does neither. */
export async function openOrganisation(options: OrganisationOptions = {}): Promise<Organisation> {
  const data = options.data ?? (await mkdtemp(join(tmpdir(), 'mandate-organisation-')));
  const running = options.as === 'child' ? await startChild(data) : await startInside(data, options);
  const api = openClient({ url: running.url, token: running.operatorToken });
  const bearers = new Map<string, string>();

  async function signIn(human: string, link: string): Promise<void> {
    const secret = new URL(link).searchParams.get('link');
    const session = await api.post<{ token: string }>('/v1/sign-in', { secret, passphrase: passphraseOf(human) });
    bearers.set(human, session.token);
  }

  async function stepUp(human: string): Promise<string> {
    const passphrase = passphraseOf(human);
    const { token } = await api.post<{ token: string }>('/v1/step-up', { passphrase }, bearerOf(human));
    return token;
  }

  function bearerOf(human: string): string {
    const bearer = bearers.get(human);
    if (bearer === undefined) throw new Error(`${human} has not signed in`);
    return bearer;
  }

  async function addHuman(
    id: string,
    roles: readonly Role[],
    tools?: readonly string[],
    admin?: string,
  ): Promise<void> {
    const human = { id, roles, ...(tools === undefined ? {} : { tools }) };
    // Only an administrator who has just proved themselves gives someone the standing to approve.
    const made = await api.post<{ sign_in: { url: string } }>('/v1/humans', human, admin ?? (await stepUp(ADMIN)));
    await signIn(id, made.sign_in.url);
  }

  async function approve(id: string, human: string = PEOPLE.escalation): Promise<Approval> {
    const { digest } = await api.get<Approval>(`/v1/approvals/${id}`);
    return api.post(`/v1/approvals/${id}/approve`, { digest, reason: 'Approved in a test.' }, await stepUp(human));
  }

  async function pendingApprovals(agent: string): Promise<readonly Approval[]> {
    return (await api.get<{ items: readonly Approval[] }>(`/v1/approvals?state=pending&agent=${agent}`)).items;
  }

  /** A promotion is an approval: asked for by the operator, answered by a person. */
  async function promote(agent: string): Promise<void> {
    const path = `/v1/agents/${agent}/transitions`;
    const move = { to: 'active', reason: 'Promoted for a test.' };
    await api.post(path, move).catch((error: unknown) => {
      if (!isMandateError(error) || error.code !== 'lifecycle.needs') throw error;
    });
    const asked = (await pendingApprovals(agent)).find(({ subject }) => subject.kind === 'transition');
    if (asked === undefined) throw new Error(`nobody was asked to promote ${agent}`);
    await approve(asked.id);
    await api.post(path, move);
  }

  const organisation: Organisation = {
    url: running.url,
    data,
    api,
    pid: running.pid,
    served: running.served,
    addHuman: (id, roles, tools) => addHuman(id, roles, tools),
    bearerOf,
    stepUp,
    passphraseOf,
    async addServer(server) {
      const body = { environment: 'development', trust: 'trusted', ...server };
      return (await api.post<{ tools: readonly Tool[] }>('/v1/servers', body)).tools;
    },
    async addAgent({ id, lifecycle = 'active', ...given }) {
      const registration = {
        id,
        name: id,
        purpose: 'Stands in a test.',
        owners: PEOPLE,
        environment: 'development',
        autonomy: 'bounded',
        ...given,
      };
      await api.post('/v1/agents', registration);
      for (const owner of Object.values(PEOPLE)) await api.post(`/v1/agents/${id}/accept`, {}, bearerOf(owner));
      if (lifecycle === 'registered') return;
      await api.post(`/v1/agents/${id}/transitions`, { to: 'probationary', reason: 'All owners accepted.' });
      if (lifecycle === 'active') await promote(id);
    },
    openTask: ({
      agent,
      tools,
      purpose = 'See how far a test gets.',
      calls = 1000,
      expires_in_s = 600,
      asked_by = PEOPLE.business,
    }) =>
      api.post('/v1/tasks', { agent, purpose, scope: { tools }, budget: { calls }, expires_in_s }, bearerOf(asked_by)),
    keyOf: async (agent) => (await api.post<{ key: string }>(`/v1/agents/${agent}/keys`, { label: 'test' })).key,
    approve,
    pendingApprovals,
    async close() {
      await running.close();
      if (options.data === undefined) await rm(data, { recursive: true, force: true });
    },
  };

  try {
    if (running.firstRunLink === null) {
      for (const human of [ADMIN, ...Object.values(PEOPLE)]) bearers.set(human, await login(api, human));
    } else {
      await signIn(ADMIN, running.firstRunLink);
      const admin = await stepUp(ADMIN);
      await addHuman(PEOPLE.business, ['member'], undefined, admin);
      await addHuman(PEOPLE.technical, ['member'], undefined, admin);
      await addHuman(PEOPLE.escalation, ['member', 'security', 'approver'], undefined, admin);
    }
    return organisation;
  } catch (error) {
    await organisation.close();
    throw error;
  }
}

async function login(api: Client, human: string): Promise<string> {
  return (await api.post<{ token: string }>('/v1/login', { human, passphrase: passphraseOf(human) })).token;
}

function passphraseOf(human: string): string {
  return `the long passphrase of ${human}`;
}

interface Running {
  readonly url: string;
  readonly operatorToken: string;
  readonly firstRunLink: string | null;
  readonly pid: number;
  readonly served: Served | null;
  close(): Promise<void>;
}

async function startInside(data: string, { config = {} }: OrganisationOptions): Promise<Running> {
  const served = await serve({
    data,
    config: configSchema.parse(config),
    port: 0,
    log: 'quiet',
    version: '0.0.0-test',
    // An organisation has a dozen passphrases, and no test here is about guessing them.
    passphrase_cost: { log2N: 4, r: 1, p: 1 },
  });
  const { url, operatorToken, firstRunLink } = served;
  return { url, operatorToken, firstRunLink, pid: process.pid, served, close: () => served.close() };
}

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

async function startChild(data: string): Promise<Running> {
  const compiled = process.env['NODE_COMPILE_CACHE'];
  const child = spawn(process.execPath, [MAIN, 'serve', '--data', data, '--port', '0', '--quiet', '--json'], {
    env: {
      PATH: process.env['PATH'] ?? '',
      HOME: data,
      ...(compiled === undefined ? {} : { NODE_COMPILE_CACHE: compiled }),
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const { url, first_run_link } = await announcement(child.stdout);
  const operatorToken = (await readFile(join(data, 'admin-token'), 'utf8')).trim();
  return {
    url,
    operatorToken,
    firstRunLink: first_run_link,
    pid: child.pid ?? 0,
    served: null,
    close: () => stop(child),
  };
}

/** What `serve --json` prints once it listens. */
async function announcement(
  stdout: Readable,
): Promise<{ readonly url: string; readonly first_run_link: string | null }> {
  let text = '';
  for await (const chunk of stdout.setEncoding('utf8').iterator({ destroyOnReturn: false })) {
    text += String(chunk);
    if (text.endsWith('}\n')) return JSON.parse(text) as { url: string; first_run_link: string | null }; // as the command prints it
  }
  throw new Error('mandate serve ended before it listened');
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGTERM');
  await gone;
}
