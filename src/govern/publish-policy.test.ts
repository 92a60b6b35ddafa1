import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openControlFixture } from './control.fixture.ts';
import { publishFiles } from './publish-policy.ts';

const permit = { name: 'team/read.cedar', text: '@id("reads")\npermit (principal, action, resource);\n' };
const forbid = { name: 'team/no.cedar', text: '@id("nothing")\nforbid (principal, action, resource);\n' };

test('files are published whole under a new serial; the same files again change nothing', async () => {
  const control = await openControlFixture();
  const first = await publishFiles(control, { caller: control.operator, files: [permit, forbid], reason: 'Start.' });
  assert.deepEqual(
    [first.serial, first.state, first.files.map((file) => file.name)],
    [1, 'published', ['team/no.cedar', 'team/read.cedar']],
  );
  const records = (await control.records()).length;
  assert.equal(
    (await publishFiles(control, { caller: control.operator, files: [forbid, permit], reason: 'Again.' })).serial,
    1,
  );
  assert.equal((await control.records()).length, records);
  const second = await publishFiles(control, { caller: control.mandate, files: [permit], reason: 'Less.' });
  assert.equal(second.serial, 2);
  const writes = control.announced.at(-1)?.change.writes ?? [];
  assert.deepEqual(
    writes.map((write) => write.noun === 'policy_set' && [write.value.serial, write.value.state]),
    [
      [1, 'superseded'],
      [2, 'published'],
    ],
  );
  assert.equal((await control.store.policySets.published())?.serial, 2);
  const back = await publishFiles(control, { caller: control.operator, files: [permit, forbid], reason: 'Back.' });
  assert.deepEqual([back.serial, back.hash], [3, first.hash], 'a rollback gets a serial of its own');
});

test('files that do not load are named with line and column, and nothing is published', async () => {
  const control = await openControlFixture();
  await publishFiles(control, { caller: control.operator, files: [permit], reason: 'Start.' });
  const broken = {
    name: 'team/broken.cedar',
    text: '@id("x")\npermit (principal, action, resource) when { context.nonsense == 1 };\n',
  };
  await assert.rejects(
    publishFiles(control, { caller: control.operator, files: [permit, broken], reason: 'x' }),
    (error: { code: string; at: string }) => {
      assert.equal(error.code, 'policy.invalid');
      assert.match(error.at, /^team\/broken\.cedar:\d+:\d+$/);
      return true;
    },
  );
  assert.equal(control.snapshot.policySet()?.serial, 1);
});

test('nobody but the operator and Mandate publishes', async () => {
  const control = await openControlFixture();
  for (const id of ['ann', 'bob', 'cleo']) {
    await assert.rejects(publishFiles(control, { caller: await control.human(id), files: [permit], reason: 'x' }), {
      code: 'auth.forbidden',
    });
  }
  assert.equal(control.snapshot.policySet(), undefined);
});
