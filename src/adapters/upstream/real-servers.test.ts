/** Servers that others wrote, as they are published, and both eras of the official SDK over HTTP. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { getRequestListener } from '@hono/node-server';
import { createMcpHandler, McpServer, WebStandardStreamableHTTPServerTransport } from '@modelcontextprotocol/server';
import { z } from 'zod';
import { canonicalJson } from '../../core/canonical-json.ts';
import type { Server, Transport } from '../../core/server.ts';
import { pinnedParts } from '../../core/tool.ts';
import { call, listPermit, permitFor, quiet, rejects, send, textOf } from '../../ports/upstream.suite.ts';
import type { Upstream } from '../../ports/upstream.ts';
import { openUpstream } from './open.ts';
import { sampleServer, TEST_INSTALLATION, testClock, testHasher } from './sample-deps.suite.ts';

const PACKAGES = join(import.meta.dirname, '../../../node_modules/@modelcontextprotocol');

interface Rig {
  readonly upstream: Upstream;
  readonly server: Server;
}

async function openRig(
  t: TestContext,
  transport: (folder: string) => Transport,
): Promise<Rig & { readonly folder: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'mandate-test-'));
  await mkdir(join(folder, 'files'));
  const upstream = openUpstream({
    hasher: testHasher,
    clock: testClock,
    version: '0.0.0',
    scratch_dir: folder,
    installation: TEST_INSTALLATION,
    inherited: { PATH: process.env['PATH'] ?? '', LANG: 'C.UTF-8' },
  });
  t.after(async () => {
    await upstream.close();
    await rm(folder, { recursive: true });
  });
  return { upstream, server: sampleServer(transport(folder)), folder };
}

/** Calls with the definition pinned from what the server lists. */
async function sendPinned(rig: Rig, tool: string, args: Parameters<typeof call>[1]): Promise<string> {
  return textOf(await send(rig, call(tool, args), { definition_digest: await digestOf(rig, tool) }));
}

async function digestOf(rig: Rig, tool: string): Promise<string> {
  const listed = await rig.upstream.listTools(listPermit(rig), rig.server);
  const definition = listed.find(({ name }) => name === tool);
  assert.ok(definition, `${tool} is offered`);
  return testHasher.sha256(canonicalJson(pinnedParts(definition)));
}

test('server-filesystem over stdio lists its tools, writes and reads', async (t) => {
  const rig = await openRig(t, (folder) => ({
    type: 'stdio',
    command: process.execPath,
    args: [join(PACKAGES, 'server-filesystem/dist/index.js'), join(folder, 'files')],
    env: {},
  }));
  const path = join(rig.folder, 'files', 'note.txt');
  await writeFile(path, 'before');
  assert.equal(await sendPinned(rig, 'read_text_file', { path }), 'before');
  await sendPinned(rig, 'write_file', { path, content: 'zwölf\u2028"\\' });
  assert.equal(await readFile(path, 'utf8'), 'zwölf\u2028"\\');
  assert.match(textOf(await send(rig, call('read_text_file', { path: '/etc/passwd' }))), /denied/i);
});

test('server-memory over stdio keeps what it was told in the file it was given', async (t) => {
  const rig = await openRig(t, (folder) => ({
    type: 'stdio',
    command: process.execPath,
    args: [join(PACKAGES, 'server-memory/dist/index.js')],
    env: { MEMORY_FILE_PATH: join(folder, 'memory.jsonl') },
  }));
  await sendPinned(rig, 'create_entities', {
    entities: [{ name: 'Ada', entityType: 'person', observations: ['likes proofs'] }],
  });
  assert.match(await sendPinned(rig, 'read_graph', {}), /likes proofs/);
  assert.match(await readFile(join(rig.folder, 'memory.jsonl'), 'utf8'), /Ada/);
});

