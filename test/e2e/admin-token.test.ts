import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ask, done } from './api.fixture.ts';
import type { Approval } from './organisation.fixture.ts';
import { folder, runProgram } from './program.fixture.ts';
import { openRecordedOrganisation, type RecordedOrganisation } from './recorded-organisation.fixture.ts';

const PASSPHRASE = 'chosen by whoever read the disk';

test('whatever lies on the disk or in the hands of the agent approves nothing', async (t) => {
  const org = await openRecordedOrganisation(t);
  const { token } = await org.taskOf();
  const id = await org.hold(token, 'put', { where: 'harbour' });
  const { digest } = await done<Approval>(org.request('GET', `/v1/approvals/${id}`, org.operator));
  const standing = { org, id, digest };

  await t.test('the admin token answers no approval', () => refusedAs(standing, org.operator, 403, 'auth.forbidden'));

  await t.test('a human whom the admin token registered as an approver has no standing', async () => {
    for (const roles of [['approver'], ['admin', 'security', 'approver', 'member']]) {
      const name = `mallory-${roles.length}`;
      const invited = await done<Invited>(org.request('POST', '/v1/humans', org.operator, { id: name, roles }));
      assert.equal(invited.human.vouched_by, null);
      const bearer = await signIn(org, invited.sign_in.url);
      await refusedAs(standing, bearer, 403, 'auth.step_up');
      const proved = await stepUp(org, bearer);
      await refusedAs(standing, proved, 403, 'approval.ineligible');
      const vouched = await org.request('POST', `/v1/humans/${name}/vouch`, proved, {});
      assert.deepEqual([vouched.status, vouched.code], [403, 'auth.forbidden']);
      const other = await done<Invited>(
        org.request('POST', '/v1/humans', proved, { id: `friend-${roles.length}`, roles: ['approver'] }),
      ).catch(() => null);
      assert.equal(other?.human.vouched_by ?? null, null);
    }
    const vouched = await org.request('POST', '/v1/humans/mallory-1/vouch', org.operator, {});
    assert.deepEqual([vouched.status, vouched.code], [403, 'auth.forbidden']);
  });

  await t.test('the admin token cannot become a person who may approve', async () => {
    const reset = await org.request('POST', '/v1/humans/ruth/sign-in-link', org.operator, { reset: true });
    assert.deepEqual([reset.status, reset.code], [403, 'auth.forbidden']);
    // A link without a reset signs in whoever knows the passphrase, and nobody else.
    const link = await done<Invited>(org.request('POST', '/v1/humans/ruth/sign-in-link', org.operator, {}));
    const used = await useLink(org, link.sign_in.url);
    assert.deepEqual([used.status, used.code], [401, 'auth.invalid']);
    // Somebody vouched for who has not signed in yet: their link would be their standing.
    const admin = await org.stepUp('admin');
    await done(org.request('POST', '/v1/humans', admin, { id: 'nils', roles: ['approver'] }));
    const stolen = await org.request('POST', '/v1/humans/nils/sign-in-link', org.operator, {});
    assert.deepEqual([stolen.status, stolen.code], [403, 'auth.forbidden']);
    assert.ok(!stolen.text.includes('mdl_'));
  });

  await t.test('a session that the CLI keeps on the disk neither approves nor vouches', async () => {
    const home = folder(t);
    const env = { MANDATE_URL: org.url, HOME: home };
    const login = await runProgram(t, ['login', 'ruth', '--passphrase-stdin'], {
      env,
      stdin: org.passphraseOf('ruth'),
    });
    assert.equal(login.status, 0, login.stderr);
    const kept = /mdc_[\w-]+/.exec(allText(home))?.[0];
    assert.ok(kept !== undefined, 'no session was kept');
    await refusedAs(standing, kept, 403, 'auth.step_up');
    const adminBearer = org.bearerOf('admin');
    await refusedAs(standing, adminBearer, 403, 'auth.step_up');
    const vouched = await org.request('POST', '/v1/humans/mallory-1/vouch', adminBearer, {});
    assert.deepEqual([vouched.status, vouched.code], [403, 'auth.step_up']);
    const invited = await done<Invited>(
      org.request('POST', '/v1/humans', adminBearer, { id: 'oskar', roles: ['approver'] }),
    );
    assert.equal(invited.human.vouched_by, null);
  });

  await t.test('what the agent holds approves nothing', async () => {
    for (const bearer of [token, await org.keyOf('worker')]) await refusedAs(standing, bearer, 403, 'auth.forbidden');
  });

  await t.test('no file of the data directory holds what approves, as a bearer or as a passphrase', async () => {
    const words = candidates(org.data);
    assert.ok(words.includes(org.operator), 'the admin token was not among them');
    for (const word of words) {
      const { status } = await answer(standing, word, 'approve');
      assert.ok(status === 401 || status === 403, `${status} for a bearer found in the data directory`);
    }
    for (const human of ['admin', 'ruth']) {
      const login = await org.request('POST', '/v1/login', null, { human, passphrase: words[0] });
      assert.deepEqual([login.status, login.code], [401, 'auth.invalid']);
    }
    const secrets = [org.passphraseOf('ruth'), org.bearerOf('ruth'), token].map((secret) => Buffer.from(secret));
    for (const bytes of files(org.data).map((path) => readFileSync(path))) {
      for (const secret of secrets) assert.ok(!bytes.includes(secret), 'a secret stands in the data directory');
    }
  });

  await t.test('after all of it the approval waits, nothing has run, and the right person approves', async () => {
    assert.equal((await done<Approval>(org.request('GET', `/v1/approvals/${id}`, org.operator))).state, 'pending');
    assert.equal((await org.call(token, 'put', { where: 'harbour' })).effect, 'hold');
    assert.equal((await org.approve(id)).state, 'approved');
    assert.equal((await org.call(token, 'put', { where: 'harbour' })).effect, 'allow');
  });
});

