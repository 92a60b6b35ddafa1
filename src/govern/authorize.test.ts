import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MandateError } from '../core/errors.ts';
import { plusMs } from '../core/instant.ts';
import { spendPermit } from '../core/permit.ts';
import type { Agent } from '../core/actor.ts';
import { answerApproval } from './answer-approval.ts';
import { authorize, type Authorized } from './authorize.ts';
import { TRUSTED_READ_DEFINITION_AGE_MS } from './definition-age.ts';
import { openAuthorizeFixture, type AuthorizeFixture } from './authorize.fixture.ts';
import { FILES, pin, DEFINITIONS, toolPattern } from './control.fixture.ts';

const codes = (result: Authorized): readonly string[] => result.decision.reasons.map((reason) => reason.code);

async function approve(fixture: AuthorizeFixture, result: Authorized, by = 'cleo'): Promise<void> {
  assert.equal(result.effect, 'hold');
  if (result.effect !== 'hold') return;
  const { id, digest } = result.approval;
  await answerApproval(fixture.control, {
    caller: await fixture.control.human(by),
    approval: id,
    digest,
    verdict: 'approve',
    reason: 'looked at it',
  });
}

test('a read within the task is allowed, recorded before the permit, and the permit is for exactly this action', async () => {
  const { deps, request, control } = await openAuthorizeFixture();
  const asked = request('read_file', { path: '/a' });
  const result = await authorize(deps, asked);
  assert.equal(result.effect, 'allow');
  if (result.effect !== 'allow') return;
  const [record] = (await control.records()).filter((row) => row.kind === 'decision');
  assert.equal(record?.effect, 'allow');
  const grant = spendPermit(result.permit);
  assert.equal(grant.action, asked.action);
  assert.equal(grant.under, result.decision.id);
  assert.throws(() => spendPermit(result.permit), /spent once/);
});

test('TH-31: only a read of a trusted server, without an approval, may run on a definition seen a moment ago', async () => {
  const ageOf = async (tool: string, change: (fixture: AuthorizeFixture) => Promise<void>): Promise<number> => {
    const fixture = await openAuthorizeFixture();
    await change(fixture);
    let result = await authorize(fixture.deps, fixture.request(tool));
    if (result.effect === 'hold') {
      await approve(fixture, result);
      result = await authorize(fixture.deps, fixture.request(tool));
    }
    assert.ok(result.effect === 'allow', `${tool}: ${codes(result).join()}`);
    return spendPermit(result.permit).definition_age_ms_max;
  };
  const distrust = (f: AuthorizeFixture): Promise<void> =>
    f.control.write({ noun: 'server', value: { ...FILES, trust: 'untrusted', version: 2 } });
  assert.equal(await ageOf('read_file', async () => {}), TRUSTED_READ_DEFINITION_AGE_MS);
  assert.ok(TRUSTED_READ_DEFINITION_AGE_MS <= 2_000);
  assert.equal(await ageOf('write_file', async () => {}), 0);
  assert.equal(await ageOf('delete_file', async () => {}), 0, 'approved');
  assert.equal(await ageOf('read_file', distrust), 0);
});

