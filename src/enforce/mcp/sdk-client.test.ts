/** The official client, unmodified, in both eras against the governed endpoint. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { Client, StreamableHTTPClientTransport, type ClientOptions } from '@modelcontextprotocol/client';
import type { UpstreamAnswer } from '../../ports/upstream.ts';
import { openMcpFixture } from './mcp.fixture.ts';

const mcp = await openMcpFixture();
after(() => mcp.close());
const { secret } = await mcp.bearer();
const done: UpstreamAnswer = { kind: 'result', result: { content: [{ type: 'text', text: 'done' }] }, bytes: 10 };

const ERAS: readonly (readonly [string, string, ClientOptions])[] = [
  ['2026-07-28, pinned', '2026-07-28', { versionNegotiation: { mode: { pin: '2026-07-28' } } }],
  ['2026-07-28, negotiated', '2026-07-28', { versionNegotiation: { mode: 'auto' } }],
  ['2025-11-25', '2025-11-25', {}],
];

async function connected(options: ClientOptions, path = '/mcp/files'): Promise<Client> {
  const client = new Client({ name: 'probe', version: '1.0.0' }, options);
  const requestInit = { headers: { Authorization: `Bearer ${secret}` } };
  await client.connect(new StreamableHTTPClientTransport(new URL(`${mcp.url}${path}`), { requestInit }));
  return client;
}

for (const [era, revision, options] of ERAS) {
  test(`the official client speaks ${era}: lists, calls, is refused, is held, takes progress`, async () => {
    mcp.sent.length = 0;
    const client = await connected(options);
    assert.equal(client.getNegotiatedProtocolVersion(), revision);
    const { tools } = await client.listTools();
    assert.deepEqual(
      tools.map(({ name }) => name),
      ['delete_file', 'read_file', 'write_file'],
    );

    const called = await client.callTool({ name: 'read_file', arguments: { path: '/a' } });
    assert.deepEqual(called.content, [{ type: 'text', text: 'done' }]);
    assert.equal(effectOf(called), 'allow');

    const held = await client.callTool({ name: 'delete_file', arguments: { path: `/${era}` } });
    assert.deepEqual([held.isError, effectOf(held)], [true, 'hold']);
    await assert.rejects(client.callTool({ name: 'no_such_tool', arguments: {} }), /Unknown tool: no_such_tool/);
    await assert.rejects(client.request({ method: 'resources/read', params: { uri: 'file:///a' } }), /not supported/);

    mcp.answerWith(async (_grant, options) => {
      options.onNotification('notifications/progress', { progress: 1, total: 2, message: 'half' });
      return done;
    });
    const progress: unknown[] = [];
    await client.callTool({ name: 'read_file', arguments: {} }, { onprogress: (step) => progress.push(step) });
    assert.deepEqual(progress, [{ progress: 1, total: 2, message: 'half' }]);
    mcp.answerWith(async () => done);
    await client.close();
  });

  test(`the official client in ${era} sees all servers on the common address`, async () => {
    const client = await connected(options, '/mcp');
    assert.deepEqual(
      (await client.listTools()).tools.map(({ name }) => name),
      ['files__delete_file', 'files__read_file', 'files__write_file'],
    );
    assert.equal(effectOf(await client.callTool({ name: 'files__read_file', arguments: {} })), 'allow');
    await client.close();
  });
}

test('the official modern client shows the approval page, waits, and gets the result of the approved call', async () => {
  mcp.sent.length = 0;
  const client = await connected({ versionNegotiation: { mode: 'auto' }, capabilities: { elicitation: { url: {} } } });
  const shown: string[] = [];
  client.setRequestHandler('elicitation/create', async ({ params }) => {
    assert.ok('url' in params);
    shown.push(params.url);
    void approveSoon(params.url.split('/').at(-1) ?? '');
    return { action: 'accept' };
  });
  const result = await client.callTool({ name: 'delete_file', arguments: { path: '/approved' } });
  assert.equal(effectOf(result), 'allow');
  assert.equal(shown.length, 1);
  assert.equal(mcp.sent.length, 1);
  await client.close();
});

test('the official legacy client learns the approval page from the error', async () => {
  const client = await connected({ capabilities: { elicitation: { url: {} } } });
  client.setRequestHandler('elicitation/create', async () => ({ action: 'accept' }));
  await assert.rejects(
    client.callTool({ name: 'delete_file', arguments: { path: '/legacy' } }),
    (error: { code?: unknown; elicitations?: readonly { url: string }[] }) => {
      assert.equal(error.code, -32042);
      assert.match(error.elicitations?.[0]?.url ?? '', /\/approvals\/apr_/);
      return true;
    },
  );
  await client.close();
});

test('a legacy client ends its session', async () => {
  const before = mcp.mcp.stats().sessions;
  const client = new Client({ name: 'probe', version: '1.0.0' });
  const transport = new StreamableHTTPClientTransport(new URL(`${mcp.url}/mcp/files`), {
    requestInit: { headers: { Authorization: `Bearer ${secret}` } },
  });
  await client.connect(transport);
  assert.equal(mcp.mcp.stats().sessions, before + 1);
  await transport.terminateSession();
  assert.equal(mcp.mcp.stats().sessions, before);
  await client.close();
});

/** Once the repeated call waits. */
async function approveSoon(id: string): Promise<void> {
  while (mcp.mcp.stats().in_flight === 0) await new Promise((resolve) => setImmediate(resolve));
  const { snapshot, clock } = mcp.control;
  const approval = snapshot.approval(id as never);
  const cleo = snapshot.human('cleo');
  assert.ok(approval !== undefined && cleo !== undefined);
  const vote = { human: cleo.id, verdict: 'approve', reason: 'fine', at: clock.now() } as const;
  await mcp.control.write({
    noun: 'approval',
    value: { ...approval, state: 'approved', votes: [vote], version: approval.version + 1 },
  });
}

function effectOf(result: { readonly _meta?: Record<string, unknown> | undefined }): unknown {
  return (result._meta?.['dev.mandate/decision'] as { readonly effect?: unknown } | undefined)?.effect; // asserted by the caller
}
