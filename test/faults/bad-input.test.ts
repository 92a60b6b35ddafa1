import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { ask, done, type Answer } from '../e2e/api.fixture.ts';
import { PEOPLE } from '../e2e/organisation.fixture.ts';
import { folder, runProgram } from '../e2e/program.fixture.ts';
import { openRecordedOrganisation, type RecordedOrganisation } from '../e2e/recorded-organisation.fixture.ts';

/** So that a server that hangs is given up soon. */
const CONFIG = 'upstream:\n  timeout_s: 2\n';
const REGISTER_MS_MAX = 15_000;

const AGENT = {
  id: 'novice',
  name: 'Novice',
  purpose: 'Learns.',
  owners: PEOPLE,
  environment: 'development',
  tools: ['rec/look'],
  autonomy: 'supervised',
};
const TASK_ID = 'tsk_01m80dh7pqe9bbte7a3gqtgqm6';
const TASK = {
  agent: 'worker',
  purpose: 'Look.',
  scope: { tools: ['rec/look'] },
  budget: { calls: 5 },
  expires_in_s: 60,
};

test('what cannot be is refused in one sentence with a code, and changes nothing', async (t) => {
  const data = join(folder(t), 'data');
  mkdirSync(data, { mode: 0o700 });
  writeFileSync(join(data, 'mandate.yaml'), CONFIG);
  const org = await openRecordedOrganisation(t, { data, agents: ['worker', 'stopped'] });
  const post = (path: string, body: unknown): Promise<Answer> => org.request('POST', path, org.operator, body);
  const before = await everything(org);

  await t.test('unknown fields and wrong types', async () => {
    const bodies: readonly (readonly [path: string, body: unknown, at: RegExp])[] = [
      ['/v1/humans', { id: 'olga', roles: ['member'], role: 'admin' }, /role/],
      ['/v1/humans', { id: 'olga', roles: 'admin' }, /roles/],
      ['/v1/humans', { id: 'Olga!', roles: ['member'] }, /id/],
      ['/v1/humans', { id: 'olga', roles: ['king'] }, /roles/],
      ['/v1/agents', { ...AGENT, lifecycle: 'active' }, /lifecycle/],
      ['/v1/agents', { ...AGENT, owners: { ...PEOPLE, fourth: 'ines' } }, /fourth/],
      ['/v1/agents', { ...AGENT, tools: 'rec/look' }, /tools/],
      ['/v1/agents', { ...AGENT, id: 7 }, /id/],
      ['/v1/agents', { ...AGENT, environment: 'the-moon' }, /environment/],
      ['/v1/agents', { ...AGENT, tools: ['look'] }, /tools/],
      ['/v1/tasks', { ...TASK, trigger: { kind: 'human', id: 'ruth' } }, /trigger/],
      ['/v1/tasks', { ...TASK, purpose_source: 'human' }, /purpose_source/],
      ['/v1/tasks', { ...TASK, expires_in_s: '60' }, /expires_in_s/],
      ['/v1/tasks', { ...TASK, expires_in_s: -1 }, /expires_in_s/],
      ['/v1/tasks', { ...TASK, budget: { calls: 1.5 } }, /calls/],
      ['/v1/tasks', { ...TASK, purpose: null }, /purpose/],
      [
        '/v1/servers',
        {
          id: 'x',
          transport: { type: 'stdio', command: 'node', shell: true },
          environment: 'development',
          trust: 'trusted',
        },
        /shell/,
      ],
      [
        '/v1/servers',
        { id: 'x', transport: { type: 'carrier-pigeon' }, environment: 'development', trust: 'trusted' },
        /transport/,
      ],
      [
        '/v1/servers',
        { id: 'x', transport: { type: 'http', url: 'ftp://h/' }, environment: 'development', trust: 'trusted' },
        /url|URL|http/,
      ],
      ['/v1/revocations', { kind: 'planet', id: 'x', reason: 'x' }, /kind/],
      ['/v1/revocations', { kind: 'agent', id: 'worker', reason: 'x', quietly: true }, /quietly/],
      ['/v1/decide', { agent: 'worker', task: TASK_ID, server: 'rec', tool: 'look', arguments: [] }, /arguments/],
      ['/v1/agents', [], /./],
      ['/v1/agents', null, /./],
    ];
    for (const [path, body, at] of bodies) {
      const answer = await refused(await post(path, body), 400, ['input.invalid', 'input.json']);
      assert.match(`${answer.at} ${answer.detail}`, at, `${path} ${JSON.stringify(body)}`);
    }
  });

  await t.test('what is not acceptable JSON', async () => {
    const plain = await ask(`${org.url}/v1/humans`, 'POST', org.operator, '{"id":"olga","roles":["member"]}', {
      'content-type': 'text/plain',
    });
    assert.ok(plain.status === 400 || plain.status === 415, plain.text);
    const texts = [
      '',
      '{',
      '{"id":"olga","id":"ruth","roles":["admin"]}',
      '{"id":"olga",}',
      'NaN',
      '\ufeff{}',
      '{"id":"\\ud800"}',
      'a'.repeat(10),
    ];
    for (const text of texts) {
      await refused(await post('/v1/humans', text), 400, ['input.json', 'input.invalid']);
    }
    await refused(await post('/v1/humans', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])), 400, [
      'input.json',
    ]);
    await refused(await post('/v1/humans', `{"id":"${'x'.repeat(300_000)}"}`), 413, ['input.too_large']);
    await refused(await post('/v1/humans', `${'['.repeat(5_000)}${']'.repeat(5_000)}`), 400, ['input.json']);
  });

  await t.test('owners who are missing, unknown, stopped or have not accepted', async () => {
    const { business, technical } = PEOPLE;
    await refused(await post('/v1/agents', { ...AGENT, owners: { business, technical } }), 400, [
      'owners.missing',
      'input.invalid',
    ]);
    await refused(await post('/v1/agents', { ...AGENT, owners: { ...PEOPLE, escalation: 'nobody' } }), 400, [
      'owners.unknown',
    ]);
    await refused(await post('/v1/agents', { ...AGENT, owners: { ...PEOPLE, business: 'worker' } }), 400, [
      'owners.unknown',
    ]);
    await org.addHuman('olaf', ['member']);
    await done(post('/v1/humans/olaf/transitions', { to: 'suspended', reason: 'Left.' }));
    await refused(await post('/v1/agents', { ...AGENT, owners: { ...PEOPLE, business: 'olaf' } }), 409, [
      'owners.inactive',
    ]);

    await done(post('/v1/agents', AGENT));
    const move = { to: 'probationary', reason: 'Now.' };
    await refused(await post('/v1/agents/novice/transitions', move), 409, ['owners.unaccepted']);
    await done(org.request('POST', '/v1/agents/novice/accept', org.bearerOf('ines'), {}));
    await refused(await post('/v1/agents/novice/transitions', move), 409, ['owners.unaccepted']);
    await refused(await post('/v1/agents/novice/accept', {}), 403, ['auth.forbidden']);
    await refused(await org.request('POST', '/v1/agents/novice/accept', org.bearerOf('olaf'), {}), 401, [
      'auth.invalid',
    ]);
    await refused(await post('/v1/tasks', { ...TASK, agent: 'novice' }), 409, ['task.agent_state']);
  });

  await t.test('moves that the lifecycle does not have', async () => {
    for (const to of ['active', 'registered', 'discovered']) {
      await refused(await post('/v1/agents/novice/transitions', { to, reason: 'Why not.' }), 409, [
        'lifecycle.impossible',
      ]);
    }
    await refused(await post('/v1/agents/novice/transitions', { to: 'retired', reason: 'x' }), 400, ['input.invalid']);
    await refused(await post('/v1/agents/novice/transitions', { to: 'suspended' }), 400, ['input.invalid']);
    await refused(await post('/v1/agents/nobody/transitions', { to: 'suspended', reason: 'x' }), 404, ['not_found']);
    await refused(await post('/v1/workloads/novice/transitions', { to: 'suspended', reason: 'x' }), 404, ['not_found']);
    await done(post('/v1/agents/novice/transitions', { to: 'decommissioned', reason: 'Never needed.' }));
    await refused(await post('/v1/agents/novice/transitions', { to: 'registered', reason: 'Again.' }), 409, [
      'lifecycle.impossible',
    ]);
    await refused(await post('/v1/agents', AGENT), 409, ['conflict.exists']);
  });

  await t.test('tasks that nobody may hold', async () => {
    await done(post('/v1/agents/stopped/transitions', { to: 'suspended', reason: 'Stopped.' }));
    const open = (body: object): Promise<Answer> =>
      org.request('POST', '/v1/tasks', org.bearerOf('ines'), { ...TASK, ...body });
    await refused(await open({ agent: 'stopped' }), 409, ['task.agent_state']);
    await refused(await open({ agent: 'nobody' }), 404, ['not_found']);
    const wrong = await refused(await open({ scope: { tools: ['rec/look', 'rec/fly'] } }), 400, ['task.scope']);
    assert.match(wrong.detail, /\bfly\b/);
    await refused(await open({ scope: { tools: ['moon/*'] } }), 400, ['task.scope']);
    await refused(await open({ scope: { tools: [] } }), 400, ['task.scope', 'input.invalid']);
    await refused(await open({ purpose: '  ' }), 400, ['task.purpose']);
    await refused(await open({ expires_in_s: 10_000_000 }), 400, ['input.invalid']);
    await refused(await open({ parent: TASK_ID }), 404, ['not_found']);
  });

  await t.test('servers whose command is missing, that die at once, that hang or that speak nonsense', async (s) => {
    const programs: readonly (readonly [
      id: string,
      command: string,
      args: readonly string[],
      codes: readonly string[],
    ])[] = [
      ['gone', '/nowhere/at-all', [], ['server.command']],
      ['unmade', 'no-such-program-anywhere', [], ['server.command']],
      ['a-folder', '/tmp', [], ['server.command']],
      ['dead', process.execPath, ['-e', 'process.exit(3)'], UPSTREAM],
      ['crash', process.execPath, ['-e', 'throw new Error("no key")'], UPSTREAM],
      ['hangs', process.execPath, ['-e', 'process.stdin.resume(); setInterval(() => {}, 1000)'], UPSTREAM],
      ['babble', process.execPath, ['-e', 'setInterval(() => console.log("hello"), 10)'], UPSTREAM],
    ];
    for (const [id, command, args, codes] of programs) {
      const started = performance.now();
      const body = {
        id,
        transport: { type: 'stdio', command, args },
        environment: 'development',
        trust: 'untrusted',
      };
      const answer = await post('/v1/servers', body);
      const took_ms = Math.round(performance.now() - started);
      s.diagnostic(
        `${id}: ${answer.status} ${String(answer.code)} after ${took_ms} ms: ${String(answer.body['detail'])}`,
      );
      assert.ok(answer.status >= 400 && answer.status < 600 && answer.status !== 500, `${id}: ${answer.text}`);
      assert.ok(codes.includes(String(answer.code)), `${id}: ${answer.text}`);
      assert.ok(took_ms < REGISTER_MS_MAX, `${id} took ${took_ms} ms`);
      assert.match(String(answer.body['detail']), /^[^\n]+$/, id);
      assert.equal((await org.request('GET', `/v1/servers/${id}`, org.operator)).status, 404, `${id} was registered`);
    }
    assert.deepEqual(
      childrenOf(org.pid).filter((line) => /process\.exit|no key|setInterval/.test(line)),
      [],
    );
    const url = { type: 'http', url: 'http://127.0.0.1:1/mcp' };
    const unreached = await post('/v1/servers', {
      id: 'far',
      transport: url,
      environment: 'development',
      trust: 'untrusted',
    });
    await refused(unreached, 502, ['upstream.unreachable']);
  });

  await t.test('the command line says the same, on stderr, with its exit status', async (s) => {
    const cases: readonly (readonly [args: readonly string[], status: number, code: string])[] = [
      [['agent', 'transition', 'worker', '--to', 'discovered', '--reason', 'x'], 1, 'lifecycle.impossible'],
      [['task', 'open', '--agent', 'stopped', '--purpose', 'x', '--tool', 'rec/look'], 1, 'task.agent_state'],
      [['task', 'open', '--agent', 'worker', '--purpose', 'x', '--tool', 'rec/fly'], 1, 'task.scope'],
      [['server', 'add', 'gone', '--environment', 'development', '--', '/nowhere/at-all'], 1, 'server.command'],
      [['agent', 'show', 'nobody'], 1, 'not_found'],
      [
        ['task', 'open', '--agent', 'worker', '--purpose', 'x', '--tool', 'rec/look', '--calls', 'many'],
        2,
        'input.invalid',
      ],
    ];
    for (const [args, status, code] of cases) await refusedCommand(s, org, args, status, code);
  });

  await t.test('all that was there is there, and works', async () => {
    const after = await everything(org);
    for (const [noun, ids] of Object.entries(before)) {
      assert.deepEqual(
        ids.filter((id) => !after[noun]?.includes(id)),
        [],
        noun,
      );
    }
    const { token } = await org.taskOf('worker');
    assert.equal((await org.call(token, 'look', {})).effect, 'allow');
    const verified = await runProgram(t, ['audit', 'verify', '--data', org.data]);
    assert.equal(verified.status, 0, verified.stdout);
  });
});

