/** Torture: run each use case, count the calls it makes of its ports, run it again failing each one in turn. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { acceptOwnership } from './accept-ownership.ts';
import { answerApproval } from './answer-approval.ts';
import { askApproval } from './ask-approval.ts';
import { changeLifecycle } from './change-lifecycle.ts';
import { closeTask } from './close-task.ts';
import { confirmTool } from './confirm-tool.ts';
import { FILES, openControlFixture, PASSPHRASE, type ControlFixture } from './control.fixture.ts';
import { expireDue } from './expire.ts';
import { firstRunLink } from './first-run.ts';
import { issueConnectionKey } from './issue-connection-key.ts';
import { openTask } from './open-task.ts';
import { publishFiles } from './publish-policy.ts';
import { refreshServer } from './refresh-server.ts';
import { registerAgent } from './register-agent.ts';
import { registerHuman } from './register-human.ts';
import { registerServer } from './register-server.ts';
import { renewToken } from './renew-token.ts';
import { revisePurposeOf } from './revise-purpose.ts';
import { revoke } from './revoke.ts';
import { recordSeenTools } from './record-tools.ts';
import { signIn, stepUp, useSignInLink } from './sign-in.ts';
import { useApproval } from './use-approval.ts';

type Deps = ControlFixture & { readonly upstream: { listTools(): Promise<readonly []> } };
/** Brings about a state with ports that work, and returns what is then tried. */
type Case = (control: Deps) => Promise<(deps: Deps) => Promise<unknown>>;

const wish = { agent: 'worker', purpose: 'x', scope: { tools: ['files/*'] }, budget: {}, expires_in_s: 600 };

async function held(control: Deps) {
  const { task } = await openTask(control, { caller: control.operator, ...wish });
  const ask = { answerer: 'business', roles: [], quorum: 1, ttl_ms: 900_000, message: 'x' } as const;
  const request = {
    subject: {
      kind: 'action',
      server: FILES.id,
      tool: 'delete_file',
      definition_digest: 'd',
      task: task.id,
      revision: 1,
      shown: '{}',
    },
    digest: 'sha256:x',
    agent: task.agent,
    environment: task.environment,
    chain: task.chain,
    requesters: [],
    ask,
    decision: null,
    policy: null,
    now: control.clock.now(),
  } as const;
  const asked = await control.exclusively(() => askApproval(control, request));
  assert.ok(asked.asked);
  return asked.approval;
}

