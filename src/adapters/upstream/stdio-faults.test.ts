/** What server processes do to us, and what must never be left of them. */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { isMandateError, type ErrorCode } from '../../core/errors.ts';
import { actorId, serverId } from '../../core/ids.ts';
import type { Server, Transport } from '../../core/server.ts';
import { nthId } from '../../ports/sample-records.suite.ts';
import { call, eventually, listPermit, permitFor, quiet, rejects, send, textOf } from '../../ports/upstream.suite.ts';
import type { Upstream } from '../../ports/upstream.ts';
import type { UpstreamLimits } from './limits.ts';
import { openStdioUpstream } from './open.ts';
import { isAlive, sampleServer, TEST_INSTALLATION, testClock, testHasher } from './sample-deps.suite.ts';

interface Rig {
  readonly upstream: Upstream;
  readonly server: Server;
  readonly folder: string;
}

const LIMITS: Partial<UpstreamLimits> = {
  spares_per_server: 0,
  call_ms_max: 3_000,
  answer_bytes_max: 100_000,
  stop_grace_ms: 100,
  breaker_failures_max: 1_000,
};

async function openRig(
  t: TestContext,
  transport: Partial<Extract<Transport, { type: 'stdio' }>>,
  limits: Partial<UpstreamLimits> = {},
  more: Partial<Server> = {},
): Promise<Rig> {
  const folder = await mkdtemp(join(tmpdir(), 'mandate-test-'));
  const upstream = openStdioUpstream({
    hasher: testHasher,
    clock: testClock,
    version: '0.0.0',
    scratch_dir: folder,
    installation: TEST_INSTALLATION,
    inherited: { PATH: process.env['PATH'] ?? '', LANG: 'C.UTF-8' },
    limits: { ...LIMITS, ...limits },
  });
  t.after(async () => {
    await upstream.close();
    assert.equal(upstream.stats().children, 0);
    assert.deepEqual(readdirSync(folder), [], 'no private directory is left');
    await rm(folder, { recursive: true });
  });
  const server = sampleServer({ type: 'stdio', command: process.execPath, args: [], env: {}, ...transport }, more);
  return { upstream, server, folder };
}

/** A program: `prelude`, then a loop in which `onCall` answers each tools/call; `say(text)` writes a line. */
function program(onCall: string, prelude = ''): { readonly args: readonly string[] } {
  return {
    args: [
      '-e',
      `const say = (text) => process.stdout.write(text + '\\n');
       const ok = (id, text) => say(JSON.stringify({ jsonrpc: '2.0', id, result: { content: [{ type: 'text', text: String(text) }] } }));
       ${prelude}
       let heard = '';
       process.stdin.on('data', (bytes) => {
         heard += bytes;
         const lines = heard.split('\\n');
         heard = lines.pop();
         for (const line of lines) {
           const { id, method, params } = JSON.parse(line);
           if (method === 'initialize') say(JSON.stringify({ jsonrpc: '2.0', id, result: { protocolVersion: '2025-06-18', capabilities: {}, serverInfo: { name: 'x', version: '1' } } }));
           else if (method === 'server/discover') say(JSON.stringify({ jsonrpc: '2.0', id, error: { code: -32601, message: 'no' } }));
           else if (method === 'tools/call') { ${onCall} }
         }
       });`,
    ],
  };
}

