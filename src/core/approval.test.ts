import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Human, Role } from './actor.ts';
import {
  answerApproval,
  approvalState,
  confirmApproval,
  consumeApproval,
  ineligible,
  routeApproval,
  voidApproval,
  type Approval,
  type Vote,
} from './approval.ts';
import { actorId, environmentId, recordId, serverId } from './ids.ts';
import { instant, plusMs } from './instant.ts';
import type { Lifecycle } from './lifecycle.ts';
import { nameOwners } from './ownership.ts';

const T = instant(1_000_000);
const TTL_MS = 900_000;
const id = <P extends 'apr' | 'tsk'>(prefix: P) => recordId(prefix, T, new Uint8Array(10));

function human(name: string, roles: readonly Role[] = ['member'], lifecycle: Lifecycle = 'active'): Human {
  return {
    id: actorId(name),
    kind: 'human',
    name,
    lifecycle,
    roles,
    deputy: null,
    vouched_by: 'mandate',
    entitlement: null,
    created_at: T,
    updated_at: T,
    version: 1,
  };
}
const ann = human('ann');
const bob = human('bob');
const cleo = human('cleo', ['approver']);

/** Asked by ann for the agent; bob answers as owner, dan as his deputy, eve as the escalation contact. */
function approval(more: Partial<Approval> = {}): Approval {
  return {
    id: id('apr'),
    subject: {
      kind: 'action',
      server: serverId('files'),
      tool: 'delete_file',
      definition_digest: 'sha256:d',
      task: id('tsk'),
      revision: 1,
      shown: '{}',
    },
    digest: 'sha256:a',
    agent: actorId('robo'),
    environment: environmentId('dev'),
    chain: [
      { actor: actorId('ann'), kind: 'human' },
      { actor: actorId('robo'), kind: 'agent' },
    ],
    excluded: [actorId('ann')],
    steps: [
      { asked: [actorId('bob')], from: T },
      { asked: [actorId('dan')], from: plusMs(T, TTL_MS / 3) },
      { asked: [actorId('eve')], from: plusMs(T, (2 * TTL_MS) / 3) },
    ],
    roles: ['approver'],
    quorum: 1,
    votes: [],
    state: 'pending',
    message: 'Delete?',
    decision: null,
    policy: null,
    nonce: '00',
    created_at: T,
    expires_at: plusMs(T, TTL_MS),
    version: 1,
    ...more,
  };
}
const yes = (person: Human, digest = 'sha256:a') =>
  ({ human: person, verdict: 'approve', digest, reason: 'fine' }) as const;
const no = (person: Human) => ({ human: person, verdict: 'deny', digest: 'sha256:a', reason: 'no' }) as const;

test('one approval of the person asked approves', () => {
  const result = answerApproval(approval(), yes(bob), T);
  assert.ok(result.ok);
  assert.equal(result.approval.state, 'approved');
  assert.equal(result.approval.version, 2);
  assert.deepEqual(result.approval.votes, [{ human: 'bob', verdict: 'approve', reason: 'fine', at: T }]);
});

test('a digest other than the one that was asked about is refused', () => {
  const result = answerApproval(approval(), yes(bob, 'sha256:b'), T);
  assert.deepEqual(result, { ok: false, code: 'approval.digest' });
});

test('TH-27 who asked, who is in the chain and who is not asked may not answer, whatever their roles', () => {
  const everyRole: readonly Role[] = ['admin', 'security', 'approver', 'member'];
  for (const [who, what] of [
    [human('ann', everyRole), approval()],
    [human('ann', everyRole), approval({ excluded: [] })],
    [human('zed', everyRole), approval({ excluded: [actorId('zed')] })],
    [human('fay', ['admin', 'security', 'member']), approval()],
    [human('bob', everyRole, 'suspended'), approval()],
    [human('bob', everyRole, 'registered'), approval()],
    [human('bob', everyRole, 'decommissioned'), approval()],
  ] as const) {
    for (const verdict of ['approve', 'deny'] as const) {
      const result = answerApproval(what, { human: who, verdict, digest: what.digest, reason: 'x' }, T);
      assert.ok(!result.ok);
      assert.equal(result.code, 'approval.ineligible');
    }
  }
});

