import { randomBytes } from 'node:crypto';
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parse } from 'yaml';
import { z } from 'zod';
import { TRUST } from '../core/server.ts';
import { DATA_FILES } from '../adapters/data-dir/files.ts';
import { ROLES } from '../core/actor.ts';
import { isMandateError } from '../core/errors.ts';
import type { SamplePeople } from '../serve.ts';

/** How the sample is set up: through the control API alone, as an administrator and the sample's people would. */
export interface SampleApi {
  get<T>(path: string, token?: string): Promise<T>;
  post<T>(path: string, body: unknown, token?: string): Promise<T>;
}

const slug = z.string();
const organisationSchema = z.strictObject({
  name: z.string(),
  humans: z.array(z.strictObject({ id: slug, name: z.string(), roles: z.array(z.enum(ROLES)) })),
  servers: z.array(
    z.strictObject({
      id: slug,
      package: z.string(),
      args: z.array(z.string()).default([]),
      env: z.record(z.string(), z.string()).default({}),
      environment: slug,
      trust: z.enum(TRUST),
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

/**
 * Makes whatever of the sample is missing and leaves the rest as it is, so that a second start changes nothing.
 * @param data the data directory; the sample's files live in `sample/` below it
 */
export async function setUpSample(
  api: SampleApi,
  people: SamplePeople,
  organisation: Organisation,
  data: string,
): Promise<void> {
  /** Passphrases of those who just signed in for the first time: kept in this call, then gone. */
  const passphrases = new Map<string, string>();
  for (const human of organisation.humans) {
    if (await exists(api, `/v1/humans/${human.id}`)) continue;
    const secret = await people.invite(human);
    const passphrase = randomBytes(24).toString('base64url');
    await api.post('/v1/sign-in', { secret, passphrase });
    passphrases.set(human.id, passphrase);
  }
  const places = await copyFiles(data);
  for (const server of organisation.servers) {
    await writeLauncher(server, places);
    if (!(await exists(api, `/v1/servers/${server.id}`))) await api.post('/v1/servers', serverBody(server, places));
  }
  for (const agent of organisation.agents) await setUpAgent(api, people, agent, passphrases);
}

interface AgentBody {
  readonly lifecycle: string;
  readonly owners: Readonly<Record<string, { readonly human: string; readonly accepted_at: string | null }>>;
}

async function setUpAgent(
  api: SampleApi,
  people: SamplePeople,
  agent: Organisation['agents'][number],
  passphrases: ReadonlyMap<string, string>,
): Promise<void> {
  const { lifecycle: wanted, ...registration } = agent;
  const path = `/v1/agents/${agent.id}`;
  if (!(await exists(api, path))) await api.post('/v1/agents', registration);
  const now = await api.get<AgentBody>(path);
  for (const owner of new Set(
    Object.values(now.owners)
      .filter((one) => one.accepted_at === null)
      .map((one) => one.human),
  )) {
    await api.post(`${path}/accept`, {}, await people.actAs(owner));
  }
  // Whoever stopped or demoted an agent of the sample later meant it: only its first steps are ours.
  if (now.lifecycle !== 'registered') return;
  await api.post(`${path}/transitions`, { to: 'probationary', reason: 'Sample organisation: all owners accepted.' });
  const passphrase = passphrases.get(agent.owners.business);
  if (wanted === 'active' && passphrase !== undefined) await promote(api, agent, passphrase);
}

/** A promotion is an approval like any other: asked for by the administrator, answered by the business owner. */
async function promote(api: SampleApi, agent: Organisation['agents'][number], passphrase: string): Promise<void> {
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
  const session = await api.post<{ token: string }>('/v1/login', { human: agent.owners.business, passphrase });
  const { token: approving } = await api.post<{ token: string }>('/v1/step-up', { passphrase }, session.token);
  await api.post(
    `/v1/approvals/${asked.id}/approve`,
    { digest: asked.digest, reason: 'Sample organisation.' },
    approving,
  );
  await api.post(path, move);
}

interface Places {
  readonly library: string;
  readonly notes: string;
  readonly launcher: (server: string) => string;
}

async function copyFiles(data: string): Promise<Places> {
  const library = join(data, DATA_FILES.sample, 'library');
  await mkdir(library, { recursive: true, mode: 0o700 });
  await cp(new URL('library/', SAMPLE_FOLDER), library, { recursive: true, force: false });
  return {
    library,
    notes: join(data, DATA_FILES.sample, 'notes.jsonl'),
    launcher: (server) => join(data, DATA_FILES.sample, `${server}-server.mjs`),
  };
}

/** A registered command never changes, but a checkout moves: what is registered is a launcher that each start writes anew. */
async function writeLauncher(server: Organisation['servers'][number], places: Places): Promise<void> {
  const program = pathToFileURL(await programOf(server.package)).href;
  await writeFile(places.launcher(server.id), `import ${JSON.stringify(program)};\n`, { mode: 0o600 });
}

function serverBody(server: Organisation['servers'][number], places: Places): unknown {
  const filled = (text: string): string =>
    text.replace(/\$\{(library|notes)\}/g, (_, name: 'library' | 'notes') => places[name]);
  return {
    id: server.id,
    transport: {
      type: 'stdio',
      command: 'node',
      args: [places.launcher(server.id), ...server.args.map(filled)],
      env: Object.fromEntries(Object.entries(server.env).map(([key, value]) => [key, filled(value)])),
    },
    environment: server.environment,
    trust: server.trust,
  };
}

/** The script behind a package's first `bin`. */
async function programOf(name: string): Promise<string> {
  const manifest = createRequire(import.meta.url).resolve(`${name}/package.json`);
  const { bin } = z
    .object({ bin: z.record(z.string(), z.string()) })
    .parse(JSON.parse(await readFile(manifest, 'utf8')));
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
