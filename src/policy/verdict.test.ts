import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ACTION_KINDS } from '../core/action.ts';
import { AUTONOMY } from '../core/actor.ts';
import { LIFECYCLE } from '../core/lifecycle.ts';
import { PURPOSE_SOURCES } from '../core/task.ts';
import { EFFECT_CLASSES, onlyReads } from '../core/tool.ts';
import { readPolicyFolder, SHIPPED_POLICIES } from '../adapters/policy-files/read-policy-folder.ts';
import { exampleFacts } from './example-facts.ts';
import type { Setting } from './example.ts';
import { loadPolicies } from './load-policies.ts';

const ref = { serial: 7, hash: 'sha256:test' };
const tools = [{ server: 'files', name: 'read_file' }];
const engineOf = (...texts: readonly string[]) => {
  const loaded = loadPolicies({ files: texts.map((text, index) => ({ name: `f${index}.cedar`, text })), tools, ref });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  return loaded.engine;
};
const verdictOf = (text: string, setting: Setting = {}) => engineOf(text).decide(exampleFacts(setting)).verdict;
const ALL = '@id("all") permit (principal, action, resource);';
const UNLESS = 'forbid (principal, action, resource) unless { context.approval.granted };';

test('a forbid with advice holds, and says whom to ask and for how long', () => {
  const verdict = verdictOf(
    `${ALL} @id("h") @advice("approval") @approvers("technical") @roles("security") @quorum("2") @ttl("5m") @message("Look.") ${UNLESS}`,
  );
  assert.deepEqual(verdict, {
    effect: 'hold',
    determining: ['f0#h'],
    reasons: [{ code: 'approval.required', policy: 'f0#h', message: 'Look.' }],
    ask: { answerer: 'technical', roles: ['security'], quorum: 2, ttl_ms: 300_000, message: 'Look.' },
  });
});

test('what is not said about a hold has a default', () => {
  const verdict = verdictOf(`${ALL} @id("h") @advice("approval") ${UNLESS}`);
  assert.ok(verdict.effect === 'hold');
  assert.deepEqual(verdict.ask, {
    answerer: 'business',
    roles: ['approver'],
    quorum: 1,
    ttl_ms: 900_000,
    message: 'A person must approve exactly this action first.',
  });
});

test('several holds combine to the strictest', () => {
  const verdict = verdictOf(`${ALL}
    @id("a") @advice("approval") @roles("approver,security") @quorum("2") @ttl("1h") @message("A.") ${UNLESS}
    @id("b") @advice("approval") @approvers("escalation") @roles("security") @ttl("30s") @message("B.") ${UNLESS}`);
  assert.ok(verdict.effect === 'hold');
  assert.deepEqual(verdict.ask, {
    answerer: 'escalation',
    roles: ['security'],
    quorum: 2,
    ttl_ms: 30_000,
    message: 'A.\nB.',
  });
});

test('one plain forbid among holds denies, and gives the reason', () => {
  const verdict = verdictOf(
    `${ALL} @id("h") @advice("approval") ${UNLESS} @id("no") @message("Never.") forbid (principal, action, resource);`,
  );
  assert.equal(verdict.effect, 'deny');
  assert.deepEqual(verdict.determining, ['f0#h', 'f0#no']);
  assert.deepEqual(verdict.reasons, [{ code: 'policy.forbidden', policy: 'f0#no', message: 'Never.' }]);
});

test('nobody is asked about what nothing would permit', () => {
  const verdict = verdictOf(`@id("h") @advice("approval") ${UNLESS}`);
  assert.equal(verdict.effect, 'deny');
  assert.equal(verdict.reasons[0]?.code, 'policy.no_permit');
});

test('nobody is asked when the approval would not change the answer', () => {
  const verdict = verdictOf(
    `${ALL} @id("h") @advice("approval") @reason("task.self_opened") forbid (principal, action, resource);`,
  );
  assert.equal(verdict.effect, 'deny');
  assert.equal(verdict.reasons[0]?.code, 'task.self_opened');
});

test('a hold that counts approvers is met by its quorum', () => {
  const text = `${ALL} @id("h") @advice("approval") @quorum("2") forbid (principal, action, resource) unless { context.approval.approvers >= 2 };`;
  assert.equal(verdictOf(text).effect, 'hold');
  assert.equal(verdictOf(text, { approval: { granted: true, confirmed: false, approvers: 1 } }).effect, 'hold');
  assert.equal(verdictOf(text, { approval: { granted: true, confirmed: false, approvers: 2 } }).effect, 'allow');
});

test('an allow names the permits that gave it', () => {
  const verdict = verdictOf(`${ALL} @id("too") permit (principal, action, resource);`);
  assert.deepEqual(verdict, {
    effect: 'allow',
    determining: ['f0#all', 'f0#too'],
    reasons: [{ code: 'policy.permitted', policy: 'f0#all', message: 'A policy permits this.' }],
  });
});

test('what the policy saw is sealed as canonical JSON, with the arguments', () => {
  const { saw } = engineOf(ALL).decide(exampleFacts({ args: { path: '/srv/x' } }));
  const seen = JSON.parse(saw) as { action: { id: string }; entities: { uid: { type: string }; tags?: object }[] };
  assert.equal(seen.action.id, 'files/read_file');
  assert.deepEqual(seen.entities.find((entity) => entity.uid.type === 'Mandate::Texts')?.tags, { path: '/srv/x' });
});