test('a deputy and the escalation contact answer from their turn on, a role holder at once', () => {
  const [dan, eve] = [human('dan'), human('eve')];
  const third = TTL_MS / 3;
  assert.notEqual(ineligible(approval(), dan, plusMs(T, third - 1)), null);
  assert.equal(ineligible(approval(), dan, plusMs(T, third)), null);
  assert.notEqual(ineligible(approval(), eve, plusMs(T, 2 * third - 1)), null);
  assert.equal(ineligible(approval(), eve, plusMs(T, 2 * third)), null);
  assert.equal(ineligible(approval(), cleo, T), null);
});

test('a quorum counts different people, and nobody counts twice', () => {
  const first = answerApproval(approval({ quorum: 2 }), yes(bob), T);
  assert.ok(first.ok);
  assert.equal(first.approval.state, 'pending');
  const twice = answerApproval(first.approval, yes(bob), T);
  assert.ok(!twice.ok && twice.code === 'approval.ineligible');
  const second = answerApproval(first.approval, yes(cleo), T);
  assert.ok(second.ok && second.approval.state === 'approved');
});

test('a single refusal decides, also after approvals', () => {
  const first = answerApproval(approval({ quorum: 2 }), yes(bob), T);
  assert.ok(first.ok);
  const second = answerApproval(first.approval, no(cleo), T);
  assert.ok(second.ok && second.approval.state === 'denied');
  const third = answerApproval(second.approval, yes(human('dan', ['approver'])), T);
  assert.deepEqual(third, { ok: false, code: 'approval.decided' });
  assert.equal(consumeApproval(second.approval, 'sha256:a', T), null);
});

test('TH-28 expiry counts from the moment: nothing is answered or used at or after it', () => {
  const end = approval().expires_at;
  assert.equal(approvalState(approval(), plusMs(end, -1)), 'pending');
  for (const state of ['pending', 'approved', 'confirmed'] as const)
    assert.equal(approvalState(approval({ state }), end), 'expired');
  for (const state of ['denied', 'consumed', 'void', 'expired'] as const)
    assert.equal(approvalState(approval({ state }), end), state);
  assert.deepEqual(answerApproval(approval(), yes(bob), end), { ok: false, code: 'approval.decided' });
  assert.equal(consumeApproval(approval({ state: 'approved' }), 'sha256:a', end), null);
  assert.notEqual(consumeApproval(approval({ state: 'approved' }), 'sha256:a', plusMs(end, -1)), null);
});

test('TH-28 an approval is used once, for its digest, and only when it was given', () => {
  const used = consumeApproval(approval({ state: 'approved' }), 'sha256:a', T);
  assert.equal(used?.state, 'consumed');
  assert.equal(consumeApproval(used ?? approval(), 'sha256:a', T), null);
  assert.equal(consumeApproval(approval({ state: 'approved' }), 'sha256:b', T), null);
  for (const state of ['pending', 'denied', 'expired', 'consumed', 'void'] as const)
    assert.equal(consumeApproval(approval({ state }), 'sha256:a', T), null);
  assert.equal(consumeApproval(voidApproval(approval({ state: 'approved' }), 'void'), 'sha256:a', T), null);
});

test('the requester confirms only outside production, and only as the single active human', () => {
  const answer = { human: ann, digest: 'sha256:a', reason: 'mine' };
  const alone = { production: false, active_humans: 1 };
  const done = confirmApproval(approval(), answer, alone, T);
  assert.ok(done.ok);
  assert.equal(done.approval.state, 'confirmed');
  assert.equal(done.approval.votes[0]?.verdict, 'confirm');
  for (const [what, given, setting, now] of [
    [approval(), answer, { ...alone, production: true }, T],
    [approval(), answer, { ...alone, active_humans: 2 }, T],
    [approval(), answer, { ...alone, active_humans: 0 }, T],
    [approval(), { ...answer, human: human('ann', ['member'], 'suspended') }, alone, T],
    [approval(), { ...answer, digest: 'sha256:b' }, alone, T],
    [approval(), answer, alone, approval().expires_at],
    [approval({ state: 'denied' }), answer, alone, T],
  ] as const) {
    assert.equal(confirmApproval(what, given, setting, now).ok, false);
  }
});

