import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { FILE_BYTES_MAX, readPolicyFolder, SHIPPED_POLICIES } from './read-policy-folder.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mandate-policies-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

test('policies and their tests are read from all sub-folders, in order of their names', async () => {
  await mkdir(join(folder, 'team'));
  await writeFile(join(folder, 'team', 'b.cedar'), 'b');
  await writeFile(join(folder, 'a.tests.yaml'), 'a');
  await writeFile(join(folder, 'README.md'), 'passed over');
  await symlink('/etc/passwd', join(folder, 'link.cedar'));
  assert.deepEqual(await readPolicyFolder(folder), [
    { name: 'a.tests.yaml', text: 'a' },
    { name: 'team/b.cedar', text: 'b' },
  ]);
  assert.deepEqual(await readPolicyFolder(`${folder}/`), await readPolicyFolder(folder));
});

test('the shipped packs are where the program looks for them', async () => {
  assert.ok((await readPolicyFolder(SHIPPED_POLICIES)).some((file) => file.name === 'baseline/permit.cedar'));
});

test('a folder that is not there, is empty, or holds what is not text is refused', async () => {
  const refused = { name: 'MandateError', code: 'policy.invalid' };
  await assert.rejects(readPolicyFolder(join(folder, 'none')), refused);
  await assert.rejects(readPolicyFolder(folder), refused);
  await writeFile(join(folder, 'a.cedar'), Uint8Array.of(0xff, 0xfe));
  await assert.rejects(readPolicyFolder(folder), refused);
});

test('a file that is too large is refused', async () => {
  await writeFile(join(folder, 'a.cedar'), 'x'.repeat(FILE_BYTES_MAX));
  assert.equal((await readPolicyFolder(folder)).length, 1);
  await writeFile(join(folder, 'a.cedar'), 'x'.repeat(FILE_BYTES_MAX + 1));
  await assert.rejects(readPolicyFolder(folder), { code: 'policy.invalid' });
});
