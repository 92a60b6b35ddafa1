import { randomBytes } from 'node:crypto';
import { cp, mkdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { isMandateError } from '../core/errors.ts';

/** How the sample is set up: through the control API alone, as an administrator and the sample's people would. */
export interface SampleApi {
  get<T>(path: string, token?: string): Promise<T>;
  post<T>(path: string, body: unknown, token?: string): Promise<T>;
}

const slug = z.string();
const organisationSchema = z.strictObject({
  name: z.string(),
  humans: z.array(z.strictObject({ id: slug, name: z.string(), roles: z.array(z.string()) })),
  servers: z.array(
    z.strictObject({
      id: slug,
      package: z.string(),
      args: z.array(z.string()).default([]),
      env: z.record(z.string(), z.string()).default({}),
      environment: slug,
      trust: z.enum(['trusted', 'untrusted']),
    }),
  ),
  agents: z.array(
    z.strictObject({
      id: slug,
      name: z.string(),
      purpose: z.string(),
      owners: z.strictObject({ business: slug, technical: slug, escalation: slug }),
      environment: slug,
      tools: z.array(z.string()),
      autonomy: z.string(),
      lifecycle: z.enum(['probationary', 'active']),
    }),
  ),
  task: z.strictObject({
    agent: slug,
    asked_by: slug,
    purpose: z.string(),
    tools: z.array(z.string()),
    calls: z.number(),
    expires_in_s: z.number(),
  }),
});
export type Organisation = z.output<typeof organisationSchema>;

export const SAMPLE_FOLDER = new URL('../../scenarios/sample-organisation/', import.meta.url);

export async function readSampleOrganisation(): Promise<Organisation> {
  return organisationSchema.parse(parse(await readFile(new URL('organisation.yaml', SAMPLE_FOLDER), 'utf8')));
}

/** Sessions of one of the sample's people, made when first needed and kept nowhere. */
export interface SampleSession {
  readonly token: string;
  /** Another bearer for a few minutes, in which the person proved themselves again: it may approve. */
  readonly approving: string;
}
export type SignIn = (human: string) => Promise<SampleSession>;

/**
 * Makes whatever of the sample is missing and leaves the rest as it is, so that a second start changes nothing.
 * @param data the data directory; the sample's files live in `sample/` below it
 */
export async function setUpSample(api: SampleApi, organisation: Organisation, data: string): Promise<SignIn> {
  const sessions = new Map<string, SampleSession>();
  const signIn: SignIn = async (human) => {
    const known = sessions.get(human);
    if (known !== undefined) return known;
    const link = await api.post<{ sign_in: { url: string } }>(`/v1/humans/${human}/sign-in-link`, { reset: true });
    return useLink(human, link.sign_in.url);
  };
  const useLink = async (human: string, url: string): Promise<SampleSession> => {
    const passphrase = randomBytes(24).toString('base64url');
    const { token } = await api.post<{ token: string }>('/v1/sign-in', { secret: secretOf(url), passphrase });
    const proved = await api.post<{ token: string }>('/v1/step-up', { passphrase }, token);
    const session = { token, approving: proved.token };
    sessions.set(human, session);
    return session;
  };

  for (const human of organisation.humans) {
    if (await exists(api, `/v1/humans/${human.id}`)) continue;
    const made = await api.post<{ sign_in: { url: string } }>('/v1/humans', human);
    await useLink(human.id, made.sign_in.url);
  }
  const places = await copyFiles(data);
  for (const server of organisation.servers) {
    if (!(await exists(api, `/v1/servers/${server.id}`))) await api.post('/v1/servers', serverBody(server, places));
  }
  for (const agent of organisation.agents) await setUpAgent(api, agent, signIn);
  return signIn;
}

interface AgentBody {
  readonly lifecycle: string;
  readonly owners: Readonly<Record<string, { readonly human: string; readonly accepted_at: string | null }>>;
}

async function setUpAgent(api: SampleApi, agent: Organisation['agents'][number], signIn: SignIn): Promise<void> {
  const { lifecycle: wanted, ...registration } = agent;
  const path = `/v1/agents/${agent.id}`;
  if (!(await exists(api, path))) await api.post('/v1/agents', registration);
  const now = await api.get<AgentBody>(path);
  for (const owner of new Set(Object.values(now.owners).filter((one) => one.accepted_at === null).map((one) => one.human))) {
    await api.post(`${path}/accept`, {}, (await signIn(owner)).token);
  }
  // Whoever stopped or demoted an agent of the sample later meant it: only its first steps are ours.
  if (now.lifecycle !== 'registered') return;
  await api.post(`${path}/transitions`, { to: 'probationary', reason: 'Sample organisation: all owners accepted.' });
  if (wanted === 'active') await promote(api, agent, signIn);
}

/** A promotion is an approval like any other: asked for by the administrator, answered by the business owner. */
async function promote(api: SampleApi, agent: Organisation['agents'][number], signIn: SignIn): Promise<void> {
  const move = { to: 'active', reason: 'Sample organisation: starts as an agent that has been promoted.' };
  const path = `/v1/agents/${agent.id}/transitions`;
  try {
    await api.post(path, move);
    return;
  } catch (error) {
    if (!isMandateError(error) || error.code !== 'lifecycle.needs') throw error;
  }
  const pending = await api.get<{ items: readonly { id: string; digest: string; subject: { kind: string } }[] }>(
    `/v1/approvals?state=pending&agent=${agent.id}`,
  );
  const asked = pending.items.find((approval) => approval.subject.kind === 'transition');
  if (asked === undefined) throw new Error(`no approval was asked for to promote ${agent.id}`);
  const { approving } = await signIn(agent.owners.business);
  await api.post(`/v1/approvals/${asked.id}/approve`, { digest: asked.digest, reason: 'Sample organisation.' }, approving);
  await api.post(path, move);
}

interface Places {
  readonly library: string;
  readonly notes: string;
}

async function copyFiles(data: string): Promise<Places> {
  const library = join(data, 'sample', 'library');
  await mkdir(library, { recursive: true, mode: 0o700 });
  await cp(new URL('library/', SAMPLE_FOLDER), library, { recursive: true, force: false });
  return { library, notes: join(data, 'sample', 'notes.jsonl') };
}

function serverBody(server: Organisation['servers'][number], places: Places): unknown {
  const filled = (text: string): string => text.replace(/\$\{(library|notes)\}/g, (_, name: keyof Places) => places[name]);
  return {
    id: server.id,
    transport: {
      type: 'stdio',
      command: process.execPath,
      args: [programOf(server.package), ...server.args.map(filled)],
      env: Object.fromEntries(Object.entries(server.env).map(([key, value]) => [key, filled(value)])),
    },
    environment: server.environment,
    trust: server.trust,
  };
}

/** The script behind a package's first `bin`. */
function programOf(name: string): string {
  const require = createRequire(import.meta.url);
  const manifest = require.resolve(`${name}/package.json`);
  const { bin } = z.object({ bin: z.record(z.string(), z.string()) }).parse(require(manifest));
  const [script] = Object.values(bin);
  if (script === undefined) throw new Error(`${name} has no program`);
  return join(dirname(manifest), script);
}

async function exists(api: SampleApi, path: string): Promise<boolean> {
  try {
    await api.get(path);
    return true;
  } catch (error) {
    if (isMandateError(error) && error.code === 'not_found') return false;
    throw error;
  }
}

function secretOf(url: string): string {
  const secret = /mdl_[A-Za-z0-9_-]+/.exec(url)?.[0];
  if (secret === undefined) throw new Error('a sign-in link without a secret');
  return secret;
}
