import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MandateError } from './errors.ts';
import { actorId, recordId, serverId } from './ids.ts';
import { instant } from './instant.ts';
import { mintPermit, readPermit, spendPermit, type Permit, type PermitGrant } from './permit.ts';

const bytes = new Uint8Array(10);
const grant: PermitGrant = {
  under: recordId('dec', instant(0), bytes),
  server: serverId('files'),
  task: recordId('tsk', instant(0), bytes),
  agent: actorId('robo'),
  action: {
    kind: 'call',
    server: serverId('files'),
    tool: 'read',
    method: 'tools/call',
    params: { name: 'read', arguments: {} },
  },
  definition_digest: 'sha256:d',
  definition_age_ms_max: 0,
};
const spent = (error: unknown): boolean => error instanceof MandateError && error.code === 'permit.spent';

test('a permit is spent once', () => {
  const permit = mintPermit(grant, () => true);
  assert.equal(readPermit(permit), grant);
  assert.equal(spendPermit(permit), grant);
  assert.throws(() => spendPermit(permit), spent);
  assert.throws(() => readPermit(permit), spent);
});

test('a permit is not good after a revocation, and stays spent', () => {
  let good = false;
  const permit = mintPermit(grant, () => good);
  assert.throws(() => spendPermit(permit), spent);
  good = true;
  assert.throws(() => spendPermit(permit), spent);
});

test('whether it still stands is asked at the moment it is spent, not before', () => {
  let asked = 0;
  const permit = mintPermit(grant, () => {
    asked += 1;
    return true;
  });
  readPermit(permit);
  assert.equal(asked, 0);
  spendPermit(permit);
  assert.equal(asked, 1);
});

test('a permit cannot be made, copied or changed', () => {
  const permit = mintPermit(grant, () => true);
  for (const forged of [
    {},
    { ...permit },
    Object.create(permit),
    structuredClone(permit),
    JSON.parse(JSON.stringify(permit)),
  ]) {
    assert.throws(() => spendPermit(forged as Permit), spent); // what a forger would have to claim
  }
  assert.ok(Object.isFrozen(permit));
  assert.equal(spendPermit(permit), grant);
});