test('approvals go to the owner, the deputy, then the escalation contact, each in turn', () => {
  const owners = nameOwners({ business: actorId('bob'), technical: actorId('tim'), escalation: actorId('eve') });
  const deputyOf = (owner: string) => (owner === 'bob' ? actorId('dan') : null);
  const routed = routeApproval(owners, 'business', deputyOf, T, 900);
  assert.deepEqual(
    routed.map((step) => [step.asked, step.from - T]),
    [
      [['bob'], 0],
      [['dan'], 300],
      [['eve'], 600],
    ],
  );
  const without = routeApproval(owners, 'technical', deputyOf, T, 900);
  assert.deepEqual(
    without.map((step) => [step.asked, step.from - T]),
    [
      [['tim'], 0],
      [[], 300],
      [['eve'], 300],
    ],
  );
});

test('nobody is waited for who may not answer', () => {
  const owners = nameOwners({ business: actorId('ann'), technical: actorId('tim'), escalation: actorId('eve') });
  const routed = routeApproval(
    owners,
    'business',
    () => actorId('dan'),
    T,
    900,
    (person) => person !== 'ann',
  );
  assert.deepEqual(
    routed.map((step) => step.from - T),
    [0, 0, 600],
  );
  const nobody = routeApproval(
    owners,
    'business',
    () => null,
    T,
    900,
    (person) => person === 'eve',
  );
  assert.deepEqual(
    nobody.map((step) => step.from - T),
    [0, 0, 0],
  );
});

const people = ['ann', 'bob', 'cleo', 'dan', 'eve', 'fay'] as const;
const turn = fc.record({
  who: fc.constantFrom(...people),
  verdict: fc.constantFrom<'approve' | 'deny'>('approve', 'approve', 'deny'),
  approver: fc.boolean(),
  active: fc.boolean(),
  right: fc.constantFrom(true, true, true, false),
  wait_ms: fc.nat(TTL_MS / 3),
});

test('whatever people try: approved means a quorum of different, eligible people and no refusal', () => {
  fc.assert(
    fc.property(fc.array(turn, { maxLength: 12 }), fc.integer({ min: 1, max: 3 }), (turns, quorum) => {
      let current = approval({ quorum });
      let now = T;
      const accepted: Vote[] = [];
      for (const one of turns) {
        now = plusMs(now, one.wait_ms);
        const person = human(one.who, one.approver ? ['approver'] : ['member'], one.active ? 'active' : 'suspended');
        const result = answerApproval(
          current,
          { human: person, verdict: one.verdict, digest: one.right ? current.digest : 'sha256:x', reason: 'r' },
          now,
        );
        if (!result.ok) continue;
        assert.ok(one.active && one.right && one.who !== 'ann' && now < current.expires_at);
        assert.equal(result.approval.version, current.version + 1);
        accepted.push(...result.approval.votes.slice(current.votes.length));
        current = result.approval;
      }
      const approvals = accepted.filter((vote) => vote.verdict === 'approve');
      assert.equal(new Set(accepted.map((vote) => vote.human)).size, accepted.length);
      const refused = accepted.some((vote) => vote.verdict === 'deny');
      assert.equal(current.state, refused ? 'denied' : approvals.length >= quorum ? 'approved' : 'pending');
      assert.ok(approvals.length <= quorum);
      assert.equal(
        consumeApproval(current, current.digest, now) !== null,
        current.state === 'approved' && now < current.expires_at,
      );
    }),
    { numRuns: 1000 },
  );
});