interface Invited {
  readonly human: { readonly vouched_by: string | null };
  readonly sign_in: { readonly url: string };
}

interface Standing {
  readonly org: RecordedOrganisation;
  readonly id: string;
  readonly digest: string;
}

function answer({ org, id, digest }: Standing, bearer: string, verdict: string) {
  return org.request('POST', `/v1/approvals/${id}/${verdict}`, bearer, { digest, reason: 'It looks fine.' });
}

async function refusedAs(standing: Standing, bearer: string, status: number, code: string): Promise<void> {
  for (const verdict of ['approve', 'deny', 'confirm']) {
    const refused = await answer(standing, bearer, verdict);
    assert.deepEqual([refused.status, refused.code], [status, code], verdict);
  }
}

function useLink(org: RecordedOrganisation, url: string) {
  const secret = new URL(url).searchParams.get('link');
  return ask(`${org.url}/v1/sign-in`, 'POST', null, { secret, passphrase: PASSPHRASE });
}

async function signIn(org: RecordedOrganisation, url: string): Promise<string> {
  return (await done<{ token: string }>(useLink(org, url))).token;
}

async function stepUp(org: RecordedOrganisation, bearer: string): Promise<string> {
  return (await done<{ token: string }>(org.request('POST', '/v1/step-up', bearer, { passphrase: PASSPHRASE }))).token;
}

function files(path: string): readonly string[] {
  return readdirSync(path, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

function allText(path: string): string {
  return files(path)
    .map((file) => readFileSync(file, 'utf8'))
    .join('\n');
}

/** Whatever in the directory could be somebody's secret: bearers anywhere, and each small file as a whole. */
function candidates(data: string): readonly string[] {
  const found = new Set<string>();
  for (const path of files(data)) {
    const bytes = readFileSync(path);
    const text = bytes.toString('latin1');
    for (const [word] of text.matchAll(/md[a-z]_[\w-]{20,}/g)) found.add(word);
    for (const [hash] of text.matchAll(/sha256:[0-9a-f]{64}/g)) if (found.size < CANDIDATES_MAX) found.add(hash);
    if (bytes.length > 200) continue;
    found.add(text.trim()).add(bytes.toString('base64url')).add(bytes.toString('hex'));
  }
  return [...found].filter((word) => /^[!-~]+$/.test(word));
}

/** Hashes repeat in every record; these many stand for all. */
const CANDIDATES_MAX = 200;
