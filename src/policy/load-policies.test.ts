import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exampleFacts } from './example-facts.ts';
import { loadPolicies, POLICIES_MAX, POLICY_FILE_BYTES_MAX } from './load-policies.ts';
import { printProblem } from './problem.ts';

const ref = { serial: 1, hash: 'sha256:test' };
const tools = [{ server: 'files', name: 'read_file' }];
const load = (text: string, name = 'pack/a.cedar') => loadPolicies({ files: [{ name, text }], tools, ref });
const problemsOf = (text: string, name?: string): readonly string[] => {
  const loaded = load(text, name);
  return loaded.ok ? [] : loaded.problems.map(printProblem);
};
const HEAD = '@id("a") forbid (principal, action, resource)';

test('policies are named after their file and id, whatever their order', () => {
  const loaded = load(
    '// one\n@id("b") permit (principal, action, resource);\n@id("a") permit (principal, action, resource);',
  );
  assert.ok(loaded.ok);
  assert.deepEqual(loaded.policies, ['pack/a#b', 'pack/a#a']);
});

const refused: readonly (readonly [what: string, text: string, says: RegExp])[] = [
  ['an unknown attribute', `${HEAD}\nwhen { context.zzz };`, /^pack\/a\.cedar:2:8: .*`zzz`.*\(pack\/a#a\)$/],
  ['a wrong type', `${HEAD}\n\n when { context.kind == 1 };`, /^pack\/a\.cedar:3:/],
  ['a tag read without asking for it', `${HEAD} when { context.arguments.texts.getTag("p") == "x" };`, /tag/],
  [
    'a syntax error after a multi-byte text',
    `// ééé\n@id("é") permit (principal, action, resource) when { context. };`,
    /^pack\/a\.cedar:2:63: unexpected token/,
  ],
  ['a missing semicolon', HEAD, /1:1: This policy does not end with a semicolon/],
  ['a missing id', 'permit (principal, action, resource);', /needs an @id/],
  ['an id with capitals', '@id("Ab") permit (principal, action, resource);', /lower-case/],
  ['the same id twice', `${HEAD};\n${HEAD};`, /2:1: Another policy of this file has the same @id/],
  ['a template', '@id("a") permit (principal == ?principal, action, resource);', /template/],
  ['an unknown annotation', `@advise("approval") ${HEAD};`, /@advise is unknown/],
  ['an unknown advice', `@advice("maybe") ${HEAD};`, /@advice must be "approval"/],
  ['advice on a permit', '@id("a") @advice("approval") permit (principal, action, resource);', /only on a forbid/],
  ['a quorum without advice', `@quorum("2") ${HEAD};`, /only beside @advice/],
  ['an unknown reason code', `@reason("because") ${HEAD};`, /not a reason code/],
  ['a reason code of the engine', `@reason("policy.permitted") ${HEAD};`, /not a reason code/],
  ['an inherited property as reason code', `@reason("toString") ${HEAD};`, /not a reason code/],
  ['an unknown owner', `@advice("approval") @approvers("boss") ${HEAD};`, /@approvers must be/],
  ['a role that may not approve', `@advice("approval") @roles("auditor") ${HEAD};`, /@roles must be/],
  ['a quorum of six', `@advice("approval") @quorum("6") ${HEAD};`, /@quorum must be/],
  ['a quorum of nobody', `@advice("approval") @quorum("0") ${HEAD};`, /@quorum must be/],
  ['a time without a unit', `@advice("approval") @ttl("15") ${HEAD};`, /@ttl must be/],
  ['a time of nine seconds', `@advice("approval") @ttl("9s") ${HEAD};`, /@ttl must be/],
  ['a time of thirteen hours', `@advice("approval") @ttl("13h") ${HEAD};`, /@ttl must be/],
  ['an empty message', `@message(" ") ${HEAD};`, /@message must have/],
  ['a message that is too long', `@message("${'x'.repeat(501)}") ${HEAD};`, /@message must have/],
  ['a pattern that is too long', `${HEAD} when { context.kind like "${'*a'.repeat(129)}" };`, /256 characters/],
  ['brackets 65 deep', `${HEAD} when { ${'('.repeat(65)}true${')'.repeat(65)} };`, /brackets 64 deep/],
  ['brackets 5,000 deep', `${HEAD} when { ${'('.repeat(5000)}true${')'.repeat(5000)} };`, /brackets 64 deep/],
  ['an expression that is too deep', `${HEAD} when { ${Array(300).fill('true').join(' && ')} };`, /nest/],
  [
    'an expression that ends the parser',
    `${HEAD} when { ${'if true then true else '.repeat(650)} true };`,
    /nest|deeply/,
  ],
  ['a policy that is too large', `${HEAD} when { context.kind == "${'x'.repeat(17_000)}" };`, /16384 bytes/],
  ['a file that is too large', `// ${'x'.repeat(POLICY_FILE_BYTES_MAX)}`, /262144 bytes/],
  [
    'too many policies',
    Array.from({ length: POLICIES_MAX + 1 }, (_, n) => `@id("p${n}")permit(principal,action,resource);`).join('\n'),
    /2000 policies/,
  ],
];
for (const [what, text, says] of refused) {
  test(`a policy set with ${what} is refused with its place`, () => {
    const problems = problemsOf(text);
    assert.ok(
      problems.some((problem) => says.test(problem)),
      problems.join('\n') || 'it loaded',
    );
  });
}

test('a file whose name is not a policy file is refused', () => {
  assert.match(problemsOf(`${HEAD};`, '../A.txt')[0] ?? '', /named in lower case/);
});

test('two files of one name are refused', () => {
  const file = { name: 'a.cedar', text: `${HEAD};` };
  const loaded = loadPolicies({ files: [file, file], tools, ref });
  assert.ok(!loaded.ok && loaded.problems.some((problem) => problem.message === 'Two files have this name.'));
});

test('all problems of all policies are reported at once', () => {
  assert.equal(
    problemsOf(`permit (principal, action, resource);\npermit (principal, action);\n${HEAD} when { context.zzz };`)
      .length,
    2,
  );
});

test('a policy about a tool that no server has is a warning, and holds for the day it appears', () => {
  const loaded = load('@id("a") forbid (principal, action == Mandate::Action::"files/gone", resource);');
  assert.ok(loaded.ok);
  assert.match(loaded.warnings.map(printProblem).join(), /1:1: No server has the tool files\/gone/);
});

test('a tool that the set was not loaded for is denied', () => {
  const loaded = load('@id("a") permit (principal, action, resource);');
  assert.ok(loaded.ok);
  const { verdict } = loaded.engine.decide(exampleFacts({ tool: { name: 'other' } }));
  assert.equal(verdict.effect, 'deny');
  assert.equal(verdict.reasons[0]?.code, 'policy.error');
});

test('a tool name may hold any character', () => {
  const name = 'a"b\\c\n\u{1F600}é\u0000/*';
  const loaded = loadPolicies({
    files: [{ name: 'a.cedar', text: '@id("a") permit (principal, action in Mandate::Action::"call", resource);' }],
    tools: [{ server: 'files', name }],
    ref,
  });
  assert.ok(loaded.ok);
  assert.equal(loaded.engine.decide(exampleFacts({ tool: { name } })).verdict.effect, 'allow');
});

test('a set without policies denies everything', () => {
  const loaded = loadPolicies({ files: [], tools, ref });
  assert.ok(loaded.ok);
  const { verdict } = loaded.engine.decide(exampleFacts({}));
  assert.equal(verdict.effect, 'deny');
  assert.equal(verdict.reasons[0]?.code, 'policy.no_permit');
});
