/** A running Mandate in front of the reference servers, and the same servers for a direct look. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { modernServerArgs, openModernServer } from '../e2e/modern-server.fixture.ts';
import { openOrganisation, type Organisation, type Tool } from '../e2e/organisation.fixture.ts';
import type { Place } from '../e2e/speaker.fixture.ts';
import { openEverythingHttp } from './everything-http.ts';
import { programOf } from './partners.ts';

export type ServerName = 'everything' | 'everything-http' | 'files' | 'memory' | 'modern' | 'modern-http';
export type Era = 'legacy' | 'modern';

export interface GovernedServer {
  readonly id: ServerName;
  /** The only one that it speaks. */
  readonly era: Era;
  /** Where it is without a gateway. */
  readonly place: Place;
  /** As pinned at its registration. */
  readonly tools: readonly Tool[];
}

export interface Governed {
  readonly organisation: Organisation;
  server(id: ServerName): GovernedServer;
  /** What `files` may reach. */
  readonly folder: string;
  /** A line for each execution of the modern servers' `record_step`. */
  readonly record: string;
  close(): Promise<void>;
}

/** Decides beside the shipped packs: one read of each server is refused. */
const DENIED_READS = `@id("not-these")
@message("The tests let nobody read this.")
forbid (principal, action in Mandate::Action::"call", resource)
when { ["get-env", "get_file_info", "open_nodes", "get_secret_plan"].contains(context.tool.name) };
`;

/** Reads whose names say otherwise ("trigger", "message"): an administrator says so, as one would with real servers. */
const CONFIRMED_READS: readonly (readonly [ServerName, string])[] = [
  ['everything', 'trigger-long-running-operation'],
  ['everything', 'get-annotated-message'],
  ['everything-http', 'trigger-long-running-operation'],
  ['everything-http', 'get-annotated-message'],
];

export async function openGoverned(): Promise<Governed> {
  const closers: (() => Promise<void>)[] = [];
  const close = async (): Promise<void> => {
    for (const each of closers.splice(0).reverse()) await each();
  };
  try {
    return await open(closers, close);
  } catch (error) {
    await close();
    throw error;
  }
}

async function open(closers: (() => Promise<void>)[], close: () => Promise<void>): Promise<Governed> {
  const home = await mkdtemp(join(tmpdir(), 'mandate-interop-'));
  closers.push(() => rm(home, { recursive: true, force: true }));
  const [policies, folder, notes, record] = ['policies', 'files', 'notes.jsonl', 'record.txt'].map((name) =>
    join(home, name),
  ) as [string, string, string, string]; // four in, four out
  await mkdir(policies);
  await writeFile(join(policies, 'denied-reads.cedar'), DENIED_READS);
  await mkdir(folder);
  await writeFile(join(folder, 'note.txt'), 'zwölf\u2028"\\ 🐟\n');
  await writeFile(
    notes,
    `${JSON.stringify({ type: 'entity', name: 'Ada', entityType: 'person', observations: ['likes proofs'] })}\n`,
  );
  await writeFile(record, '');

  const everything = await openEverythingHttp();
  closers.push(() => everything.close());
  const modern = await openModernServer(record);
  closers.push(() => modern.close());
  const organisation = await openOrganisation({ config: { policies } });
  closers.push(() => organisation.close());

  const node = (args: readonly string[], env: Readonly<Record<string, string>> = {}): Place => ({
    command: process.execPath,
    args,
    env,
  });
  const given: readonly (readonly [ServerName, Era, Place])[] = [
    ['everything', 'legacy', node([programOf('mcp-server-everything'), 'stdio'])],
    ['everything-http', 'legacy', { url: everything.url }],
    ['files', 'legacy', node([rootProgram('mcp-server-filesystem'), folder])],
    ['memory', 'legacy', node([rootProgram('mcp-server-memory')], { MEMORY_FILE_PATH: notes })],
    ['modern', 'modern', node(modernServerArgs(record))],
    ['modern-http', 'modern', { url: modern.url }],
  ];
  const servers = new Map<ServerName, GovernedServer>();
  for (const [id, era, place] of given) {
    const transport =
      'url' in place ? ({ type: 'http', url: place.url } as const) : ({ type: 'stdio', ...place } as const);
    servers.set(id, { id, era, place, tools: await organisation.addServer({ id, transport }) });
  }
  for (const [server, tool] of CONFIRMED_READS) {
    await organisation.api.patch(`/v1/servers/${server}/tools/${tool}`, {
      effect_class: ['read'],
      reversible: true,
      reason: 'It only waits or answers.',
    });
  }
  return {
    organisation,
    server(id) {
      const server = servers.get(id);
      if (server === undefined) throw new Error(`no server ${id}`);
      return server;
    },
    folder,
    record,
    close,
  };
}

function rootProgram(name: string): string {
  return fileURLToPath(new URL(`../../node_modules/.bin/${name}`, import.meta.url));
}
