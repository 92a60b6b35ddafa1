import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readPolicyFolder, SHIPPED_POLICIES } from '../adapters/policy-files/read-policy-folder.ts';
import type { JsonObject } from '../core/json.ts';
import type { CedarRequest, CedarValue } from '../standards/cedar/decide.ts';
import { wasmDecide } from '../standards/cedar/wasm-decide.ts';
import { exampleFacts } from './example-facts.ts';
import { readExamples } from './example.ts';
import { loadPolicies } from './load-policies.ts';
import { policyRequest } from './request.ts';
import { schemaWith } from './schema.ts';
import { judge } from './verdict.ts';

const ref = { serial: 1, hash: 'sha256:test' };
const tools = [{ server: 'files', name: 'read_file' }];
const engineOf = (text: string) => {
  const loaded = loadPolicies({ files: [{ name: 'test.cedar', text }], tools, ref });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  return loaded.engine;
};

test('TH-18 a forbid that errors denies, where Cedar alone would skip it and allow', () => {
  const engine = engineOf(`
    @id("all") permit (principal, action, resource);
    @id("overflow") forbid (principal, action, resource)
    when { 9223372036854775807 + context.task.revision > 0 && context.environment.production };
  `);
  const { verdict } = engine.decide(exampleFacts({}));
  assert.equal(verdict.effect, 'deny');
  assert.equal(verdict.reasons[0]?.code, 'policy.error');
  assert.deepEqual(verdict.determining, ['test#overflow']);
});

test('TH-18 a permit that errors denies, although another permit allows', () => {
  const engine = engineOf(`
    @id("all") permit (principal, action, resource);
    @id("overflow") permit (principal, action, resource) when { 9223372036854775807 + context.task.revision > 0 };
  `);
  assert.equal(engine.decide(exampleFacts({})).verdict.reasons[0]?.code, 'policy.error');
});

test('TH-18 an error that only the look at the approved action meets is a deny, not a hold', () => {
  const engine = engineOf(`
    @id("all") permit (principal, action, resource);
    @id("ask") @advice("approval") forbid (principal, action, resource) unless { context.approval.granted };
    @id("overflow") forbid (principal, action, resource)
    when { context.approval.granted && 9223372036854775807 + context.task.revision > 0 };
  `);
  const { verdict } = engine.decide(exampleFacts({}));
  assert.equal(verdict.effect, 'deny');
  assert.equal(verdict.reasons[0]?.code, 'policy.error');
});

test('TH-18 a policy about an attribute that the schema does not promise is refused at load', () => {
  const loaded = loadPolicies({
    files: [
      { name: 'a.cedar', text: '@id("x")\nforbid (principal, action, resource)\nwhen { context.env == "prod" };' },
    ],
    tools,
    ref,
  });
  assert.ok(!loaded.ok);
  assert.match(loaded.problems[0]?.message ?? '', /`env`/);
  assert.equal(loaded.problems[0]?.line, 3);
});

test('TH-18 removing any attribute in turn never turns a deny or a hold into an allow', async () => {
  const files = await readPolicyFolder(SHIPPED_POLICIES);
  const examples = files
    .filter((file) => file.name.endsWith('.tests.yaml'))
    .flatMap((file) => readExamples(file).examples)
    .filter((example) => example.expectation.expect !== 'allow')
    // Each shape of refusal once is enough: the mutation is what varies.
    .filter((_, index) => index % 5 === 0);
  const cases = examples.map((example) => exampleFacts(example.expectation));
  const loaded = loadPolicies({ files, tools: cases.flatMap(({ tool }) => (tool === null ? [] : [tool])), ref });
  assert.ok(loaded.ok);
  const policies = Object.fromEntries(
    files.filter((file) => file.name.endsWith('.cedar')).map((file) => [file.name, file.text]),
  );
  const texts = Object.values(policies)
    .join('\n')
    .split(/(?<=;)\s*(?=(?:\/\/|@))/);
  const decide = wasmDecide({
    schema: schemaWith(cases.flatMap(({ tool }) => (tool === null ? [] : [`${tool.server}/${tool.name}`]))),
    policies: Object.fromEntries(texts.map((text, index) => [`p${index}`, text])),
  });
  let mutants = 0;
  for (const facts of cases) {
    const request = policyRequest(facts);
    assert.equal(decide(request).decision, 'deny');
    for (const mutant of withoutEach(request)) {
      mutants += 1;
      const answer = decide(mutant);
      assert.ok(answer.decision === 'deny', 'an attribute less is an allow');
      assert.ok(answer.errors.length > 0, 'a request outside the schema is an error');
      assert.equal(judge(mutant, decide, new Map()).effect, 'deny');
    }
  }
  assert.ok(mutants > 100, `only ${mutants} mutants`);
});

test('TH-20 arguments that are deep, many or huge are bounded before the engine, and named as left out', () => {
  const engine = engineOf(
    '@id("all") permit (principal, action, resource) when { context.unrepresentable.isEmpty() };',
  );
  let deep: JsonObject = { end: 1 };
  for (let depth = 0; depth < 5000; depth += 1) deep = { inner: deep };
  const many = Object.fromEntries(Array.from({ length: 20_000 }, (_, index) => [`key${index}`, index]));
  const huge = { text: 'x'.repeat(2_000_000) };
  for (const given of [deep, many, huge]) {
    const facts = exampleFacts({});
    const { verdict } = engine.decide({
      ...facts,
      action: { ...facts.action, params: { name: 'read_file', arguments: given } },
    });
    assert.equal(verdict.effect, 'deny');
    assert.equal(verdict.reasons[0]?.code, 'policy.no_permit', 'it was decided, on bounded facts');
  }
  assert.equal(engine.decide(exampleFacts({})).verdict.effect, 'allow');
});

test('TH-20 a fact beyond the limits is refused before the engine, which still works after', () => {
  const engine = engineOf('@id("all") permit (principal, action, resource);');
  const facts = exampleFacts({});
  const { verdict } = engine.decide({ ...facts, task: { ...facts.task, purpose: 'x'.repeat(100_000) } });
  assert.equal(verdict.effect, 'deny');
  assert.equal(verdict.reasons[0]?.code, 'policy.error');
  assert.equal(engine.decide(facts).verdict.effect, 'allow');
});

/** The request without each member of its context, at every level, and of each entity's attributes. */
function* withoutEach(request: CedarRequest): Generator<CedarRequest> {
  for (const context of without(request.context)) yield { ...request, context };
  for (const [index, entity] of request.entities.entries()) {
    for (const attrs of without(entity.attrs))
      yield { ...request, entities: request.entities.with(index, { ...entity, attrs }) };
  }
}

type Attributes = { readonly [key: string]: CedarValue };

function* without(attributes: Attributes): Generator<Attributes> {
  for (const [key, value] of Object.entries(attributes)) {
    const { [key]: _, ...others } = attributes;
    yield others;
    if (typeof value !== 'object' || Array.isArray(value) || key === '__entity') continue;
    for (const inner of without(value as Attributes)) yield { ...attributes, [key]: inner }; // neither a scalar nor a set
  }
}
