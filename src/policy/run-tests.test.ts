import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readPolicyFolder, SHIPPED_POLICIES } from '../adapters/policy-files/read-policy-folder.ts';
import { checkPolicies } from './check.ts';
import { printProblem } from './problem.ts';
import { runPolicyTests } from './run-tests.ts';
import { MANDATE_SCHEMA } from './schema.ts';

const shipped = await readPolicyFolder(SHIPPED_POLICIES);
const run = runPolicyTests(shipped);

for (const result of run.results) {
  test(`${result.file}: ${result.name}`, () => assert.equal(result.message, null));
}

test('every shipped policy has examples on both of its sides', () => {
  assert.deepEqual(run.problems, []);
  const { policies } = checkPolicies(shipped);
  assert.ok(policies.length >= 12, 'the shipped packs were read');
  assert.deepEqual(run.untested, []);
  for (const id of policies) {
    const beside = run.results.filter((result) => result.file === `${id.split('#')[0] ?? ''}.tests.yaml`);
    const inside = beside.filter((result) => result.verdict.determining.includes(id));
    assert.ok(inside.length >= 1, `${id} determines no example beside it`);
    assert.ok(inside.length < beside.length, `${id} determines every example beside it`);
  }
});

test('the shipped packs pass their check without a warning', () => {
  const { ok, warnings, examples } = checkPolicies(shipped);
  assert.ok(ok);
  assert.deepEqual(warnings, []);
  assert.equal(examples, run.results.length);
});

test('the schema for editors is the one in use', async () => {
  assert.equal(await readFile(join(SHIPPED_POLICIES, 'mandate.cedarschema'), 'utf8'), MANDATE_SCHEMA);
});

const permit = {
  name: 'p.cedar',
  text: '@id("all") permit (principal, action, resource);\n@id("never") forbid (principal, action, resource) when { context.server.regulated };',
};
const withTests = (text: string) => runPolicyTests([permit, { name: 'p.tests.yaml', text }]);

test('an example that comes out otherwise fails with what it got, and where it stands', () => {
  const { ok, results, untested } = withTests(
    'tests:\n  - name: wrong\n    expect: hold\n  - name: right\n    expect: allow\n    policy: p#all\n',
  );
  assert.equal(ok, false);
  assert.deepEqual(
    results.map((result) => [result.line, result.column, result.passed]),
    [
      [2, 5, false],
      [4, 5, true],
    ],
  );
  assert.equal(results[0]?.message, 'Expected hold, got allow (policy.permitted) by p#all.');
  assert.deepEqual(untested, ['p#never']);
});

test('an example that names another reason or policy fails', () => {
  const { results } = withTests(
    'tests:\n  - {name: a, expect: allow, reason: policy.error}\n  - {name: b, expect: allow, policy: "#never"}\n',
  );
  assert.match(results[0]?.message ?? '', /Expected the reason policy\.error/);
  assert.match(results[1]?.message ?? '', /Expected p#never to determine it/);
});

test('arguments of an example are seen by policies', () => {
  const policy = {
    name: 'a.cedar',
    text: `@id("share") permit (principal, action == Mandate::Action::"files/read_file", resource) when {
      context.arguments.texts.hasTag("path") && context.arguments.texts.getTag("path") like "/srv/*"
      && context.arguments.lists.hasTag("to") && context.arguments.lists.getTag("to").contains("bob")
      && context.arguments.numbers.hasTag("page.size") && context.arguments.numbers.getTag("page.size") < 10 };`,
  };
  const { ok, results } = runPolicyTests([
    policy,
    {
      name: 'a.tests.yaml',
      text: `tests:
  - { name: in, args: { path: /srv/a, to: [bob], page: { size: 9 } }, expect: allow }
  - { name: out, args: { path: /srv/a, to: [bob], page: { size: 10 } }, expect: deny }
  - { name: none, expect: deny }
`,
    },
  ]);
  assert.ok(ok, JSON.stringify(results));
});

const bad: readonly (readonly [what: string, text: string, says: RegExp])[] = [
  [
    'an unknown field',
    'tests:\n  - name: a\n    expect: allow\n    expects: deny\n',
    /^p\.tests\.yaml:2:5: tests\.0: .*expects/,
  ],
  ['an unknown effect', 'tests:\n  - name: a\n    expect: maybe\n', /^p\.tests\.yaml:3:13: tests\.0\.expect: /],
  [
    'an unknown effect class',
    'tests:\n  - name: a\n    tool: { effect_class: [read, eat] }\n    expect: allow\n',
    /:3:34: tests\.0\.tool\.effect_class\.1: /,
  ],
  ['an unknown reason', 'tests:\n  - {name: a, expect: deny, reason: why}\n', /:2:37: /],
  ['no tests', 'tests: []\n', /:1:8: tests: /],
  ['broken YAML', 'tests:\n  - name: "a\n', /^p\.tests\.yaml:\d+:\d+: /],
  ['a key given twice', 'tests:\n  - name: a\n    name: b\n    expect: allow\n', /:3:5: .*unique/],
  ['an alias', 'tests:\n  - &a { name: a, expect: allow }\n  - *a\n', /aliases/],
  ['nesting without end', `tests: ${'['.repeat(50_000)}`, /p\.tests\.yaml:\d+:\d+: /],
  ['nothing in it', '', /:1:1: /],
];
for (const [what, text, says] of bad) {
  test(`a test file with ${what} is refused with its place`, () => {
    const { ok, problems } = withTests(text);
    assert.equal(ok, false);
    assert.match(problems.map(printProblem).join('\n'), says);
    assert.equal(checkPolicies([permit, { name: 'p.tests.yaml', text }]).ok, false);
  });
}
