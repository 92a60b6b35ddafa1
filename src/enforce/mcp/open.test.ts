import assert from 'node:assert/strict';
import { test } from 'node:test';
import { forwardedParams } from '../../core/action.ts';
import type { JsonObject } from '../../core/json.ts';
import { INITIALIZE, legacy, modern, openMcpFixture } from './mcp.fixture.ts';

test('a modern client lists the pinned tools and calls one', async (t) => {
  const mcp = await openMcpFixture();
  t.after(mcp.close);
  const { secret } = await mcp.bearer();

  const list = modern('tools/list');
  const listed = await mcp.post('/mcp/files', secret, list.body, list.headers);
  assert.equal(listed.status, 200, listed.text);
  const result = listed.body['result'] as JsonObject;
  assert.deepEqual(
    (result['tools'] as readonly JsonObject[]).map((tool) => tool['name']),
    ['delete_file', 'read_file', 'write_file'],
  );
  assert.equal(result['cacheScope'], 'private');
  assert.equal(result['resultType'], 'complete');

  const call = modern('tools/call', { name: 'read_file', arguments: { path: '/a' } });
  const called = await mcp.post('/mcp/files', secret, call.body, call.headers);
  assert.equal(called.status, 200, called.text);
  assert.deepEqual(
    mcp.sent.map(({ action }) => forwardedParams(action)),
    ['{"arguments":{"path":"/a"},"name":"read_file"}'],
  );
});

test('a legacy client initializes, lists and calls', async (t) => {
  const mcp = await openMcpFixture();
  t.after(mcp.close);
  const { secret } = await mcp.bearer();
  const begun = await mcp.post('/mcp/files', secret, INITIALIZE);
  assert.equal(begun.status, 200, begun.text);
  const session = { 'mcp-session-id': String(begun.headers['mcp-session-id']) };
  const listed = await mcp.post('/mcp/files', secret, legacy('tools/list'), session);
  assert.equal(((listed.body['result'] as JsonObject)['tools'] as readonly unknown[]).length, 3);
  for (const name of ['read_file', 'write_file', 'delete_file', 'nope']) {
    const called = await mcp.post(
      '/mcp/files',
      secret,
      legacy('tools/call', { name, arguments: { path: '/a' } }),
      session,
    );
  }
});
