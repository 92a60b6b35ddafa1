/** A server that does not go by itself, and starts what leaves its process group, through the whole program. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { callTool } from '../e2e/api.fixture.ts';
import { openOrganisation } from '../e2e/organisation.fixture.ts';
import { folder, serving } from '../e2e/program.fixture.ts';

/** Writes its pid and that of what it started as the name of a folder in `argv[1]`; ends neither with its input nor when asked. */
const STUBBORN = `
  const { spawn } = require('node:child_process');
  process.on('SIGTERM', () => {});
  setInterval(() => {}, 1000);
  const leaf = spawn(process.execPath, ['-e', "process.on('SIGTERM', () => {}); setInterval(() => {}, 1000)"], { detached: true, stdio: 'ignore' });
  require('node:fs').mkdirSync(process.argv[1] + '/' + process.pid + '-' + leaf.pid);
  const say = (id, body) => process.stdout.write(JSON.stringify({ jsonrpc: '2.0', id, ...body }) + '\\n');
  let heard = '';
  process.stdin.on('data', (bytes) => {
    const lines = (heard + bytes).split('\\n');
    heard = lines.pop();
    for (const { id, method } of lines.map((line) => JSON.parse(line))) {
      if (method === 'initialize') say(id, { result: { protocolVersion: '2025-06-18', capabilities: { tools: {} }, serverInfo: { name: 'x', version: '1' } } });
      else if (method === 'tools/list') say(id, { result: { tools: [{ name: 'look', description: 'Looks.', inputSchema: { type: 'object' }, annotations: { readOnlyHint: true } }] } });
      else if (method === 'tools/call') say(id, { result: { content: [{ type: 'text', text: process.cwd() }] } });
      else if (id !== undefined) say(id, { error: { code: -32601, message: 'no' } });
    }
  });`;

test('nothing of a server outlives its look, a kill -9 followed by a start, or a stop', async (t) => {
  if (process.platform !== 'linux') return t.skip('there is no /proc to find them by');
  const [data, marks] = [join(folder(t), 'data'), folder(t)];
  let known: readonly number[] = [];
  const alive = (): readonly number[] => {
    known = readdirSync(marks).flatMap((name) => name.split('-').map(Number));
    return known.filter(isAlive);
  };
  t.after(() => {
    for (const pid of known.filter(isAlive)) process.kill(pid, 'SIGKILL');
  });

  const setUp = await openOrganisation({ data });
  await setUp.addServer({
    id: 'sly',
    transport: { type: 'stdio', command: process.execPath, args: ['-e', STUBBORN, marks] },
  });
  await setUp.addAgent({ id: 'worker', tools: ['sly/*'] });
  const { token } = await setUp.openTask({ agent: 'worker', tools: ['sly/*'], calls: 10 });
  await setUp.close();
  assert.deepEqual(alive(), [], 'after the look and a close');
  assert.ok(known.length >= 2);

  const first = await serving(t, data);
  const called = await callTool(`${first.url}/mcp`, token, 'sly__look', {});
  const home = /"text":"([^"]+)"/.exec(called.answer.text)?.[1] ?? '';
  assert.ok(home.startsWith(tmpdir()) && !home.startsWith(data), home);
  first.program.kill('SIGKILL');
  await first.program.ended;
  const left = alive();
  assert.ok(left.length >= 2, 'the kernel ends none of them');
  writeFileSync(join(home, 'left'), '');

  const second = await serving(t, data);
  assert.deepEqual(left.filter(isAlive), [], 'before anything is served');
  assert.throws(() => readdirSync(home), /ENOENT/);
  assert.equal((await callTool(`${second.url}/mcp`, token, 'sly__look', {})).effect, 'allow');
  assert.equal(await second.stop(), 0);
  assert.deepEqual(alive(), [], 'after SIGTERM');
});

/** Neither gone nor a zombie. */
function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false; // no such process
  }
}
