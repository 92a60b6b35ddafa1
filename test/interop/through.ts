/** What every client must find through the gateway, server by server, and what it would find without it. */
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { openV2 } from '../e2e/sdk-v2.fixture.ts';
import {
  decidedOf,
  textOf,
  withoutDecision,
  type Answer,
  type Listed,
  type Place,
  type Speaker,
} from '../e2e/speaker.fixture.ts';
import type { Era, Governed, GovernedServer, ServerName } from './governed.ts';

export interface SpeakerKind {
  /** Also makes agents and files of its own: letters, digits and dashes. */
  readonly name: string;
  readonly era: Era;
  /** As it says itself; null where it does not. */
  readonly revision: string | null;
  open(place: Place): Promise<Speaker>;
  /** A program for each call, which looks the tool up by itself and shows no progress: fewer calls are made with it. */
  readonly shows?: 'results';
}

type Arguments = Readonly<Record<string, unknown>>;

interface Expected {
  readonly server: ServerName;
  /** Calls whose answers are the same every time. */
  readonly reads: readonly (readonly [string, Arguments])[];
  readonly denied: readonly [string, Arguments];
  /** Takes a word that no other call has. */
  readonly held: (word: string, governed: Governed) => readonly [string, Arguments];
  /** How often the held call of this word has run, seen at the server's own effects; null where they do not tell. */
  readonly ran?: (word: string, governed: Governed) => Promise<number>;
  readonly progress?: readonly [string, Arguments, number];
}

const everything: Omit<Expected, 'server'> = {
  reads: [
    ['echo', { message: 'zwölf\u2028"\\ 🐟 \u202e' }],
    ['get-sum', { a: 0.1, b: 2 }],
    ['get-structured-content', { location: 'Chicago' }],
    ['get-tiny-image', {}],
    ['get-annotated-message', { messageType: 'error', includeImage: true }],
    ['get-resource-links', { count: 4 }],
    ['get-sum', { a: 'no number', b: 2 }],
  ],
  denied: ['get-env', {}],
  held: (word) => [
    'gzip-file-as-resource',
    { name: `${word}.gz`, data: 'data:text/plain,held', outputType: 'resource' },
  ],
  progress: ['trigger-long-running-operation', { duration: 0.1, steps: 4 }, 4],
};
const modern: Omit<Expected, 'server'> = {
  reads: [['read_stock', { title: 'Möwen', shop: 'Köln\r\nx' }]],
  denied: ['get_secret_plan', {}],
  held: (word) => ['record_step', { line: word }],
  ran: async (word, { record }) => (await readFile(record, 'utf8')).split('\n').filter((line) => line === word).length,
  progress: ['count_slowly', { steps: 4 }, 4],
};

const EXPECTED: readonly ((governed: Governed) => Expected)[] = [
  () => ({ server: 'everything', ...everything }),
  () => ({ server: 'everything-http', ...everything }),
  ({ folder }) => ({
    server: 'files',
    reads: [
      ['read_text_file', { path: join(folder, 'note.txt') }],
      ['list_directory', { path: folder }],
      ['read_text_file', { path: '/etc/passwd' }],
    ],
    denied: ['get_file_info', { path: join(folder, 'note.txt') }],
    held: (word) => [
      'edit_file',
      { path: join(folder, `${word}.txt`), edits: [{ oldText: 'once', newText: 'once once' }] },
    ],
    ran: async (word) => (await readFile(join(folder, `${word}.txt`), 'utf8')).split('once').length - 2,
  }),
  () => ({
    server: 'memory',
    reads: [
      ['read_graph', {}],
      ['search_nodes', { query: 'proofs' }],
    ],
    denied: ['open_nodes', { names: ['Ada'] }],
    held: (word) => ['delete_entities', { entityNames: [word] }],
  }),
  () => ({ server: 'modern', ...modern }),
  () => ({ server: 'modern-http', ...modern }),
];

const SERVERS = ['everything', 'everything-http', 'files', 'memory', 'modern', 'modern-http'] as const;

/** Registers the tests of one kind of client: by default all of them with every server. */
export function testThrough(
  kind: SpeakerKind,
  governedBefore: () => Governed,
  { skip, verdictsOf = SERVERS, keysOf = SERVERS }: TestOptions,
): void {
  const run = (check: typeof verdicts, server: ServerName) => async (): Promise<void> => {
    const governed = governedBefore();
    const expected = EXPECTED.map((each) => each(governed)).find((each) => each.server === server);
    assert.ok(expected);
    await check(kind, governed, expected);
  };
  for (const server of SERVERS) {
    void test(
      `${kind.name} finds at ${server} what it would find without the gateway`,
      { skip },
      run(sameAsDirect, server),
    );
  }
  void test(`${kind.name} finds several servers on the common address`, { skip }, () =>
    onCommonAddress(kind, governedBefore()),
  );
  for (const server of verdictsOf) {
    const name = `${kind.name} learns at ${server} what is unknown, denied and held, and a held call runs once after its approval`;
    void test(name, { skip }, run(verdicts, server));
  }
  for (const server of keysOf) {
    void test(`${kind.name} with a connection key only reads at ${server}`, { skip }, run(withKey, server));
  }
}

