import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MandateError } from '../core/errors.ts';
import { spendPermit, type PermitGrant } from '../core/permit.ts';
import type { Server } from '../core/server.ts';
import type { ToolDefinition } from '../core/tool.ts';
import type { Upstream } from '../ports/upstream.ts';
import { openControlFixture, type ControlFixture } from './control.fixture.ts';
import { openTask } from './open-task.ts';
import { refreshServer } from './refresh-server.ts';
import { registerServer } from './register-server.ts';
import { removeServer } from './remove-server.ts';
import { revoke } from './revoke.ts';

const wish = {
  id: 'notes',
  transport: {
    type: 'stdio',
    command: 'notes-server',
    args: ['--dir', '/notes'],
    env: { NOTES_KEY: 'hunter2hunter2' },
  },
  environment: 'dev',
  trust: 'trusted',
  regulated: false,
  isolation: 'task',
} as const;
const TOOLS: readonly ToolDefinition[] = [
  { name: 'read_note', inputSchema: { type: 'object' } },
  { name: 'send_note', inputSchema: { type: 'object' } },
];

/** An upstream that spends the permit, as a real one does when it starts the command. */
function fakeUpstream(
  control: ControlFixture,
  offers: () => readonly ToolDefinition[] | Promise<readonly ToolDefinition[]> = () => TOOLS,
) {
  const spawned: { readonly grant: PermitGrant; readonly server: Server; readonly recorded: boolean }[] = [];
  const upstream: Pick<Upstream, 'listTools'> = {
    listTools: async (permit, server) => {
      const grant = spendPermit(permit);
      spawned.push({ grant, server, recorded: (await control.evidence.get(grant.under)) !== undefined });
      return offers();
    },
  };
  return { spawned, deps: { ...control, upstream } };
}

test('a server is looked at under a durable record, and registered with what it offers', async () => {
  const control = await openControlFixture();
  const { spawned, deps } = fakeUpstream(control);
  const { server, tools, summary } = await registerServer(deps, { caller: await control.human('ann'), ...wish });
  assert.deepEqual(
    [server.state, tools.map((tool) => [tool.name, tool.state])],
    [
      'registered',
      [
        ['read_note', 'pinned'],
        ['send_note', 'pinned'],
      ],
    ],
  );
  assert.deepEqual(summary.pinned, ['read_note', 'send_note']);
  assert.equal(spawned.length, 1);
  assert.equal(spawned[0]?.recorded, true);
  assert.deepEqual(
    [spawned[0]?.grant.task, spawned[0]?.grant.agent, spawned[0]?.grant.action.method],
    [null, null, 'tools/list'],
  );
  const records = (await control.records()).slice(-3).map((record) => [record.kind, record.effect]);
  assert.deepEqual(records, [
    ['change', 'server_asked'],
    ['outcome', 'completed'],
    ['change', 'server_registered'],
  ]);
  assert.ok(
    !JSON.stringify(await control.records()).includes('hunter2hunter2'),
    'values of variables are not recorded',
  );
});

test('TH-36 whoever is no admin is refused before anything is started', async () => {
  const control = await openControlFixture();
  await control.addHuman('mia', ['security', 'approver', 'member']);
  await control.addHuman('aud', ['auditor']);
  const { task, token } = await openTask(control, {
    caller: control.operator,
    agent: 'worker',
    purpose: 'x',
    scope: { tools: ['files/*'] },
    budget: {},
    expires_in_s: 60,
  });
  const { spawned, deps } = fakeUpstream(control);
  const records = (await control.records()).length;
  for (const caller of [
    await control.human('bob'),
    await control.human('cleo'),
    await control.human('mia'),
    await control.human('aud'),
    { kind: 'agent', agent: task.agent, task: task.id, credential: token.id } as const,
  ]) {
    await assert.rejects(registerServer(deps, { caller, ...wish }), { code: 'auth.forbidden' });
  }
  assert.deepEqual(spawned, []);
  assert.equal((await control.records()).length, records);
  for (const [n, caller] of [control.operator, await control.human('ann')].entries()) {
    assert.equal((await registerServer(deps, { caller, ...wish, id: `notes-${n}` })).server.state, 'registered');
  }
});

test('what is wrong is named before anything is started', async () => {
  const control = await openControlFixture();
  const { spawned, deps } = fakeUpstream(control);
  const http = (url: string) => ({ transport: { type: 'http', url } }) as const;
  const stdio = (more: object) => ({ transport: { ...wish.transport, ...more } });
  for (const [wrong, code, at] of [
    [{ id: 'a__b' }, 'input.invalid', '/id'],
    [{ id: 'files' }, 'conflict.exists', '/id'],
    [{ environment: 'moon' }, 'input.invalid', '/environment'],
    [{ trust: 'maybe' as 'trusted' }, 'input.invalid', '/trust'],
    [{ isolation: 'none' as 'task' }, 'input.invalid', '/isolation'], // a body that lies about its type
    [stdio({ command: ' ' }), 'input.invalid', '/transport/command'],
    [stdio({ command: 'a\0b' }), 'input.invalid', '/transport/command'],
    [stdio({ args: ['a\0'] }), 'input.invalid', '/transport/args'],
    [stdio({ env: { 'A=B': 'x' } }), 'input.invalid', '/transport/env'],
    [http('notes'), 'input.invalid', '/transport/url'],
    [http('file:///etc/passwd'), 'input.invalid', '/transport/url'],
    [http('https://user:pass@example.com/'), 'input.invalid', '/transport/url'],
    [http('https://example.com/#x'), 'input.invalid', '/transport/url'],
  ] as const) {
    await assert.rejects(
      registerServer(deps, { caller: control.operator, ...wish, ...wrong }),
      { code, at },
      JSON.stringify(wrong),
    );
  }
  assert.deepEqual(spawned, []);
});

