import assert from 'node:assert/strict';
import { test } from 'node:test';
import { STEP_UP_MS } from '../../core/credential.ts';
import { authorize } from '../../govern/authorize.ts';
import { changeLifecycle } from '../../govern/change-lifecycle.ts';
import { PASSPHRASE } from '../../govern/control.fixture.ts';
import { SESSION_COOKIE } from '../../core/session-cookie.ts';
import { hiddenFields, openPagesFixture } from './pages.fixture.ts';

test('every page, refusals and assets too, carries the headers that keep scripts and frames out', async (t) => {
  const f = await openPagesFixture(t);
  const approval = await f.hold();
  const browser = await f.signedIn('ann');
  const pages = [
    await browser.get('/'),
    await browser.get(`/approvals/${approval.id}`),
    await browser.get('/approvals/apr_nothing'),
    await browser.get('/step-up'),
    await f.browser().get('/sign-in'),
    await f.browser().get('/'),
    await browser.get('/assets/style.css'),
    await browser.get('/assets/icon.svg'),
    await browser.get('/', { 'sec-fetch-site': 'cross-site' }),
    await f.browser().get('/sign-in', { host: 'evil.example' }),
  ];
  for (const { headers, status } of pages) {
    const policy = String(headers['content-security-policy']);
    for (const part of [
      "default-src 'none'",
      "style-src 'self'",
      "form-action 'self'",
      "frame-ancestors 'none'",
      "base-uri 'none'",
      "require-trusted-types-for 'script'",
    ]) {
      assert.ok(policy.includes(part), `${status}: ${part}`);
    }
    assert.doesNotMatch(policy, /unsafe|\*|data:/);
    assert.equal(headers['x-content-type-options'], 'nosniff');
    assert.equal(headers['cross-origin-opener-policy'], 'same-origin');
    assert.equal(headers['cache-control'], 'no-store');
    assert.equal(headers['referrer-policy'], 'same-origin');
  }
  for (const { text } of pages) assert.doesNotMatch(text, /<script|style="|\son[a-z]+="/);
});

test('nobody who is not signed in sees anything, and is sent back after signing in', async (t) => {
  const f = await openPagesFixture(t);
  const approval = await f.hold();
  const browser = f.browser();
  assert.equal((await browser.get('/')).headers.location, '/sign-in');
  const asked = await browser.get(`/approvals/${approval.id}`);
  assert.equal(asked.status, 303);
  const done = await browser.submit(String(asked.headers.location), '/sign-in', {
    human: 'ann',
    passphrase: PASSPHRASE,
  });
  assert.equal(done.headers.location, `/approvals/${approval.id}`);
  assert.equal((await browser.get(`/approvals/${approval.id}`)).status, 200);
  for (const next of ['//evil.example', 'https://evil.example/', '/\\evil.example', '/sign-out']) {
    const elsewhere = f.browser();
    const sent = await elsewhere.submit(`/sign-in?next=${encodeURIComponent(next)}`, '/sign-in', {
      human: 'ann',
      passphrase: PASSPHRASE,
    });
    assert.equal(sent.headers.location, '/', next);
  }
});

test('the cookie of a session is unreadable to scripts, stays on this site, and needs TLS where there is TLS', async (t) => {
  for (const [publicUrl, secure] of [
    [undefined, false],
    ['https://mandate.example', true],
  ] as const) {
    const f = await openPagesFixture(t, publicUrl);
    const browser = f.browser();
    const done = await browser.submit('/sign-in', '/sign-in', { human: 'ann', passphrase: PASSPHRASE });
    const cookie = done.headers['set-cookie']?.find((one) => one.startsWith(SESSION_COOKIE));
    assert.match(
      cookie ?? '',
      /^mandate_session=mds_[^;]+; Max-Age=43200; Path=\/; HttpOnly;( Secure;)? SameSite=Strict$/,
    );
    assert.equal(cookie?.includes('Secure'), secure);
  }
});

