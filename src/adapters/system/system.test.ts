import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import { isRecordId } from '../../core/ids.ts';
import { systemClock } from './clock.ts';
import { KEY_BYTES_MIN, systemHasher } from './hasher.ts';
import { systemRandom } from './random.ts';

const key = new Uint8Array(KEY_BYTES_MIN).fill(7);
const cheap = { log2N: 4, r: 8, p: 1 };

test('the clock tells the time of the machine and never steps back', () => {
  const clock = systemClock();
  const before = Date.now();
  const now = clock.now();
  assert.ok(now >= before && now <= Date.now());
  let last = clock.monotonicUs();
  for (let i = 0; i < 1000; i += 1) {
    const next = clock.monotonicUs();
    assert.ok(next >= last);
    last = next;
  }
});

test('ids carry their prefix and time, secrets 32 random bytes', () => {
  const random = systemRandom(systemClock());
  const ids = new Set(Array.from({ length: 1000 }, () => random.id('tsk')));
  assert.equal(ids.size, 1000);
  for (const id of ids) assert.ok(isRecordId('tsk', id));
  const secret = random.secret('mdt');
  assert.match(secret, /^mdt_[A-Za-z0-9_-]{43}$/);
  assert.notEqual(secret, random.secret('mdt'));
  assert.equal(random.bytes(5).length, 5);
});

test('sha256 is the plain hash of the UTF-8 text, keyed the HMAC under the key', () => {
  const hasher = systemHasher(key);
  assert.equal(hasher.sha256('abc'), 'sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
  assert.equal(hasher.keyed('é'), `hmac-sha256:${createHmac('sha256', key).update('é').digest('hex')}`);
  assert.notEqual(hasher.keyed('x'), systemHasher(new Uint8Array(32).fill(8)).keyed('x'));
});

test('a key that is too short is refused', () => {
  assert.throws(() => systemHasher(new Uint8Array(31)), RangeError);
});

test('a passphrase matches its own hash and nothing else', async () => {
  const hasher = systemHasher(key, cheap);
  const hash = await hasher.passphrase('correct horse battery');
  assert.doesNotMatch(hash, /correct/);
  assert.notEqual(hash, await hasher.passphrase('correct horse battery'), 'salted');
  assert.equal(await hasher.matchesPassphrase('correct horse battery', hash), true);
  assert.equal(await hasher.matchesPassphrase('correct horse batterz', hash), false);
});

test('a passphrase matches in any Unicode form', async () => {
  const hasher = systemHasher(key, cheap);
  assert.equal(
    await hasher.matchesPassphrase('cafe\u0301 cafe\u0301', await hasher.passphrase('caf\u00e9 caf\u00e9')),
    true,
  );
});

test('a damaged hash matches nothing, and none may ask for boundless work', async () => {
  const hasher = systemHasher(key, cheap);
  const hash = await hasher.passphrase('correct horse battery');
  for (const damaged of [
    '',
    'x',
    hash.slice(0, -1),
    `${hash}A`,
    hash.replace('ln=4', 'ln=31'),
    hash.replace('p=1', 'p=99'),
  ]) {
    assert.equal(await hasher.matchesPassphrase('correct horse battery', damaged), false, damaged);
  }
});

test('the cost of a passphrase in use is what the constants say', async () => {
  const hash = await systemHasher(key).passphrase('correct horse battery');
  assert.match(hash, /^\$scrypt\$ln=15,r=8,p=3\$/);
});