test('facts that contradict each other are a deny', () => {
  const facts = exampleFacts({});
  const engine = engineOf(ALL);
  for (const wrong of [
    { ...facts, tool: null },
    { ...facts, action: { ...facts.action, tool: 'other' } },
    { ...facts, action: { ...facts.action, kind: 'list' as const } },
    { ...facts, task: { ...facts.task, agent: exampleFacts({ agent: { id: 'other' } }).agent.id } },
    { ...facts, server_environment: exampleFacts({ server: { environment: 'production' } }).server_environment },
  ]) {
    const { verdict, saw } = engine.decide(wrong);
    assert.equal(verdict.effect, 'deny');
    assert.equal(verdict.reasons[0]?.code, 'policy.error');
    assert.equal(saw, '{}');
  }
});

const setting: fc.Arbitrary<Setting> = fc.record({
  production: fc.boolean(),
  agent: fc.record({
    lifecycle: fc.constantFrom(...LIFECYCLE),
    autonomy: fc.constantFrom(...AUTONOMY),
    environment: fc.constantFrom('development', 'staging'),
  }),
  server: fc.record({
    environment: fc.constantFrom('development', 'staging'),
    trust: fc.constantFrom('trusted' as const, 'untrusted' as const),
  }),
  task: fc.record({
    purpose_source: fc.constantFrom(...PURPOSE_SOURCES),
    unstated: fc.boolean(),
    trigger: fc.constantFrom({ kind: 'human' as const, id: 'alice' }, { kind: 'agent' as const, id: 'agent' }),
  }),
  action: fc.constantFrom('call' as const, 'call' as const, ...ACTION_KINDS),
  tool: fc.record({
    effect_class: fc.uniqueArray(fc.constantFrom(...EFFECT_CLASSES), { maxLength: 3 }),
    reversible: fc.boolean(),
  }),
});

const shipped = (await readPolicyFolder(SHIPPED_POLICIES)).filter((file) => file.name.endsWith('.cedar'));

test('adding an approval never turns an allow into a deny or a hold', () => {
  const loaded = loadPolicies({ files: shipped, tools, ref });
  assert.ok(loaded.ok);
  fc.assert(
    fc.property(setting, fc.constantFrom('granted' as const, 'confirmed' as const), (given, approval) => {
      const before = loaded.engine.decide(exampleFacts(given)).verdict.effect;
      const after = loaded.engine.decide(exampleFacts({ ...given, approval })).verdict.effect;
      if (before === 'allow') assert.equal(after, 'allow');
      // A grant answers a hold; it never opens what was denied.
      if (before === 'hold' && approval === 'granted') assert.equal(after, 'allow');
      if (before === 'deny') assert.equal(after, 'deny');
    }),
    { numRuns: 150 },
  );
});

test('a limit that nobody checks never opens anything, and lets no write by unapproved', () => {
  const loaded = loadPolicies({ files: shipped, tools, ref });
  assert.ok(loaded.ok);
  const limit = fc.constantFrom<Pick<NonNullable<Setting['task']>, 'scope' | 'budget'>>(
    { scope: { destinations: [] } },
    { scope: { data_ceiling: 'restricted' } },
    { budget: { spend: 0 } },
    { budget: { records: 1_000_000 } },
  );
  fc.assert(
    fc.property(setting, limit, (given, limited) => {
      const order = ['deny', 'hold', 'allow'];
      const facts = exampleFacts({ ...given, task: { ...given.task, ...limited } });
      const before: string = loaded.engine.decide(exampleFacts(given)).verdict.effect;
      const after: string = loaded.engine.decide(facts).verdict.effect;
      assert.ok(order.indexOf(after) <= order.indexOf(before), `${before} became ${after}`);
      if (facts.tool !== null && !onlyReads(facts.tool.facts)) assert.notEqual(after, 'allow');
    }),
    { numRuns: 150 },
  );
});

test('adding a forbid never turns a deny into an allow or a hold', () => {
  const condition = fc.constantFrom(
    'true',
    'false',
    'context.tool.only_reads',
    '!context.tool.reversible',
    'context.environment.production',
    'context.approval.granted',
    'context.task.unstated',
    'principal.lifecycle == "active"',
  );
  const without = loadPolicies({ files: shipped, tools, ref });
  assert.ok(without.ok);
  fc.assert(
    fc.property(condition, fc.boolean(), fc.array(setting, { minLength: 5, maxLength: 5 }), (when, holds, givens) => {
      const text = `@id("more") ${holds ? '@advice("approval")' : ''} forbid (principal, action, resource) when { ${when} };`;
      const more = loadPolicies({ files: [...shipped, { name: 'more.cedar', text }], tools, ref });
      assert.ok(more.ok);
      for (const given of givens) {
        const order = ['deny', 'hold', 'allow'];
        const before: string = without.engine.decide(exampleFacts(given)).verdict.effect;
        const after: string = more.engine.decide(exampleFacts(given)).verdict.effect;
        assert.ok(order.indexOf(after) <= order.indexOf(before), `${before} became ${after}`);
      }
    }),
    { numRuns: 16 },
  );
});