test('a wrong passphrase, an unknown human and too many attempts are refused alike, without a session', async (t) => {
  const f = await openPagesFixture(t);
  const browser = f.browser();
  for (const human of ['ann', 'nobody']) {
    const refused = await browser.submit('/sign-in', '/sign-in', { human, passphrase: 'not the right one' });
    assert.equal(refused.status, 401);
    assert.match(refused.text, /The human or the passphrase is wrong/);
  }
  for (let n = 0; n < 4; n += 1)
    await browser.submit('/sign-in', '/sign-in', { human: 'ann', passphrase: 'not the right one' });
  const limited = await browser.submit('/sign-in', '/sign-in', { human: 'ann', passphrase: PASSPHRASE });
  assert.equal(limited.status, 429);
  assert.ok(!browser.cookies.has(SESSION_COOKIE));
});

test('approving in the browser lets exactly that call run, once', async (t) => {
  const f = await openPagesFixture(t);
  const approval = await f.hold('delete_file', { path: 'a.txt' });
  const browser = await f.signedIn('ann');
  const home = await browser.get('/');
  assert.match(home.text, /Waiting for you \(1\)/);
  assert.ok(home.text.includes(`href="/approvals/${approval.id}"`));
  assert.match(home.text, /Held/);

  f.control.clock.advance(STEP_UP_MS);
  const path = `/approvals/${approval.id}`;
  const page = await browser.get(path);
  assert.match(page.text, /name="passphrase"/);
  assert.ok(page.text.includes(approval.digest));
  assert.match(page.text, /wants to call\s+<b>delete_file<\/b> on the server <b>files<\/b> in\s+<b>dev<\/b>/);
  const without = await browser.submit(path, path, { verdict: 'approve', reason: 'Fine.' });
  assert.equal(without.status, 403);
  assert.match(without.text, /auth\.step_up/);
  const wrong = await browser.submit(path, path, {
    verdict: 'approve',
    reason: 'Fine.',
    passphrase: 'not the right one',
  });
  assert.equal(wrong.status, 401);
  const done = await browser.submit(path, path, { verdict: 'approve', reason: 'Fine.', passphrase: PASSPHRASE });
  assert.equal(done.status, 303, done.text);
  assert.match((await browser.get(path)).text, /call again with the same arguments/);

  assert.equal((await authorize(f.deps, f.request('delete_file', { path: 'b.txt' }))).effect, 'hold');
  assert.equal((await authorize(f.deps, f.request('delete_file', { path: 'a.txt' }))).effect, 'allow');
  assert.equal((await authorize(f.deps, f.request('delete_file', { path: 'a.txt' }))).effect, 'hold');
  assert.match((await browser.get(path)).text, /cannot be used again/);
});

test('another digest, another verdict and a decided question are said plainly', async (t) => {
  const f = await openPagesFixture(t);
  const approval = await f.hold();
  const path = `/approvals/${approval.id}`;
  const browser = await f.signedIn('ann');
  const swapped = await browser.submit(path, path, { verdict: 'approve', reason: 'Fine.', digest: 'sha256:00' });
  assert.equal(swapped.status, 409);
  assert.match(swapped.text, /role="alert"[^]*approval\.digest/);
  assert.equal((await browser.submit(path, path, { verdict: 'perhaps', reason: 'Fine.' })).status, 400);
  const form = hiddenFields((await browser.get(path)).text, path);
  assert.equal((await browser.post(path, { ...form, verdict: 'deny', reason: 'Not this.' })).status, 303);
  const late = await browser.post(path, { ...form, verdict: 'approve', reason: 'Fine.' });
  assert.equal(late.status, 409);
  assert.match(late.text, /approval\.decided/);
  assert.match(late.text, /Not this\./);
});