const CASES: Readonly<Record<string, Case>> = {
  registerHuman: async () => (deps) => registerHuman(deps, { caller: deps.operator, id: 'dora', roles: ['member'] }),
  useSignInLink: async (control) => {
    const { sign_in_secret: secret } = await registerHuman(control, {
      caller: control.operator,
      id: 'dora',
      roles: ['member'],
    });
    return (deps) => useSignInLink(deps, { secret, passphrase: 'a passphrase of my own' });
  },
  signIn: async () => (deps) => signIn(deps, { human: 'ann', passphrase: PASSPHRASE, as: 'session' }),
  stepUp: async (control) => {
    const caller = await control.human('ann', null);
    return (deps) => stepUp(deps, { caller, passphrase: PASSPHRASE });
  },
  firstRunLink: async (control) => {
    await revoke(control, { caller: control.operator, kind: 'human', id: 'ann', reason: 'x' });
    return (deps) => firstRunLink(deps);
  },
  registerAgent: async () => (deps) =>
    registerAgent(deps, {
      caller: deps.operator,
      id: 'robo',
      name: 'R',
      purpose: 'x',
      owners: { business: 'ann', technical: 'bob', escalation: 'cleo' },
      environment: 'dev',
      tools: ['files/*'],
      autonomy: 'bounded',
    }),
  acceptOwnership: async (control) => {
    await registerAgent(control, {
      caller: control.operator,
      id: 'robo',
      name: 'R',
      purpose: 'x',
      owners: { business: 'ann', technical: 'bob', escalation: 'cleo' },
      environment: 'dev',
      tools: ['files/*'],
      autonomy: 'bounded',
    });
    const caller = await control.human('ann');
    return (deps) => acceptOwnership(deps, { caller, agent: 'robo' });
  },
  suspend: async (control) => {
    await openTask(control, { caller: control.operator, ...wish });
    return (deps) => changeLifecycle(deps, { caller: deps.operator, actor: 'worker', to: 'suspended', reason: 'x' });
  },
  openTask: async () => (deps) => openTask(deps, { caller: deps.operator, ...wish }),
  renewToken: async (control) => {
    const { task } = await openTask(control, { caller: control.operator, ...wish });
    return (deps) => renewToken(deps, { caller: deps.operator, task: task.id });
  },
  revisePurposeOf: async (control) => {
    const { task } = await openTask(control, { caller: control.operator, ...wish });
    return (deps) => revisePurposeOf(deps, { caller: deps.operator, task: task.id, purpose: 'y' });
  },
  closeTask: async (control) => {
    const { task } = await openTask(control, { caller: control.operator, ...wish });
    return (deps) => closeTask(deps, { caller: deps.operator, task: task.id, reason: 'x' });
  },
  revokeAll: async () => (deps) => revoke(deps, { caller: deps.operator, kind: 'all', id: '', reason: 'x' }),
  issueConnectionKey: async () => (deps) =>
    issueConnectionKey(deps, { caller: deps.operator, agent: 'worker', label: 'x' }),
  registerServer: async () => (deps) =>
    registerServer(deps, {
      caller: deps.operator,
      id: 'notes',
      transport: { type: 'http', url: 'https://example.com/mcp' },
      environment: 'dev',
      trust: 'trusted',
      regulated: false,
      isolation: 'task',
    }),
  refreshServer: async () => (deps) => refreshServer(deps, { caller: deps.operator, server: 'files' }),
  recordSeenTools: async () => (deps) => recordSeenTools(deps, { caller: deps.operator, server: 'files', offered: [] }),
  confirmTool: async () => (deps) =>
    confirmTool(deps, { caller: deps.operator, server: 'files', tool: 'read_file', reversible: false, reason: 'x' }),
  publishFiles: async () => (deps) =>
    publishFiles(deps, {
      caller: deps.operator,
      files: [{ name: 'a.cedar', text: '@id("a")\npermit (principal, action, resource);\n' }],
      reason: 'x',
    }),
  askApproval: async () => (deps) => held(deps),
  answerApproval: async (control) => {
    const approval = await held(control);
    const caller = await control.human('ann');
    return (deps) =>
      answerApproval(deps, { caller, approval: approval.id, digest: approval.digest, verdict: 'approve', reason: 'x' });
  },
  useApproval: async (control) => {
    const approval = await held(control);
    const caller = await control.human('ann');
    await answerApproval(control, {
      caller,
      approval: approval.id,
      digest: approval.digest,
      verdict: 'approve',
      reason: 'x',
    });
    return (deps) =>
      useApproval(deps, { approval: approval.id, digest: approval.digest, decision: control.random.id('dec') });
  },
  expireDue: async (control) => {
    await openTask(control, { caller: control.operator, ...wish });
    control.clock.advance(3_600_000);
    return (deps) => expireDue(deps, { now: control.clock.now() });
  },
};

const fault = new Error('planted');

for (const [name, prepare] of Object.entries(CASES)) {
  test(`TH-10 ${name}: whichever port fails, whoever asked is told, and store and snapshot say the same`, async () => {
    const total = (await attempt(prepare, 0)).calls;
    assert.ok(total > 0);
    for (let failing = 1; failing <= total; failing += 1) {
      const { control, failed, before } = await attempt(prepare, failing);
      assert.equal(failed, fault, `call ${failing} of ${total}`);
      // A change is whole or not there at all, here and in the store.
      assert.equal(control.snapshot.seq(), await control.changes.latest());
      for (const change of await control.changes.since(before, 100))
        assert.ok(await control.evidence.get(change.id), 'evidence before effect');
    }
  });
}

async function attempt(prepare: Case, failing: number) {
  const control: Deps = { ...(await openControlFixture()), upstream: { listTools: () => Promise.resolve([]) } };
  const run = await prepare(control);
  const before = await control.changes.latest();
  let calls = 0;
  const faulty = <T extends object>(port: T): T =>
    new Proxy(port, {
      get: (target, member, receiver) => {
        const found: unknown = Reflect.get(target, member, receiver);
        if (typeof found !== 'function') return found;
        return (...given: unknown[]): unknown => {
          calls += 1;
          if (calls === failing) throw fault;
          return Reflect.apply(found, target, given);
        };
      },
    });
  const { changes, evidence, hasher, random, upstream, clock } = control;
  const deps: Deps = {
    ...control,
    changes: faulty(changes),
    evidence: faulty(evidence),
    hasher: faulty(hasher),
    random: faulty(random),
    upstream: faulty(upstream),
    clock: faulty(clock),
  };
  const failed: unknown = await run(deps).then(
    () => null,
    (error: unknown) => error,
  );
  return { control, calls, failed, before };
}