/** One address for all servers of a task: their tools stand under the names of their servers. */
async function onCommonAddress(kind: SpeakerKind, governed: Governed): Promise<void> {
  const { organisation, folder } = governed;
  const files = governed.server('files');
  const agent = `${kind.name}-common`;
  const tools = ['files/*', 'modern-http/read_stock'];
  await organisation.addAgent({ id: agent, tools: ['files/*', 'modern-http/*'] });
  const { mcp_url, token } = await organisation.openTask({ agent, tools });
  const client = await kind.open({ url: mcp_url, bearer: token });
  try {
    assert.deepEqual(
      (await client.list()).map(({ name }) => name),
      [...files.tools.map(({ name }) => `files__${name}`).toSorted(), 'modern-http__read_stock'],
    );
    const note = await client.call('files__read_text_file', { path: join(folder, 'note.txt') });
    assert.equal(textOf(note), await readFile(join(folder, 'note.txt'), 'utf8'));
    const stock = await client.call('modern-http__read_stock', { title: 'Möwen', shop: 'Köln' });
    assert.deepEqual(stock['structuredContent'], { title: 'Möwen', shop: 'Köln', count: 5 });
    // Its server offers it, but the task does not: to this client it does not exist.
    if (kind.shows !== 'results') {
      const outside = client.call('modern-http__record_step', { line: agent });
      await assert.rejects(outside, { code: -32602, message: /Unknown tool: modern-http__record_step/ });
    }
  } finally {
    await client.close();
  }
}

interface TestOptions {
  /** Why nothing can be tested, or false. */
  readonly skip: string | false;
  readonly verdictsOf?: readonly ServerName[];
  readonly keysOf?: readonly ServerName[];
}

async function sameAsDirect(
  kind: SpeakerKind,
  governed: Governed,
  { server: id, reads, progress }: Expected,
): Promise<void> {
  const server = governed.server(id);
  const governedClient = await kind.open(await taskPlace(governed, kind, server));
  const direct = await openDirect(kind, server);
  try {
    assert.equal(governedClient.revision, kind.revision);
    const listed = pinnedPartsOf(await governedClient.list());
    assert.deepEqual(listed, pinnedPartsOf(server.tools.map(({ definition }) => definition as Listed)), 'the pins');
    assert.deepEqual(listed, pinnedPartsOf(await direct.list()), 'the list without the gateway');
    for (const [tool, args] of kind.shows === 'results' ? reads.slice(0, 1) : reads) {
      const answer = await governedClient.call(tool, args);
      assert.equal(decidedOf(answer).effect, 'allow', tool);
      assert.deepEqual(withoutDecision(answer), withoutDecision(await direct.call(tool, args)), tool);
    }
    if (progress !== undefined && kind.shows !== 'results') {
      const [tool, args, steps] = progress;
      const heard: unknown[] = [];
      const answer = await governedClient.call(tool, args, {
        onProgress: ({ progress: at, total }) => heard.push([at, total]),
      });
      assert.deepEqual(
        heard,
        Array.from({ length: steps }, (_, step) => [step + 1, steps]),
      );
      assert.deepEqual(withoutDecision(answer), withoutDecision(await direct.call(tool, args)), tool);
    }
  } finally {
    await direct.close();
    await governedClient.close();
  }
}

async function verdicts(kind: SpeakerKind, governed: Governed, expected: Expected): Promise<void> {
  const { organisation, folder } = governed;
  const server = governed.server(expected.server);
  const place = await taskPlace(governed, kind, server);
  const client = await kind.open(place);
  try {
    if (kind.shows !== 'results') await assertUnknown(client);

    const denied = await client.call(...expected.denied);
    assert.equal(denied['isError'], true);
    assert.match(textOf(denied), /The tests let nobody read this\./);
    assert.deepEqual(
      decidedOf(denied).reasons.map(({ code }) => code),
      ['policy.forbidden'],
    );

    const word = `${kind.name}-${server.id}`;
    await writeFile(join(folder, `${word}.txt`), 'once');
    const held = expected.held(word, governed);
    const asked = heldIn(await client.call(...held));
    assert.equal(heldIn(await client.call(...held)), asked, 'the same call is the same question');
    assert.equal((await expected.ran?.(word, governed)) ?? 0, 0);
    await organisation.approve(asked);
    const done = await client.call(...held);
    assert.equal(decidedOf(done).effect, 'allow');
    assert.notEqual(done['isError'], true, textOf(done));
    const again = heldIn(await client.call(...held));
    assert.notEqual(again, asked, 'an approval is used up by one call');
    await refuse(governed, again);
    if (expected.ran !== undefined) assert.equal(await expected.ran(word, governed), 1);
    assert.deepEqual(await allowedCalls(governed, decidedOf(done).task ?? '', held[0]), ['completed']);
  } finally {
    await client.close();
  }
}