test('who may not answer reads why and gets no buttons, and their form is refused', async (t) => {
  const f = await openPagesFixture(t);
  const approval = await f.hold();
  const path = `/approvals/${approval.id}`;
  const dora = await f.signedIn('dora');
  const page = await dora.get(path);
  assert.match(page.text, /You cannot answer this one\. Whoever asked for it/);
  assert.doesNotMatch(page.text, /name="verdict"/);
  const ann = await f.signedIn('ann');
  const stolen = hiddenFields((await ann.get(path)).text, path);
  assert.equal((await dora.post(path, { ...stolen, verdict: 'approve', reason: 'Mine.' })).status, 403);
  assert.equal(f.control.snapshot.approval(approval.id)?.state, 'pending');
});

test('a form of another page, another site, another session or another approval changes nothing', async (t) => {
  const f = await openPagesFixture(t);
  const approval = await f.hold();
  const other = await f.hold('delete_file', { path: 'other.txt' });
  const path = `/approvals/${approval.id}`;
  const browser = await f.signedIn('ann');
  const form: Readonly<Record<string, string>> = {
    ...hiddenFields((await browser.get(path)).text, path),
    verdict: 'approve',
    reason: 'Fine.',
  };
  const refusals = [
    await browser.post(path, form, { origin: 'http://localhost:3000' }),
    await browser.post(path, form, { origin: 'null' }),
    await browser.post(path, form, { 'sec-fetch-site': 'cross-site' }),
    await browser.post(path, form, { 'sec-fetch-site': 'same-site' }),
    await browser.post(path, form, { host: 'evil.example' }),
    await browser.post(path, { ...form, form: '' }),
    await browser.post(path, {
      ...form,
      form: hiddenFields((await browser.get(`/approvals/${other.id}`)).text, `/approvals/${other.id}`)['form'] ?? '',
    }),
    await browser.post('/sign-out', { form: form['form'] ?? '' }),
  ];
  for (const refused of refusals) assert.equal(refused.status, 403, refused.text);
  assert.equal((await browser.post(path, { ...form, surplus: '1' })).status, 400);
  assert.equal((await browser.get(path, { authorization: 'Bearer mda_x' })).status, 400);
  assert.equal((await f.browser().get(path, { authorization: 'Bearer mda_x' })).status, 401);
  assert.equal(f.control.snapshot.approval(approval.id)?.state, 'pending');
});

test('signing out ends the session itself, not only the cookie', async (t) => {
  const f = await openPagesFixture(t);
  const browser = await f.signedIn('ann');
  const kept = browser.cookies.get(SESSION_COOKIE) ?? '';
  assert.equal((await browser.submit('/', '/sign-out', {})).status, 303);
  browser.cookies.set(SESSION_COOKIE, kept);
  assert.equal((await browser.get('/')).status, 303);
});

test('the second factor is proved again on a page of its own', async (t) => {
  const f = await openPagesFixture(t);
  const browser = await f.signedIn('ann');
  f.control.clock.advance(STEP_UP_MS);
  assert.equal((await browser.submit('/step-up', '/step-up', { passphrase: 'not the right one' })).status, 401);
  assert.equal((await browser.submit('/step-up', '/step-up', { passphrase: PASSPHRASE })).status, 303);
  const approval = await f.hold();
  assert.doesNotMatch((await browser.get(`/approvals/${approval.id}`)).text, /name="passphrase"/);
});

test('a human who is suspended sees and answers nothing more, also on a page that is open', async (t) => {
  const f = await openPagesFixture(t);
  const approval = await f.hold();
  const browser = await f.signedIn('ann');
  const path = `/approvals/${approval.id}`;
  const open = await browser.get(path);
  await changeLifecycle(f.control, { caller: f.control.operator, actor: 'ann', to: 'suspended', reason: 'Stop.' });
  assert.equal((await browser.get('/')).headers['location'], '/sign-in');
  const sent = { ...hiddenFields(open.text, path), verdict: 'approve', reason: 'Go on.', passphrase: PASSPHRASE };
  assert.equal((await browser.post(path, sent)).status, 401);
  assert.equal(f.control.snapshot.approval(approval.id)?.votes.length, 0);
  const again = await f.browser().submit('/sign-in', '/sign-in', { human: 'ann', passphrase: PASSPHRASE });
  assert.equal(again.status, 401);
});
