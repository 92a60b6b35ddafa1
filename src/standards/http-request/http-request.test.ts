import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import { bearerChallenge } from './challenge.ts';
import { readCredential } from './credential.ts';
import { formToken, isFormToken } from './form-token.ts';
import { isHostAllowed } from './host.ts';
import { foreignPage, isForeignPage } from './site.ts';

const hasher = { keyed: (text: string): string => createHmac('sha256', 'k').update(text).digest('hex') };

test('a request carries a bearer, a cookie, both, none, or something nobody should guess about', () => {
  const read = (headers: Record<string, string>) => readCredential(new Headers(headers), 's');
  assert.deepEqual(read({}), { kind: 'none' });
  assert.deepEqual(read({ cookie: 'other=1' }), { kind: 'none' });
  assert.deepEqual(read({ authorization: 'Bearer mdt_x' }), { kind: 'bearer', secret: 'mdt_x' });
  assert.deepEqual(read({ authorization: 'bearer  mdt_x' }), { kind: 'bearer', secret: 'mdt_x' });
  assert.deepEqual(read({ cookie: 'a=b; s=mds_x' }), { kind: 'cookie', secret: 'mds_x' });
  assert.deepEqual(read({ authorization: 'Bearer x', cookie: 's=' }), { kind: 'both' });
  for (const authorization of ['Basic eDp5', 'Bearer', 'Bearer a b', 'Bearer a,b', '']) {
    assert.deepEqual(read({ authorization }), { kind: 'malformed' }, authorization);
  }
  assert.deepEqual(read({ cookie: 's=1; s=2' }), { kind: 'malformed' });
  assert.deepEqual(read({ cookie: 's=' }), { kind: 'malformed' });
});

test('a challenge names no error where nothing was sent', () => {
  assert.equal(bearerChallenge('here', 'missing'), 'Bearer realm="here"');
  assert.equal(bearerChallenge('here', 'invalid'), 'Bearer realm="here", error="invalid_token"');
});

test('a page of another origin or site is foreign whatever it carries; a program is not', () => {
  const ours = 'http://localhost:7373';
  const from = (origin?: string, site?: string) => isForeignPage({ origin, site }, [ours]);
  assert.ok(!from());
  assert.ok(!from(ours, 'same-origin'));
  for (const [origin, site] of [['null'], ['http://localhost:3000'], [ours, 'cross-site'], [undefined, 'cross-site']])
    assert.ok(from(origin, site), `${origin} ${site}`);
});

test('only a named host is ours', () => {
  const allowed = ['127.0.0.1:7373', 'localhost:7373'];
  assert.ok(isHostAllowed('LOCALHOST:7373', allowed));
  for (const host of [null, '', 'evil.example', 'localhost', 'localhost:7374', '127.0.0.1:7373.evil.example']) {
    assert.ok(!isHostAllowed(host, allowed), String(host));
  }
});

test('a request with a cookie comes from our own pages or is refused', () => {
  const ours = 'http://localhost:7373';
  const from = (method: string, headers: Record<string, string>) =>
    foreignPage({ method, headers: new Headers(headers) }, [ours]);
  assert.equal(from('GET', {}), null);
  assert.equal(from('GET', { 'sec-fetch-site': 'none' }), null);
  assert.equal(from('GET', { 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'navigate' }), null);
  assert.equal(from('POST', { origin: ours }), null);
  assert.equal(from('POST', { origin: ours, 'sec-fetch-site': 'same-origin' }), null);
  assert.notEqual(from('GET', { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' }), null);
  assert.notEqual(from('GET', { 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'cors' }), null);
  assert.notEqual(from('POST', {}), null);
  assert.notEqual(from('POST', { origin: 'null' }), null);
  assert.notEqual(from('POST', { origin: 'http://localhost:3000' }), null);
  assert.notEqual(from('POST', { origin: ours, 'sec-fetch-site': 'same-site' }), null);
  assert.notEqual(from('DELETE', { 'sec-fetch-site': 'same-origin' }), null);
});

test('a form token fits its holder and its form, and nothing else', () => {
  const token = formToken(hasher, 'crd_1', 'approve');
  assert.ok(isFormToken(hasher, 'crd_1', 'approve', token));
  assert.ok(!isFormToken(hasher, 'crd_2', 'approve', token));
  assert.ok(!isFormToken(hasher, 'crd_1', 'deny', token));
  for (const given of ['', undefined, null, token.slice(1), `${token}0`]) {
    assert.ok(!isFormToken(hasher, 'crd_1', 'approve', given));
  }
});