const MODES: readonly (readonly [string, ErrorCode, string])[] = [
  ['dies during the call', 'upstream.unreachable', 'process.exit(3)'],
  ['is killed during the call', 'upstream.unreachable', "process.kill(process.pid, 'SIGKILL')"],
  ['closes its output and lives on', 'upstream.unreachable', 'process.stdout.end(); setInterval(() => {}, 1000)'],
  ['prints what is no JSON', 'upstream.protocol', "say('Server ready!'); ok(id, 'late')"],
  ['prints half a message', 'upstream.protocol', `say('{"jsonrpc":"2.0","id":' + id)`],
  ['answers a request it was not asked', 'upstream.protocol', "ok(4711, 'x'); ok(id, 'late')"],
  ['answers twice', 'upstream.protocol', "ok(id + 1000, 'x')"],
  ['answers with a batch', 'upstream.protocol', `say('[{"jsonrpc":"2.0","id":' + id + ',"result":{}}]')`],
  ['answers a key twice', 'upstream.protocol', `say('{"jsonrpc":"2.0","id":' + id + ',"result":{"a":1,"a":2}}')`],
  [
    'writes a line without end',
    'upstream.too_large',
    "const more = () => { while (process.stdout.write('x'.repeat(10000))); process.stdout.once('drain', more); }; more()",
  ],
  [
    'writes notifications without end',
    'upstream.too_large',
    `const more = () => { while (process.stdout.write('{"jsonrpc":"2.0","method":"notifications/message","params":{}}\\n'.repeat(100))); process.stdout.once('drain', more); }; more()`,
  ],
  [
    'asks without end',
    'upstream.protocol',
    `const more = () => { while (process.stdout.write('{"jsonrpc":"2.0","id":"q","method":"roots/list"}\\n'.repeat(100))); process.stdout.once('drain', more); }; more()`,
  ],
  [
    'nests without end',
    'upstream.protocol',
    `say('{"jsonrpc":"2.0","id":' + id + ',"result":{"a":' + '['.repeat(9000) + ']'.repeat(9000) + '}}')`,
  ],
  ['stops', 'upstream.timeout', "process.kill(process.pid, 'SIGSTOP')"],
];

describe('TH-52: a server process that', () => {
  for (const [mode, code, onCall] of MODES) {
    test(`${mode} fails the call with ${code}, its effect unknown, and nothing of it is left`, async (t) => {
      const rig = await openRig(t, program(onCall), { chatter_bytes_max: 100_000, call_ms_max: 1_500 });
      await rejects(send(rig, call('any', {})), code, true);
      if (code !== 'upstream.timeout') await eventually(() => rig.upstream.stats().children === 0);
      assert.equal(rig.upstream.stats().in_flight, 0);
    });
  }

  test('dies is started again for the next call, and not for the one it met', async (t) => {
    const rig = await openRig(t, program("if (params.name === 'die') process.exit(1); ok(id, process.pid)"));
    const first = textOf(await send(rig, call('any', {})));
    await rejects(send(rig, call('die', {})), 'upstream.unreachable', true);
    const second = textOf(await send(rig, call('any', {})));
    assert.notEqual(first, second);
  });

  test('keeps dying is left alone for a while', async (t) => {
    const rig = await openRig(t, program('process.exit(1)'), { breaker_failures_max: 2 });
    for (let n = 0; n < 2; n += 1) await rejects(send(rig, call('any', {})), 'upstream.unreachable', true);
    await rejects(send(rig, call('any', {})), 'upstream.unreachable', false);
  });

  test('does not read is not sent more than the limit', async (t) => {
    const rig = await openRig(
      t,
      program("process.stdin.pause(); process.stdin.removeAllListeners('data'); setInterval(() => {}, 1000)"),
      {
        call_ms_max: 2_000,
      },
    );
    const calls = Array.from({ length: 12 }, () => send(rig, call('any', { text: 'x'.repeat(60_000) })));
    const codes = await Promise.all(
      calls.map((sent) =>
        sent.then(
          () => 'answered',
          (error: unknown) => (isMandateError(error) ? error.code : error),
        ),
      ),
    );
    assert.deepEqual([...new Set(codes)].sort(), ['limit.reached', 'upstream.timeout']);
  });

  test('writes to standard error without end is drained', async (t) => {
    const rig = await openRig(t, program("ok(id, 'fine')", "process.stderr.write('x'.repeat(5_000_000))"));
    assert.equal(textOf(await send(rig, call('any', {}))), 'fine');
  });
});

