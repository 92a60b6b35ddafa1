import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { openEvidenceReader } from '../../src/adapters/evidence/read-entries.ts';
import { ORG_ID } from '../../src/core/organisation.ts';
import { ask, mcpRequest } from './api.fixture.ts';
import { folder, runProgram, serving } from './program.fixture.ts';
import { openRecordedOrganisation } from './recorded-organisation.fixture.ts';

test('TH-57: after lists, calls and a clean stop, the next start finds no unknown outcome', async (t) => {
  const data = join(folder(t), 'data');
  const organisation = await openRecordedOrganisation(t, { as: 'inside', data });
  const { token } = await organisation.taskOf();
  const { body, headers } = mcpRequest('tools/list', {});
  for (const path of ['/mcp', '/mcp/rec', '/mcp']) {
    const { status, text } = await ask(`${organisation.url}${path}`, 'POST', token, body, headers);
    assert.equal(status, 200, text);
    assert.match(text, /look"/);
  }
  for (const n of [1, 2]) assert.equal((await organisation.call(token, 'look', { n })).effect, 'allow');
  await organisation.close();

  const again = await serving(t, data);
  assert.equal(await again.stop(), 0);
  const reader = openEvidenceReader(join(data, 'audit.db'), ORG_ID);
  const count = (filter: Parameters<typeof reader.query>[0]): number =>
    reader.query(filter, { limit: 100, cursor: null }).items.length;
  const allowed = count({ kind: 'decision', effect: 'allow' });
  const [completed, unknown, signals] = [
    count({ kind: 'outcome', effect: 'completed' }),
    count({ kind: 'outcome', effect: 'unknown' }),
    count({ kind: 'signal' }),
  ];
  reader.close();
  // Registering the server looked at it, which is a change with an outcome of its own.
  assert.deepEqual({ allowed, completed, unknown, signals }, { allowed: 5, completed: 6, unknown: 0, signals: 0 });
  const verified = await runProgram(t, ['audit', 'verify', '--data', data]);
  assert.equal(verified.status, 0, `${verified.stdout}${verified.stderr}`);
});