function sdkServer(): McpServer {
  const server = new McpServer({ name: 'sdk', version: '1.0.0' });
  const inputSchema = z.object({ region: z.string().meta({ 'x-mcp-header': 'Region' }), count: z.number().int() });
  server.registerTool('order', { description: 'Orders.', inputSchema }, async ({ region, count }, context) => {
    await context.mcpReq.notify({
      method: 'notifications/progress',
      params: { progressToken: context.mcpReq._meta?.progressToken ?? 0, progress: 1 },
    });
    return { content: [{ type: 'text', text: `${count} to ${region}` }] };
  });
  return server;
}

/** Begins a session, so that the transport knows one and refuses all others with 404. */
function initializeRequest(): Request {
  const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'test', version: '0' } };
  return new Request('http://127.0.0.1/mcp', {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params }),
  });
}

async function serve(t: TestContext, fetch: (request: Request) => Response | Promise<Response>): Promise<string> {
  const listener = getRequestListener(fetch);
  const server = createServer((request, response) => void listener(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });
  const { port } = server.address() as AddressInfo; // a TCP server
  return `http://127.0.0.1:${port}/mcp`;
}

test('a modern server of the official SDK takes our requests, headers and all', async (t) => {
  const handler = createMcpHandler(() => sdkServer(), { legacy: 'reject' });
  const methods: string[] = [];
  const url = await serve(t, (request) => {
    methods.push(request.headers.get('mcp-method') ?? 'none');
    return handler.fetch(request);
  });
  const rig = await openRig(t, () => ({ type: 'http', url }));
  assert.equal(await sendPinned(rig, 'order', { region: 'Köln\r\nx', count: 12 }), '12 to Köln\r\nx');
  assert.deepEqual(methods, ['server/discover', 'tools/list', 'tools/list', 'tools/call']);
  const heard: string[] = [];
  const options = { ...quiet(), wants_progress: true, onNotification: (method: string) => void heard.push(method) };
  const definition_digest = await digestOf(rig, 'order');
  const order = call('order', { region: 'x', count: 1 });
  assert.equal(
    textOf(await rig.upstream.send(permitFor(rig, order, { definition_digest }), rig.server, options)),
    '1 to x',
  );
  assert.deepEqual(heard, ['notifications/progress']);
});

test('a legacy server of the official SDK gets a session of its own for each task', async (t) => {
  const sessions = new Map<string, WebStandardStreamableHTTPServerTransport>();
  const ended: string[] = [];
  const forgotten = new WebStandardStreamableHTTPServerTransport({ sessionIdGenerator: () => randomUUID() });
  await sdkServer().connect(forgotten);
  await forgotten.handleRequest(initializeRequest());
  const url = await serve(t, async (request) => {
    const asked = request.headers.get('mcp-session-id');
    const known = sessions.get(asked ?? '') ?? (asked === null ? undefined : forgotten);
    if (known !== undefined) return known.handleRequest(request);
    const transport = new WebStandardStreamableHTTPServerTransport({
      sessionIdGenerator: () => randomUUID(),
      onsessioninitialized: (id) => void sessions.set(id, transport),
      onsessionclosed: (id) => void ended.push(id),
    });
    await sdkServer().connect(transport);
    return transport.handleRequest(request);
  });
  const rig = await openRig(t, () => ({ type: 'http', url }));
  assert.equal(await sendPinned(rig, 'order', { region: 'Köln', count: 12 }), '12 to Köln');
  assert.equal(sessions.size, 2, 'one for the list, one for the task');
  const strangers = [...sessions.keys()];
  sessions.clear(); // as after a restart: the SDK answers 404 with an error in the body
  await rejects(send(rig, call('order', { region: 'x', count: 1 })), 'upstream.unreachable', true);
  assert.equal(await sendPinned(rig, 'order', { region: 'Bonn', count: 1 }), '1 to Bonn');
  for (const stranger of strangers) assert.ok(!sessions.has(stranger));
  await rig.upstream.close();
  for (const session of sessions.keys()) assert.ok(ended.includes(session), 'ended with the task');
});