test('every precondition denies on its own, and each deny is recorded', async () => {
  const rows: readonly (readonly [
    string,
    string,
    (fixture: AuthorizeFixture) => Promise<void>,
    Record<string, unknown>?,
  ])[] = [
    ['actor.unknown', 'read_file', async () => {}, { agent: 'nobody' }],
    ['task.unknown', 'read_file', async () => {}, { task: null }],
    ['actor.suspended', 'read_file', (f) => setAgent(f, { lifecycle: 'suspended' })],
    ['actor.not_active', 'read_file', (f) => setAgent(f, { lifecycle: 'registered' })],
    [
      'task.closed',
      'read_file',
      (f) => f.control.write({ noun: 'task', value: { ...f.task, state: 'closed', version: 2 } }),
    ],
    ['task.expired', 'read_file', async (f) => f.control.clock.set(f.task.expires_at)],
    [
      'chain.inactive',
      'read_file',
      async (f) => {
        const dora = f.control.snapshot.human('dora');
        assert.ok(dora);
        await f.control.write({ noun: 'actor', value: { ...dora, lifecycle: 'suspended', version: 2 } });
      },
    ],
    [
      'server.unknown',
      'read_file',
      (f) => f.control.write({ noun: 'server', value: { ...FILES, state: 'removed', version: 2 } }),
    ],
    ['scope.ceiling', 'read_file', (f) => setAgent(f, { entitlement: { ...entitlementOf(f), tools: [] } })],
    [
      'scope.tool',
      'read_file',
      (f) =>
        f.control.write({
          noun: 'task',
          value: { ...f.task, scope: { tools: [toolPattern('files/write_file')] }, version: 2 },
        }),
    ],
    [
      'scope.requester',
      'read_file',
      async (f) => {
        const dora = f.control.snapshot.human('dora');
        assert.ok(dora);
        await f.control.write({
          noun: 'actor',
          value: {
            ...dora,
            entitlement: { ...entitlementOf(f), tools: [toolPattern('files/write_file')] },
            version: 2,
          },
        });
      },
    ],
    ['tool.unknown', 'no_such_tool', async () => {}],
    ['tool.changed', 'read_file', (f) => setTool(f, { state: 'changed' })],
    ['tool.quarantined', 'read_file', (f) => setTool(f, { state: 'quarantined' })],
    ['tool.refused', 'read_file', (f) => setTool(f, { state: 'refused' })],
    [
      'budget.exhausted',
      'read_file',
      (f) => f.control.write({ noun: 'task', value: { ...f.task, budget: { calls: 0 }, version: 2 } }),
    ],
  ];
  for (const [code, tool, arrange, more] of rows) {
    const fixture = await openAuthorizeFixture();
    await arrange(fixture);
    const result = await authorize(fixture.deps, { ...fixture.request(tool), ...more });
    assert.equal(result.effect, 'deny', code);
    assert.deepEqual(codes(result), [code]);
    assert.ok(result.receipt, `${code} is recorded`);
  }
});

test('a denied call spends nothing of the budget; an allowed one spends one', async () => {
  const { deps, request, task, control } = await openAuthorizeFixture('worker', { budget: { calls: 1 } });
  for (let i = 0; i < 3; i += 1)
    assert.equal((await authorize(deps, request('delete_file', { path: String(i) }))).effect, 'hold');
  assert.equal((await authorize(deps, request('read_file'))).effect, 'allow');
  assert.equal(deps.memory.spent(task.id).calls, 1);
  assert.deepEqual(codes(await authorize(deps, request('read_file'))), ['budget.exhausted']);
  assert.equal(await control.evidence.allowedCalls(task.id), 1);
});

test('fifty parallel calls neither exceed a budget nor are falsely denied', async () => {
  const { deps, request } = await openAuthorizeFixture('worker', { budget: { calls: 20 } });
  const results = await Promise.all(Array.from({ length: 50 }, () => authorize(deps, request('read_file'))));
  assert.equal(results.filter((result) => result.effect === 'allow').length, 20);
});

test('an irreversible call is held, the same call gets the same approval, and after the approval it runs once', async () => {
  const fixture = await openAuthorizeFixture();
  const { deps, request } = fixture;
  const first = await authorize(deps, request('delete_file', { path: '/a' }));
  const again = await authorize(deps, request('delete_file', { path: '/a' }));
  assert.ok(first.effect === 'hold' && again.effect === 'hold');
  assert.equal(first.approval.id, again.approval.id);
  await approve(fixture, first);
  const used = await authorize(deps, request('delete_file', { path: '/a' }));
  assert.equal(used.effect, 'allow');
  assert.equal(used.decision.approval, first.approval.id);
  assert.ok(codes(used).includes('approval.used'));
  const replay = await authorize(deps, request('delete_file', { path: '/a' }));
  assert.equal(replay.effect, 'hold', 'a used approval is not used again');
});