const STARTS: readonly (readonly [string, ErrorCode, RegExp, Parameters<typeof openRig>[1]])[] = [
  ['is not there', 'server.command', /not found/, { command: '/no/such/program' }],
  ['is not on the PATH', 'server.command', /not found/, { command: 'mandate-no-such-program' }],
  ['is a directory', 'server.command', /not an executable/, { command: '/tmp' }],
  ['holds a NUL', 'server.command', /cannot be started/, { command: 'a\0b' }],
  ['exits at once', 'server.command', /exited with status 3/, { args: ['-e', 'process.exit(3)'] }],
  ['prints something else', 'server.command', /exited|closed/, { command: 'echo', args: [] }],
  [
    'complains and exits',
    'server.command',
    /It said: token \[redacted\]$/,
    {
      args: ['-e', "process.stderr.write('token ghp_0123456789012345678901234567890123456789'); process.exitCode = 1"],
    },
  ],
  [
    'complains in several lines',
    'server.command',
    /It said: first \/ second \/ third$/,
    { args: ['-e', "process.stderr.write('first\\n\\n  second\\r\\nthird\\n'); process.exitCode = 1"] },
  ],
  [
    'complains with what it was given',
    'server.command',
    /It said: no \[redacted\]$/,
    { args: ['-e', "process.stderr.write('no ' + process.env.KEY); process.exitCode = 1"], env: { KEY: 'hunter2!' } },
  ],
  [
    'speaks no known revision',
    'upstream.protocol',
    /no revision/,
    {
      args: [
        '-e',
        `process.stdin.on('data', () => console.log('{"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":""}}\\n{"jsonrpc":"2.0","id":2,"result":{"protocolVersion":"1999-01-01"}}'))`,
      ],
    },
  ],
  ['never answers', 'upstream.timeout', /did not answer/, { args: ['-e', 'setInterval(() => {}, 1000)'] }],
];

describe('a server command that', () => {
  for (const [what, code, sentence, transport] of STARTS) {
    test(`${what} fails with ${code} and one clear sentence, and was not run`, async (t) => {
      const rig = await openRig(t, transport, { start_ms_max: 1_500, probe_ms_max: 300 });
      const failed = rig.upstream.listTools(listPermit(rig), rig.server);
      await assert.rejects(failed, (error: Error & { code: string; may_have_run: boolean }) => {
        assert.deepEqual([error.code, error.may_have_run], [code, false], error.message);
        if (what !== 'speaks no known revision') assert.match(error.message, sentence);
        assert.doesNotMatch(error.message, /ghp_/);
        return true;
      });
      assert.deepEqual(rig.upstream.stats(), { contexts: 0, children: 0, in_flight: 0 });
    });
  }
});