async function assertUnknown(client: Speaker): Promise<void> {
  await client.list();
  await assert.rejects(
    client.call('no_such_tool', {}),
    (error: { code?: unknown; message?: unknown; data?: unknown }) => {
      assert.equal(error.code, -32602);
      assert.match(String(error.message), /Unknown tool: no_such_tool/);
      assert.deepEqual(reasonsOf(error.data), ['tool.unknown']);
      return true;
    },
  );
}

function reasonsOf(holder: unknown): readonly string[] {
  return decidedOf(holder).reasons.map(({ code }) => code);
}

async function withKey(kind: SpeakerKind, governed: Governed, expected: Expected): Promise<void> {
  const { organisation } = governed;
  const server = governed.server(expected.server);
  const agent = await agentOf(governed, kind, server);
  const bearer = await organisation.keyOf(agent);
  const client = await kind.open({ url: `${organisation.url}/mcp/${server.id}`, bearer });
  try {
    assert.deepEqual(
      (await client.list()).map(({ name }) => name),
      server.tools.map(({ name }) => name).toSorted(),
    );
    const [[tool, args] = ['', {}]] = expected.reads;
    assert.equal(decidedOf(await client.call(tool, args)).effect, 'allow');
    const held = await client.call(...expected.held(`${kind.name}-${server.id}`, governed));
    assert.ok(decidedOf(held).reasons.some(({ code }) => code === 'task.purpose_unstated'));
    await refuse(governed, heldIn(held));
  } finally {
    await client.close();
  }
}

/** One agent for each pair of client and server: whoever asks too much at once is refused. */
const made = new WeakMap<Governed, Map<string, Promise<string>>>();

export function agentOf(governed: Governed, kind: Pick<SpeakerKind, 'name'>, server: GovernedServer): Promise<string> {
  const agents = made.get(governed) ?? new Map<string, Promise<string>>();
  made.set(governed, agents);
  const id = `${kind.name}-${server.id}`;
  const known = agents.get(id);
  if (known !== undefined) return known;
  const making = governed.organisation.addAgent({ id, tools: [`${server.id}/*`] }).then(() => id);
  agents.set(id, making);
  return making;
}

/** A task for all that the server offers, at the server's own address. */
export async function taskPlace(
  governed: Governed,
  kind: Pick<SpeakerKind, 'name'>,
  server: GovernedServer,
): Promise<{ readonly url: string; readonly bearer: string }> {
  const agent = await agentOf(governed, kind, server);
  const { mcp_url, token } = await governed.organisation.openTask({ agent, tools: [`${server.id}/*`] });
  return { url: `${mcp_url}/${server.id}`, bearer: token };
}

/** The same client where it and the server have a revision in common, else one that has. */
function openDirect(kind: SpeakerKind, server: GovernedServer): Promise<Speaker> {
  // The Inspector offers servers more than the gateway does, and sees tools that exist only for those who offer it.
  if (kind.era === server.era && kind.shows !== 'results') return kind.open(server.place);
  return openV2(server.era === 'modern' ? '2026-07-28' : '2025-11-25', server.place);
}

/** What a pin covers, by name. */
function pinnedPartsOf(tools: readonly Listed[]): readonly unknown[] {
  const parts = ['name', 'title', 'description', 'inputSchema', 'outputSchema', 'annotations'];
  const byName = (a: Listed, b: Listed): number => (a.name < b.name ? -1 : 1);
  return tools
    .toSorted(byName)
    .map((tool) =>
      Object.fromEntries(parts.filter((part) => tool[part] !== undefined).map((part) => [part, tool[part]])),
    );
}

/** The approval that a held call waits for. */
function heldIn(answer: Answer): string {
  const { effect, approval } = decidedOf(answer);
  assert.equal(effect, 'hold', textOf(answer));
  assert.equal(answer['isError'], true);
  assert.ok(approval);
  assert.match(textOf(answer), /^Held for approval: /);
  return approval.id;
}

/** What is not needed any more is answered: an agent with many open questions has to wait. */
async function refuse({ organisation }: Governed, id: string): Promise<void> {
  const { digest } = await organisation.api.get<{ digest: string }>(`/v1/approvals/${id}`);
  await organisation.api.post(
    `/v1/approvals/${id}/deny`,
    { digest, reason: 'Once is enough.' },
    await organisation.stepUp('ruth'),
  );
}

/** The outcomes of the allowed calls of a tool in a task. */
async function allowedCalls({ organisation }: Governed, task: string, tool: string): Promise<readonly unknown[]> {
  interface Row {
    readonly decision: { readonly action: { readonly tool: string | null } };
    readonly outcome: { readonly status: string } | null;
  }
  const { items } = await organisation.api.get<{ items: readonly Row[] }>(
    `/v1/decisions?task=${task}&effect=allow&limit=500`,
  );
  return items.filter(({ decision }) => decision.action.tool === tool).map(({ outcome }) => outcome?.status);
}