test('a server that cannot be looked at is not registered, and the record says how it ended', async () => {
  for (const [fault, status] of [
    [new MandateError('server.command', 'No such command.'), 'not_sent'],
    [new MandateError('upstream.timeout'), 'failed'],
    [new Error('planted'), 'failed'],
  ] as const) {
    const control = await openControlFixture();
    const { deps } = fakeUpstream(control, () => Promise.reject(fault));
    await assert.rejects(registerServer(deps, { caller: control.operator, ...wish }), fault);
    assert.equal(control.snapshot.server('notes'), undefined);
    assert.deepEqual(
      (await control.records()).slice(-2).map((record) => record.effect),
      ['server_asked', status],
    );
    assert.equal(
      (await registerServer(fakeUpstream(control).deps, { caller: control.operator, ...wish })).server.id,
      'notes',
      'it may be tried again',
    );
  }
});

test('a server whose tools cannot be registered is not registered', async () => {
  const control = await openControlFixture();
  const { deps } = fakeUpstream(control, () => [{ name: 'x', description: '\ud800', inputSchema: {} }]);
  await assert.rejects(registerServer(deps, { caller: control.operator, ...wish }), { code: 'server.definition' });
  assert.equal(control.snapshot.server('notes'), undefined);
});

test('when evidence cannot be written nothing is started', async () => {
  const control = await openControlFixture();
  const { spawned, deps } = fakeUpstream(control);
  const evidence = { ...control.evidence, append: () => Promise.reject(new MandateError('evidence.unavailable')) };
  await assert.rejects(registerServer({ ...deps, evidence }, { caller: control.operator, ...wish }), {
    code: 'evidence.unavailable',
  });
  assert.deepEqual(spawned, []);
});

test('one server is looked at once at a time, and a slow one delays no revocation', async () => {
  const control = await openControlFixture();
  const { promise, resolve } = Promise.withResolvers<readonly ToolDefinition[]>();
  const { deps } = fakeUpstream(control, () => promise);
  const slow = registerServer(deps, { caller: control.operator, ...wish });
  await assert.rejects(registerServer(deps, { caller: control.operator, ...wish }), { code: 'conflict.state' });
  await revoke(control, { caller: control.operator, kind: 'agent', id: 'worker', reason: 'meanwhile' });
  assert.equal(control.snapshot.agent('worker')?.lifecycle, 'suspended');
  resolve(TOOLS);
  assert.equal((await slow).server.id, 'notes');
});

test('an admin who is stopped while the server is looked at registers nothing', async () => {
  const control = await openControlFixture();
  const { promise, resolve } = Promise.withResolvers<readonly ToolDefinition[]>();
  const slow = registerServer(fakeUpstream(control, () => promise).deps, {
    caller: await control.human('ann'),
    ...wish,
  });
  await revoke(control, { caller: control.operator, kind: 'human', id: 'ann', reason: 'meanwhile' });
  resolve(TOOLS);
  await assert.rejects(slow, { code: 'auth.invalid' });
  assert.equal(control.snapshot.server('notes'), undefined);
});

test('a refresh records what changed, under a record of its own', async () => {
  const control = await openControlFixture();
  await registerServer(fakeUpstream(control).deps, { caller: control.operator, ...wish });
  const { deps, spawned } = fakeUpstream(control, () => [
    { name: 'read_note', description: 'New.', inputSchema: { type: 'object' } },
  ]);
  const summary = await refreshServer(deps, { caller: await control.human('bob'), server: 'notes' });
  assert.deepEqual([summary.changed, summary.gone], [['read_note'], ['send_note']]);
  assert.equal(spawned[0]?.recorded, true);
  await assert.rejects(refreshServer(deps, { caller: await control.human('cleo'), server: 'notes' }), {
    code: 'auth.forbidden',
  });
  await assert.rejects(refreshServer(deps, { caller: control.operator, server: 'moon' }), { code: 'not_found' });
});

test('a removed server is reached no more, and its id is not reused', async () => {
  const control = await openControlFixture();
  const { deps } = fakeUpstream(control);
  await assert.rejects(removeServer(control, { caller: await control.human('cleo'), server: 'files', reason: 'x' }), {
    code: 'auth.forbidden',
  });
  const { server } = await removeServer(control, { caller: control.operator, server: 'files', reason: 'Not needed.' });
  assert.equal(server.state, 'removed');
  assert.deepEqual(control.announced.at(-1)?.ended.servers, ['files']);
  await assert.rejects(registerServer(deps, { caller: control.operator, ...wish, id: 'files' }), {
    code: 'conflict.exists',
  });
  await assert.rejects(refreshServer(deps, { caller: control.operator, server: 'files' }), { code: 'not_found' });
  await assert.rejects(
    openTask(control, {
      caller: control.operator,
      agent: 'worker',
      purpose: 'x',
      scope: { tools: ['files/*'] },
      budget: {},
      expires_in_s: 60,
    }),
    { code: 'task.scope' },
  );
});