describe('a server process', () => {
  test('TH-36: sees nothing of our environment, and starts in a private directory of its own', async (t) => {
    process.env['MANDATE_TEST_CANARY'] = 'secret';
    t.after(() => delete process.env['MANDATE_TEST_CANARY']);
    const rig = await openRig(t, {
      ...program('ok(id, JSON.stringify([process.env, process.cwd(), process.getuid()]))'),
      env: { TOKEN: 'its own', LANG: 'de', MANDATE_CHILD: 'none' },
    });
    const seen = textOf(await send(rig, call('any', {})));
    const [env, cwd] = JSON.parse(seen) as [Record<string, string>, string]; // written by the program above
    assert.deepEqual(Object.keys(env).sort(), ['HOME', 'LANG', 'MANDATE_CHILD', 'PATH', 'TMPDIR', 'TOKEN']);
    assert.deepEqual([env['TOKEN'], env['LANG'], env['HOME'], env['TMPDIR']], ['its own', 'de', cwd, cwd]);
    assert.ok(cwd.startsWith(rig.folder));
    assert.match(env['MANDATE_CHILD'] ?? '', new RegExp(`^${TEST_INSTALLATION}:[0-9a-f]{32}$`), 'not its own');
  });

  test('TH-36: is started with its arguments as they are, by no shell', async (t) => {
    const { args } = program('ok(id, process.argv.slice(1).join("|"))');
    const rig = await openRig(t, { args: [...args, '--', '$(id)', '; touch x', '`id`'] });
    assert.equal(textOf(await send(rig, call('any', {}))), '$(id)|; touch x|`id`');
  });

  test('is gone with all that it started, even when it ignores being asked', async (t) => {
    const prelude = `process.on('SIGTERM', () => {});
      const child = require('child_process').spawn(process.execPath, ['-e', "process.on('SIGTERM', () => {}); setInterval(() => {}, 1000)"], { stdio: 'ignore' });`;
    const rig = await openRig(t, program('ok(id, process.pid + " " + child.pid)', prelude));
    const pids = textOf(await send(rig, call('any', {})))
      .split(' ')
      .map(Number);
    assert.ok(pids.every(isAlive));
    await rig.upstream.endTask(nthId('tsk', 1));
    assert.equal(rig.upstream.stats().children, 0);
    await eventually(() => !pids.some(isAlive));
  });

  test('TH-52: is gone with what left its process group, however deep, and nothing of another task is', async (t) => {
    if (process.platform !== 'linux') return t.skip('there is no /proc to find them by');
    const leaf = `process.on('SIGTERM', () => {}); setInterval(() => {}, 1000)`;
    const stem = `const { spawn } = require('child_process');
      const leaf = spawn(process.execPath, ['-e', ${JSON.stringify(leaf)}], { detached: true, stdio: 'ignore' });
      process.stdout.write(String(leaf.pid), () => process.exit());`;
    // The one in between is gone: nothing leads from the server to the leaf but what it inherited.
    const prelude = `const stem = require('child_process').spawn(process.execPath, ['-e', ${JSON.stringify(stem)}], { detached: true });
      const leaf = new Promise((resolve) => stem.stdout.once('data', (pid) => stem.once('exit', () => resolve(String(pid)))));`;
    const rig = await openRig(t, program('leaf.then((pid) => ok(id, pid))', prelude));
    const one = Number(textOf(await send(rig, call('any', {}))));
    const other = Number(textOf(await send(rig, call('any', {}), { task: nthId('tsk', 2) })));
    assert.ok(isAlive(one) && isAlive(other));
    await rig.upstream.endTask(nthId('tsk', 1));
    assert.deepEqual([isAlive(one), isAlive(other)], [false, true]);
    await rig.upstream.close();
    assert.equal(isAlive(other), false);
  });

  test('of a task is shared with no other, and their number is limited', async (t) => {
    const rig = await openRig(t, program('ok(id, process.pid)'), { children_per_server_max: 2 });
    const pids = new Set<string>();
    for (const n of [1, 2]) pids.add(textOf(await send(rig, call('any', {}), { task: nthId('tsk', n) })));
    assert.equal(pids.size, 2);
    await rejects(send(rig, call('any', {}), { task: nthId('tsk', 3) }), 'limit.reached', false);
    await rig.upstream.endTask(nthId('tsk', 1));
    assert.ok(!pids.has(textOf(await send(rig, call('any', {}), { task: nthId('tsk', 3) }))));
  });

  test('with isolation by agent serves the tasks of one agent, and lives as long as one of them', async (t) => {
    const rig = await openRig(
      t,
      program("if (params.name === 'hang') continue; ok(id, process.pid)"),
      {},
      { isolation: 'agent' },
    );
    const [one, two, three] = [nthId('tsk', 1), nthId('tsk', 2), nthId('tsk', 3)];
    const first = textOf(await send(rig, call('any', {}), { task: one }));
    assert.equal(textOf(await send(rig, call('any', {}), { task: two })), first);
    assert.notEqual(textOf(await send(rig, call('any', {}), { task: three, agent: actorId('other') })), first);
    const hanging = send(rig, call('hang', {}), { task: one });
    void hanging.catch(() => undefined); // looked at below
    await eventually(() => rig.upstream.stats().in_flight === 1);
    await new Promise((resolve) => setImmediate(resolve));
    await rig.upstream.endTask(one);
    await rejects(hanging, 'upstream.ended');
    assert.equal(textOf(await send(rig, call('any', {}), { task: two })), first);
    await rig.upstream.endTask(two);
    assert.equal(rig.upstream.stats().children, 1);
  });

  test('that was kept ready serves the next task, and no task twice', async (t) => {
    const rig = await openRig(t, program('ok(id, process.pid)'), { spares_per_server: 1 });
    const pids: string[] = [];
    for (const n of [1, 2, 3]) {
      pids.push(textOf(await send(rig, call('any', {}), { task: nthId('tsk', n) })));
      await eventually(() => rig.upstream.stats().children === n + 1);
    }
    assert.equal(new Set(pids).size, 3);
    await rig.upstream.endServer(serverId('sample'));
    assert.equal(rig.upstream.stats().children, 0);
  });

  test('that is a spare gives way to one that is needed, and ends when nobody comes for it', async (t) => {
    const rig = await openRig(t, program('ok(id, process.pid)'), {
      spares_per_server: 1,
      children_max: 2,
      context_idle_ms_max: 300,
    });
    await send(rig, call('any', {}));
    await eventually(() => rig.upstream.stats().children === 2);
    const other = { ...rig.server, id: serverId('other') };
    await send({ ...rig, server: other }, { ...call('any', {}), server: other.id });
    assert.equal(rig.upstream.stats().children, 2);
    await eventually(() => rig.upstream.stats().children === 0);
  });

  test('whose task ends while it starts is gone too', async (t) => {
    const rig = await openRig(t, { args: ['-e', 'setInterval(() => {}, 1000)'] });
    const sent = send(rig, call('any', {}));
    void sent.catch(() => undefined); // looked at below
    await eventually(() => rig.upstream.stats().children === 1);
    await rig.upstream.endTask(nthId('tsk', 1));
    await rejects(sent, 'upstream.ended', false);
    assert.equal(rig.upstream.stats().children, 0);
  });

  test('that nobody called for long is ended, and the next call starts another', async (t) => {
    const rig = await openRig(t, program('ok(id, process.pid)'), { context_idle_ms_max: 20 });
    const first = textOf(await send(rig, call('any', {})));
    await eventually(() => rig.upstream.stats().children === 0);
    assert.notEqual(textOf(await send(rig, call('any', {}))), first);
  });

  test('that does not survive the question for its era is asked the old way, once and for all', async (t) => {
    const rig = await openRig(
      t,
      program(
        'ok(id, process.argv[1])',
        "const { once } = require('events'); process.stdin.on('data', (bytes) => { if (String(bytes).includes('server/discover')) process.exit(1); });",
      ),
    );
    assert.ok(textOf(await send(rig, call('any', {}))));
    const before = performance.now();
    await send(rig, call('any', {}), { task: nthId('tsk', 2) });
    assert.ok(performance.now() - before < 3_000);
  });

  test('that answers late to a call nobody waits for is not taken for a liar', async (t) => {
    const rig = await openRig(
      t,
      program(
        "if (params.name === 'slow') setTimeout(() => ok(id, 'late'), 50); else setTimeout(() => ok(id, 'fine'), 100)",
      ),
    );
    await send(rig, call('any', {}));
    const leaving = new AbortController();
    const slow = rig.upstream.send(permitFor(rig, call('slow', {})), rig.server, {
      ...quiet(),
      signal: leaving.signal,
    });
    const other = send(rig, call('any', {}));
    setImmediate(() => leaving.abort());
    await rejects(slow, 'upstream.ended', true);
    assert.equal(textOf(await other), 'fine');
  });
});
