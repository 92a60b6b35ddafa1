import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SIGN_IN_LINK_MS } from '../../core/credential.ts';
import { firstRunLink } from '../../govern/first-run.ts';
import { SESSION_COOKIE } from '../../core/session-cookie.ts';
import { openPagesFixture, type PagesFixture } from './pages.fixture.ts';

const CHOSEN = 'a long enough passphrase';

/** As on a fresh installation: nobody is an admin. */
async function fresh(f: PagesFixture): Promise<string> {
  const ann = f.control.snapshot.human('ann');
  assert.ok(ann);
  await f.control.write({ noun: 'actor', value: { ...ann, roles: ['member'], version: ann.version + 1 } });
  const secret = await firstRunLink(f.pages);
  assert.ok(secret);
  return secret;
}

const choose = (f: PagesFixture, secret: string, passphrase = CHOSEN) => {
  const browser = f.browser();
  const sent = browser.submit(`/sign-in?link=${encodeURIComponent(secret)}`, '/sign-in', {
    passphrase,
    again: passphrase,
  });
  return { browser, sent };
};

test('TH-69 the first-run link works once, and then nobody can take over', async (t) => {
  const f = await openPagesFixture(t);
  const secret = await fresh(f);
  const { browser, sent } = choose(f, secret);
  assert.equal((await sent).status, 303);
  assert.match((await browser.get('/')).text, /First admin/);

  const second = choose(f, secret, 'another long passphrase');
  assert.equal((await second.sent).status, 401);
  assert.ok(!second.browser.cookies.has(SESSION_COOKIE));
  assert.equal(await firstRunLink(f.pages), null);
});

test('TH-69 looking at the link does not use it up; after five minutes it is over', async (t) => {
  const f = await openPagesFixture(t);
  const secret = await fresh(f);
  for (let n = 0; n < 3; n += 1) assert.equal((await f.browser().get(`/sign-in?link=${secret}`)).status, 200);
  f.control.clock.advance(SIGN_IN_LINK_MS);
  const { sent } = choose(f, secret);
  assert.equal((await sent).status, 401);
});

test('TH-69 a newer first-run link ends the one before', async (t) => {
  const f = await openPagesFixture(t);
  const old = await fresh(f);
  const next = await firstRunLink(f.pages);
  assert.ok(next);
  assert.equal((await choose(f, old).sent).status, 401);
  assert.equal((await choose(f, next).sent).status, 303);
});

test('TH-69 there is no open set-up page: without a link nothing makes anybody an admin', async (t) => {
  const f = await openPagesFixture(t);
  await fresh(f);
  for (const link of ['', 'mdl_', `mdl_${'A'.repeat(43)}`, 'x'.repeat(1000)]) {
    const browser = f.browser();
    const sent = await browser.submit(`/sign-in?link=${link}`, '/sign-in', {
      human: 'admin',
      passphrase: CHOSEN,
      again: CHOSEN,
    });
    assert.equal(sent.status, 401, link.slice(0, 20));
    assert.ok(!browser.cookies.has(SESSION_COOKIE));
  }
  for (const path of ['/setup', '/register', '/first-run']) assert.equal((await f.browser().get(path)).status, 404);
  const admins = [...f.control.snapshot.actors()].filter(
    (actor) => actor.kind === 'human' && actor.lifecycle === 'active' && actor.roles.includes('admin'),
  );
  assert.deepEqual(admins, []);
});

test('a passphrase that is short, guessed first or typed differently twice leaves the link usable', async (t) => {
  const f = await openPagesFixture(t);
  const secret = await fresh(f);
  for (const passphrase of ['short', 'First admin', 'aaaaaaaaaaaaaaaa']) {
    assert.equal((await choose(f, secret, passphrase).sent).status, 400, passphrase);
  }
  const browser = f.browser();
  const differ = await browser.submit(`/sign-in?link=${secret}`, '/sign-in', {
    passphrase: CHOSEN,
    again: `${CHOSEN}.`,
  });
  assert.equal(differ.status, 400);
  assert.match(differ.text, /not the same/);
  assert.equal((await choose(f, secret).sent).status, 303);
});

test('a sign-in form that another site made is refused', async (t) => {
  const f = await openPagesFixture(t);
  const secret = await fresh(f);
  const browser = f.browser();
  await browser.get('/sign-in');
  const forged = { link: secret, passphrase: CHOSEN, again: CHOSEN, form: 'guessed' };
  assert.equal((await browser.post('/sign-in', forged)).status, 403);
  assert.equal((await browser.post('/sign-in', forged, { origin: 'http://localhost:3000' })).status, 403);
  assert.equal((await choose(f, secret).sent).status, 303);
});