test('TH-24: after an approval, a change of any one field is not covered by it', async () => {
  const changes: readonly (readonly [
    string,
    (f: AuthorizeFixture) => Promise<void>,
    Parameters<AuthorizeFixture['request']>,
  ])[] = [
    ['an argument', async () => {}, ['delete_file', { path: '/b' }]],
    ['an added argument', async () => {}, ['delete_file', { path: '/a', force: true }]],
    ['the type of an argument', async () => {}, ['delete_file', { path: ['/a'] }]],
    ['the tool', async () => {}, ['write_file', { path: '/a' }]],
    [
      'the definition',
      async (f) => setTool(f, { digest: 'sha256:other' }, 'delete_file'),
      ['delete_file', { path: '/a' }],
    ],
    [
      'the revision',
      (f) => f.control.write({ noun: 'task', value: { ...f.task, revision: 2, version: 2 } }),
      ['delete_file', { path: '/a' }],
    ],
  ];
  for (const [what, arrange, call] of changes) {
    const fixture = await openAuthorizeFixture();
    await approve(fixture, await authorize(fixture.deps, fixture.request('delete_file', { path: '/a' })));
    await arrange(fixture);
    const result = await authorize(fixture.deps, fixture.request(...call));
    // The other tool may be harmless enough to be allowed on its own, but never by this approval.
    assert.ok(result.effect !== 'allow' || result.decision.approval === null, what);
    assert.equal(result.effect === 'allow', what === 'the tool');
  }
});

test('TH-24: of many executions of one approval exactly one is allowed', async () => {
  const fixture = await openAuthorizeFixture();
  const { deps, request } = fixture;
  await approve(fixture, await authorize(deps, request('delete_file', { path: '/a' })));
  const results = await Promise.all(
    Array.from({ length: 10 }, () => authorize(deps, request('delete_file', { path: '/a' }))),
  );
  assert.equal(results.filter((result) => result.effect === 'allow').length, 1);
});

test('TH-28: an approval is not used after its expiry nor after the agent was suspended', async () => {
  const late = await openAuthorizeFixture();
  const held = await authorize(late.deps, late.request('delete_file'));
  await approve(late, held);
  assert.ok(held.effect === 'hold');
  late.control.clock.set(held.approval.expires_at);
  assert.notEqual((await authorize(late.deps, late.request('delete_file'))).effect, 'allow');

  const stopped = await openAuthorizeFixture();
  await approve(stopped, await authorize(stopped.deps, stopped.request('delete_file')));
  await setAgent(stopped, { lifecycle: 'suspended' });
  assert.deepEqual(codes(await authorize(stopped.deps, stopped.request('delete_file'))), ['actor.suspended']);
});

test('a refused call is denied with the reason the person gave, and asks nobody again', async () => {
  const fixture = await openAuthorizeFixture();
  const held = await authorize(fixture.deps, fixture.request('delete_file'));
  assert.ok(held.effect === 'hold');
  const { id, digest } = held.approval;
  await answerApproval(fixture.control, {
    caller: await fixture.control.human('cleo'),
    approval: id,
    digest,
    verdict: 'deny',
    reason: 'wrong file',
  });
  const result = await authorize(fixture.deps, fixture.request('delete_file'));
  assert.deepEqual(codes(result), ['approval.denied']);
  assert.match(result.decision.reasons[0]?.message ?? '', /wrong file/);
});

test('a permit is worthless once anything it stood on is revoked', async () => {
  const revocations: readonly (readonly [string, (f: AuthorizeFixture) => Promise<void>])[] = [
    ['the agent', (f) => setAgent(f, { lifecycle: 'suspended' })],
    ['the task', (f) => f.control.write({ noun: 'task', value: { ...f.task, state: 'closed', version: 2 } })],
    ['the purpose', (f) => f.control.write({ noun: 'task', value: { ...f.task, revision: 2, version: 2 } })],
    [
      'the token',
      (f) =>
        f.control.write({ noun: 'credential', value: { ...f.token, ended_at: f.control.clock.now(), version: 2 } }),
    ],
    ['the server', (f) => f.control.write({ noun: 'server', value: { ...FILES, state: 'removed', version: 2 } })],
    ['the tool', (f) => setTool(f, { state: 'changed' })],
    ['time', async (f) => f.control.clock.set(plusMs(f.task.expires_at, 1))],
  ];
  for (const [what, revoke] of revocations) {
    const fixture = await openAuthorizeFixture();
    const result = await authorize(fixture.deps, fixture.request('read_file'));
    assert.ok(result.effect === 'allow');
    await revoke(fixture);
    assert.throws(() => spendPermit(result.permit), /revoked/, what);
  }
});

