import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { CHAIN_LINKS_MAX, extendChain, isInChain, widenings, type Chain, type Grant } from './delegation.ts';
import { actorId } from './ids.ts';
import { instant } from './instant.ts';
import { coversTool, toolName, type Budget, type Scope, type ToolPattern } from './scope.ts';
import { DATA_CLASSES } from './tool.ts';

const SERVERS = ['a', 'b', 'a-b'];
const TOOLS = ['x', 'y', 'x_y'];
const DESTINATIONS = ['host:a', 'host:b', 'email:c'];
const everyTool = SERVERS.flatMap((server) => TOOLS.map((tool) => toolName(server, tool)));

const patterns = fc.subarray(
  SERVERS.flatMap((server) => ['*', ...TOOLS].map((tool) => `${server}/${tool}` as ToolPattern)),
); // of the form parseToolPattern checks
const scope: fc.Arbitrary<Scope> = fc.record(
  { tools: patterns, destinations: fc.subarray(DESTINATIONS), data_ceiling: fc.constantFrom(...DATA_CLASSES) },
  { requiredKeys: ['tools'] },
);
const budget: fc.Arbitrary<Budget> = fc.record(
  { calls: fc.nat(5), spend: fc.nat(5), records: fc.nat(5) },
  { requiredKeys: [] },
);
const grant: fc.Arbitrary<Grant> = fc.record({ scope, budget, expires_at: fc.nat(5).map(instant) });

/** Whether the grant lets this through; written anew, without the code under test. */
function allows(
  granted: Grant,
  use: { tool: string; destination: string; data: number; calls: number; spend: number; records: number; at: number },
): boolean {
  const tool = granted.scope.tools.some(
    (pattern) => pattern === use.tool || (pattern.endsWith('/*') && use.tool.split('/')[0] === pattern.slice(0, -2)),
  );
  const within = (limit: number | undefined, used: number): boolean => limit === undefined || used <= limit;
  return (
    tool &&
    (granted.scope.destinations === undefined || granted.scope.destinations.includes(use.destination)) &&
    (granted.scope.data_ceiling === undefined || use.data <= DATA_CLASSES.indexOf(granted.scope.data_ceiling)) &&
    within(granted.budget.calls, use.calls) &&
    within(granted.budget.spend, use.spend) &&
    within(granted.budget.records, use.records) &&
    use.at < granted.expires_at
  );
}
const use = fc.record({
  tool: fc.constantFrom(...everyTool.map(String)),
  destination: fc.constantFrom(...DESTINATIONS),
  data: fc.nat(3),
  calls: fc.nat(6),
  spend: fc.nat(6),
  records: fc.nat(6),
  at: fc.nat(6),
});

test('delegation only narrows: a child without widenings allows nothing that its parent does not', () => {
  fc.assert(
    fc.property(grant, grant, use, (child, parent, one) => {
      if (widenings(child, parent).length === 0 && allows(child, one)) assert.ok(allows(parent, one));
    }),
    { numRuns: 2000 },
  );
});

test('whatever a child allows and its parent does not is named as a widening', () => {
  fc.assert(
    fc.property(grant, grant, use, (child, parent, one) => {
      if (allows(child, one) && !allows(parent, one)) assert.notDeepEqual(widenings(child, parent), []);
    }),
    { numRuns: 2000 },
  );
});

test('a grant narrows itself, and narrowing is transitive', () => {
  fc.assert(
    fc.property(grant, grant, grant, (a, b, c) => {
      assert.deepEqual(widenings(a, a), []);
      if (widenings(a, b).length === 0 && widenings(b, c).length === 0) assert.deepEqual(widenings(a, c), []);
    }),
    { numRuns: 2000 },
  );
});

test('each limit of a parent is refused by name one step outside, and accepted just inside', () => {
  const parent: Grant = {
    scope: { tools: ['a/x' as ToolPattern], destinations: ['host:a'], data_ceiling: 'internal' }, // a pattern by its form
    budget: { calls: 3, spend: 3, records: 3 },
    expires_at: instant(10),
  };
  assert.deepEqual(widenings(parent, parent), []);
  const wider = (child: Partial<Grant>): readonly string[] => widenings({ ...parent, ...child }, parent);
  const scoped = (more: Partial<Scope>): Partial<Grant> => ({ scope: { ...parent.scope, ...more } });
  assert.match(wider(scoped({ tools: ['a/*' as ToolPattern] })).join(), /a\/\* is not in the parent's tools/);
  assert.match(wider(scoped({ destinations: ['host:a', 'host:b'] })).join(), /host:b/);
  assert.match(wider({ scope: { tools: parent.scope.tools, data_ceiling: 'internal' } }).join(), /destinations/);
  assert.match(wider(scoped({ data_ceiling: 'confidential' })).join(), /internal or lower/);
  assert.match(wider({ scope: { tools: parent.scope.tools, destinations: [] } }).join(), /ceiling/);
  for (const unit of ['calls', 'spend', 'records'] as const) {
    assert.match(wider({ budget: { ...parent.budget, [unit]: 4 } }).join(), new RegExp(unit));
    const { [unit]: _, ...without } = parent.budget;
    assert.match(wider({ budget: without }).join(), new RegExp(unit));
  }
  assert.match(wider({ expires_at: instant(11) }).join(), /outlive/);
});

test('a chain grows by one, never twice through the same actor and never beyond its limit', () => {
  let chain: Chain = [{ actor: actorId('ann'), kind: 'human' }];
  assert.deepEqual(extendChain(chain, { actor: actorId('ann'), kind: 'agent' }), {
    refused: 'ann is in the chain already.',
  });
  for (let n = 2; n <= CHAIN_LINKS_MAX; n += 1) {
    const longer = extendChain(chain, { actor: actorId(`agent-${n}`), kind: 'agent' });
    assert.ok('chain' in longer);
    assert.deepEqual(longer.chain.slice(0, -1), chain);
    chain = longer.chain;
  }
  assert.ok('refused' in extendChain(chain, { actor: actorId('one-more'), kind: 'agent' }));
  assert.equal(isInChain(chain, actorId('agent-3')), true);
  assert.equal(isInChain(chain, actorId('agent')), false);
});

test('the reference of this test and the code agree on which tools a list covers', () => {
  fc.assert(
    fc.property(patterns, fc.constantFrom(...everyTool), (list, tool) => {
      const reference = list.some((pattern) => pattern === (tool as string) || pattern === `${tool.split('/')[0]}/*`); // ToolName is text
      assert.equal(coversTool(list, tool), reference);
    }),
  );
});
