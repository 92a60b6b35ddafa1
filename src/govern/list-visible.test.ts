import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MandateError } from '../core/errors.ts';
import type { AuthorizeDeps, AuthorizeRequest } from './authorize.ts';
import { openAuthorizeFixture, type AuthorizeFixture } from './authorize.fixture.ts';
import { FILES, toolPattern } from './control.fixture.ts';
import { listVisible } from './list-visible.ts';

function listing({ request }: AuthorizeFixture, more: Partial<AuthorizeRequest> = {}): AuthorizeRequest {
  const action = { kind: 'list', server: FILES.id, tool: null, method: 'tools/list', params: {} } as const;
  return { ...request('read_file'), action, ...more };
}

test('TH-57: an allowed list has its outcome before it is released, so a start finds nothing unknown', async () => {
  const fixture = await openAuthorizeFixture('worker', { scope: { tools: [toolPattern('files/read_file')] } });
  const { authorized, tools } = await listVisible(fixture.deps, listing(fixture));
  assert.equal(authorized.effect, 'allow');
  assert.deepEqual(
    tools.map(({ name }) => name),
    ['read_file'],
  );
  assert.deepEqual(await fixture.control.evidence.unanswered(10), []);
  const last = (await fixture.control.records()).at(-1);
  assert.deepEqual([last?.kind, last?.effect, last?.of], ['outcome', 'completed', authorized.decision.id]);
  assert.match(last?.text ?? '', /"result_digest":"hmac-sha256:/);
});

test('a denied list has no tools and no outcome', async () => {
  const fixture = await openAuthorizeFixture();
  const { authorized, tools } = await listVisible(fixture.deps, listing(fixture, { task: null }));
  assert.deepEqual([authorized.effect, tools], ['deny', []]);
  assert.deepEqual(
    (await fixture.control.records()).filter(({ kind }) => kind === 'outcome'),
    [],
  );
});

test('a list whose outcome cannot be recorded is not released: a deny without a receipt', async () => {
  const fixture = await openAuthorizeFixture();
  const { evidence } = fixture.deps;
  const deps: AuthorizeDeps = {
    ...fixture.deps,
    evidence: {
      ...evidence,
      append: async (record, facts) => {
        if (record.kind === 'outcome') throw new MandateError('evidence.unavailable');
        return evidence.append(record, facts);
      },
    },
  };
  const { authorized, tools } = await listVisible(deps, listing(fixture));
  assert.deepEqual([authorized.effect, tools], ['deny', []]);
  assert.ok(authorized.effect === 'deny' && authorized.receipt === null);
  assert.deepEqual(
    authorized.decision.reasons.map(({ code }) => code),
    ['evidence.unavailable'],
  );
  assert.equal(fixture.faults.length, 1);
});