test('on probation every action that is not a read is held', async () => {
  const { deps, request } = await openAuthorizeFixture('intern');
  assert.equal((await authorize(deps, request('read_file'))).effect, 'allow');
  const held = await authorize(deps, request('write_file'));
  assert.equal(held.effect, 'hold');
  assert.ok(codes(held).includes('lifecycle.probation'));
});

test('when evidence cannot be written, everything is a deny without a receipt', async () => {
  const { deps, request } = await openAuthorizeFixture();
  const broken = {
    ...deps,
    evidence: { ...deps.evidence, append: () => Promise.reject(new MandateError('evidence.unavailable')) },
  };
  for (const tool of ['read_file', 'delete_file', 'no_such_tool']) {
    const result = await authorize(broken, request(tool));
    assert.equal(result.effect, 'deny');
    assert.deepEqual(codes(result), ['evidence.unavailable']);
    assert.ok(result.effect === 'deny' && result.receipt === null);
  }
});

test('TH-10: any dependency that throws makes a deny and never a permit', async () => {
  const count = { calls: 0 };
  const failing = (k: number, fixture: AuthorizeFixture): AuthorizeFixture['deps'] =>
    throwingAt(fixture.deps, k, count);
  for (const tool of ['read_file', 'delete_file']) {
    for (let k = 1; ; k += 1) {
      const fixture = await openAuthorizeFixture();
      count.calls = 0;
      const result = await authorize(failing(k, fixture), fixture.request(tool));
      if (count.calls < k) break;
      assert.notEqual(result.effect, 'allow', `${tool}: call ${k} threw`);
    }
    assert.ok(count.calls > 3, 'the sweep reached several calls');
  }
});

test('nothing of an argument or a purpose that looks like a secret is in the record', async () => {
  const secret = 'ghp_abcdefghijklmnopqrstuvwxyz0123456789';
  const { deps, request, control } = await openAuthorizeFixture('worker', { purpose: `Use ${secret} to tidy.` });
  await authorize(deps, request('read_file', { token: secret, path: secret }, { claims: { note: secret } }));
  const text = (await control.records()).map((row) => row.text).join('\n');
  assert.ok(!text.includes(secret));
});

/** The same deps, whose k-th call of a snapshot, policy, memory, random, hasher or evidence function throws. */
function throwingAt(deps: AuthorizeFixture['deps'], k: number, count: { calls: number }): AuthorizeFixture['deps'] {
  const guard = <T extends object>(port: T): T =>
    new Proxy(port, {
      get(target, key) {
        const member: unknown = Reflect.get(target, key);
        if (typeof member !== 'function') return member;
        return (...args: unknown[]): unknown => {
          count.calls += 1;
          if (count.calls === k) throw new Error('planted fault');
          return Reflect.apply(member, target, args);
        };
      },
    });
  return {
    ...deps,
    snapshot: guard(deps.snapshot),
    policy: guard(deps.policy),
    memory: guard(deps.memory),
    hasher: guard(deps.hasher),
    evidence: guard(deps.evidence),
    changes: guard(deps.changes),
  };
}

function entitlementOf(fixture: AuthorizeFixture): Agent['entitlement'] {
  const agent = fixture.control.snapshot.agent('worker');
  assert.ok(agent);
  return agent.entitlement;
}

async function setAgent(fixture: AuthorizeFixture, change: Partial<Agent>): Promise<void> {
  const agent = fixture.control.snapshot.agent(fixture.task.agent);
  assert.ok(agent);
  await fixture.control.write({ noun: 'actor', value: { ...agent, ...change, version: agent.version + 1 } });
}

async function setTool(
  fixture: AuthorizeFixture,
  change: Parameters<typeof pin>[2],
  name = 'read_file',
): Promise<void> {
  const definition = DEFINITIONS.find((one) => one.name === name);
  assert.ok(definition);
  await fixture.control.write({
    noun: 'tool',
    value: pin(fixture.control.hasher, definition, { ...change, version: 2 }),
  });
}