const UPSTREAM = ['upstream.unreachable', 'upstream.ended', 'upstream.timeout', 'upstream.protocol', 'server.command'];

interface Problem {
  readonly detail: string;
  readonly at: string;
}

/** One sentence, a status and a code. */
async function refused(answer: Answer, status: number, codes: readonly string[]): Promise<Problem> {
  assert.equal(answer.status, status, answer.text);
  assert.equal(answer.headers['content-type'], 'application/problem+json', answer.text);
  assert.ok(codes.includes(String(answer.code)), answer.text);
  const { detail = '', at = '' } = answer.body as Partial<Problem>; // RFC 9457
  assert.match(detail, SENTENCE);
  return { detail, at };
}

const SENTENCE = /^[^\n]{3,400}[.?]$/;

async function refusedCommand(
  t: TestContext,
  org: RecordedOrganisation,
  args: readonly string[],
  status: number,
  code: string,
): Promise<void> {
  const env = { MANDATE_URL: org.url, MANDATE_TOKEN: org.operator };
  const ran = await runProgram(t, args, { env });
  assert.equal(ran.status, status, `${args.join(' ')}: ${ran.stderr}`);
  assert.equal(ran.stdout, '', args.join(' '));
  assert.match(
    ran.stderr,
    new RegExp(`^(?:[^\\n]+ \\.\\.\\.\\n)?mandate: [^\\n]+ \\(${code.replace('.', '\\.')}\\)\\n$`),
    args.join(' '),
  );
}

/** The ids of each noun. */
async function everything(org: RecordedOrganisation): Promise<Readonly<Record<string, readonly string[]>>> {
  const nouns = ['humans', 'servers', 'agents', 'workloads', 'tasks', 'approvals'].map(async (noun) => {
    const path = `/v1/${noun}?limit=500`;
    const { items } = await done<{ items: readonly { id: string }[] }>(org.request('GET', path, org.operator));
    return [noun, items.map(({ id }) => id)] as const;
  });
  return Object.fromEntries(await Promise.all(nouns));
}

/** The command lines of the processes that this one started, where the kernel tells. */
function childrenOf(pid: number): readonly string[] {
  try {
    const tasks = readdirSync(`/proc/${pid}/task`);
    const children = tasks.flatMap((task) => readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').split(' '));
    return children.filter((child) => child !== '').map((child) => readFileSync(`/proc/${child}/cmdline`, 'utf8'));
  } catch {
    return []; // no /proc, or the child has ended between the two reads
  }
}
