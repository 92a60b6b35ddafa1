import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CedarRequest, CedarValue } from './decide.ts';
import { overLimits, REQUEST_NODES_MAX, STRING_BYTES_MAX, VALUE_DEPTH_MAX } from './request-limits.ts';
import { callCedar, CedarTrap } from './wasm.ts';
import { wasmDecide } from './wasm-decide.ts';

const schema = `
  entity User; entity Doc; entity Words tags String;
  action read appliesTo { principal: [User], resource: [Doc], context: { n: Long, ok: Bool, words: Words } };
`;
const policies = {
  all: 'permit (principal, action, resource) when { context.ok };',
  word: 'forbid (principal, action, resource) when { context.words.hasTag("bad") && context.words.getTag("bad") like "y*" };',
  overflow: 'forbid (principal, action, resource) when { context.n + 9223372036854775807 > 0 };',
};
const uid = (type: string, id: string) => ({ type, id });
const request = (
  context: { readonly [key: string]: CedarValue } = {},
  tags: Record<string, string> = {},
): CedarRequest => ({
  principal: uid('User', 'u'),
  action: uid('Action', 'read'),
  resource: uid('Doc', 'd'),
  context: { n: -1, ok: true, words: { __entity: uid('Words', 'w') }, ...context },
  entities: [{ uid: uid('Words', 'w'), attrs: {}, parents: [], tags }],
});
const { overflow: _, ...safe } = policies;
const decide = wasmDecide({ schema, policies: safe });

test('an allow and a deny name what determined them', () => {
  assert.deepEqual(decide(request()), { decision: 'allow', determining: ['all'], errors: [] });
  assert.deepEqual(decide(request({}, { bad: 'yes' })), { decision: 'deny', determining: ['word'], errors: [] });
  assert.deepEqual(decide(request({ ok: false })), { decision: 'deny', determining: [], errors: [] });
});

test('a policy that errors is reported, although Cedar goes on without it', () => {
  const answer = wasmDecide({ schema, policies })(request({ n: 1 }));
  assert.equal(answer.decision, 'allow');
  assert.equal(answer.errors[0]?.policy, 'overflow');
});

test('a request outside the schema is refused', () => {
  const { n: _n, ...context } = request().context;
  for (const wrong of [
    request({ n: 'one' }),
    request({ extra: 1 }),
    { ...request(), context },
    { ...request(), action: uid('Action', 'write') },
    { ...request(), principal: uid('Doc', 'd') },
    { ...request(), entities: [{ uid: uid('User', 'u'), attrs: { admin: true }, parents: [] }] },
  ]) {
    const answer = decide(wrong);
    assert.equal(answer.decision, 'deny');
    assert.equal(answer.errors[0]?.policy, null);
  }
});

test('a schema or a policy that does not parse is an error when it is opened', () => {
  assert.throws(() => wasmDecide({ schema: 'entity', policies: {} }));
  assert.throws(() => wasmDecide({ schema, policies: { a: 'permit' } }));
  assert.equal(decide(request()).decision, 'allow');
});

test('two sets stand beside each other', () => {
  const other = wasmDecide({ schema, policies: {} });
  assert.equal(other(request()).decision, 'deny');
  assert.equal(decide(request()).decision, 'allow');
});

test('TH-20 a trap of the engine costs one answer: a fresh instance takes its place', () => {
  const poison = `permit (principal, action, resource) when { ${'('.repeat(5000)}true${')'.repeat(5000)} };`;
  assert.throws(() => callCedar((cedar) => cedar.policyToJson(poison)), CedarTrap);
  assert.deepEqual(decide(request()), { decision: 'allow', determining: ['all'], errors: [] });
});

const nested = (depth: number): CedarValue => {
  let value: CedarValue = 1;
  for (let level = 0; level < depth; level += 1) value = [value];
  return value;
};

const tooMuch: readonly (readonly [what: string, value: CedarValue])[] = [
  ['nested one level too deep', nested(VALUE_DEPTH_MAX - 1)],
  ['nested 100,000 deep', nested(100_000)],
  ['one value too many', Array.from({ length: REQUEST_NODES_MAX }, () => 1)],
  ['a text one byte too long', 'x'.repeat(STRING_BYTES_MAX + 1)],
  ['a text too long only in bytes', 'é'.repeat(STRING_BYTES_MAX / 2 + 1)],
  ['a key that is too long', { ['k'.repeat(STRING_BYTES_MAX + 1)]: 1 }],
  ['a lone surrogate', '\ud800'],
  ['a fraction', 0.5],
  ['an integer beyond 2^53', 2 ** 53],
  ['not a number', Number.NaN],
];
for (const [what, value] of tooMuch) {
  test(`TH-20 a request that holds ${what} never reaches the engine`, () => {
    assert.notEqual(overLimits(request({ extra: value })), null);
    const answer = decide(request({ extra: value }));
    assert.equal(answer.decision, 'deny');
    assert.match(answer.errors[0]?.message ?? '', /^The request (holds|is nested|has more)/);
    assert.equal(decide(request()).decision, 'allow');
  });
}

test('TH-20 a request just inside the limits is decided', () => {
  assert.equal(overLimits(request({ extra: nested(VALUE_DEPTH_MAX - 2) })), null);
  assert.equal(overLimits(request({ extra: 'x'.repeat(STRING_BYTES_MAX) })), null);
  assert.equal(decide(request({}, { bad: 'x'.repeat(STRING_BYTES_MAX) })).decision, 'allow');
});

test('TH-20 a value that holds itself ends at the limit', () => {
  const loop: Record<string, CedarValue> = {};
  loop['self'] = loop;
  assert.notEqual(overLimits(request({ loop })), null);
});
