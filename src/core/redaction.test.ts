import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Json } from './json.ts';
import { REDACTED, redactJson, redactText } from './redaction.ts';

const from = (chars: string, length: number): fc.Arbitrary<string> =>
  fc.string({ unit: fc.constantFrom(...chars.split('')), minLength: length, maxLength: length });
const ALNUM = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
const URL64 = `${ALNUM}-_`;
const text = fc.string({ unit: fc.constantFrom(...Array.from('abc XYZ.,;:()[]{}"\'\n\té€😀')), maxLength: 40 });

/** The part that must not survive, and the text it stands in. */
const planted: fc.Arbitrary<{ readonly secret: string; readonly text: string }> = fc.oneof(
  ...['ghp_', 'gho_', 'ghs_'].map((prefix) => from(ALNUM, 36).map((body) => ({ secret: body, text: prefix + body }))),
  from(`${ALNUM}_`, 40).map((body) => ({ secret: body, text: `github_pat_${body}` })),
  from(URL64, 20).map((body) => ({ secret: body, text: `glpat-${body}` })),
  from(ALNUM, 24).map((body) => ({ secret: body, text: `xoxb-${body}` })),
  from(ALNUM, 48).map((body) => ({ secret: body, text: `sk-${body}` })),
  from('ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789', 16).map((body) => ({ secret: body, text: `AKIA${body}` })),
  from(URL64, 35).map((body) => ({ secret: body, text: `AIza${body}` })),
  from(URL64, 43).map((body) => ({ secret: body, text: `eyJ${body}.${body}.${body}` })),
  ...['mdt', 'mdk', 'mds', 'mdc', 'mdl', 'mda'].map((prefix) =>
    from(URL64, 43).map((body) => ({ secret: body, text: `${prefix}_${body}` })),
  ),
  from(ALNUM, 30).map((body) => ({ secret: body, text: `Authorization: Bearer ${body}` })),
  from(ALNUM, 30).map((body) => ({ secret: body, text: `postgres://app:${body}@db.example:5432/x` })),
  from(ALNUM, 64).map((body) => ({
    secret: body,
    text: `-----BEGIN RSA PRIVATE KEY-----\n${body}\n-----END RSA PRIVATE KEY-----`,
  })),
);

test('no planted secret survives in a text', () => {
  fc.assert(
    fc.property(
      text,
      fc.constantFrom(' ', '_', '-', '=', '"'),
      planted,
      fc.constantFrom(' ', '_', '"', '\n'),
      text,
      (before, left, { secret, text: whole }, right, after) => {
        const clean = redactText(`${before}${left}${whole}${right}${after}`);
        assert.ok(!clean.includes(secret), clean);
        assert.ok(clean.includes(REDACTED));
      },
    ),
    { numRuns: 2000 },
  );
});

test('no planted secret survives anywhere in a value: in strings, in keys, deep inside', () => {
  fc.assert(
    fc.property(planted, fc.nat(3), text, ({ secret, text: whole }, place, key) => {
      const value: Json =
        [{ a: [whole] }, { [`x ${whole}`]: 1 }, { a: { b: [[{ [key]: `${key} ${whole}` }]] } }, [[whole]]][place] ??
        null;
      assert.ok(!JSON.stringify(redactJson(value)).includes(secret));
    }),
  );
});

test('a value under a key that says secret is taken out whole, whatever it looks like', () => {
  for (const key of [
    'password',
    'Passphrase',
    'client_secret',
    'API-KEY',
    'apikey',
    'access_token',
    'x-auth-token',
    'cookie',
    'authorization',
    'private_key',
    'credentials',
    'db_password',
  ]) {
    assert.deepEqual(
      redactJson({ [key]: { deep: 'hunter2' }, other: 'kept' }),
      { [key]: REDACTED, other: 'kept' },
      key,
    );
  }
  assert.deepEqual(redactJson({ password: null }), { password: null });
});

test('a text without a secret stays as it is', () => {
  fc.assert(fc.property(text, (plain) => assert.equal(redactText(plain), plain)));
  for (const plain of [
    'The token of the task',
    'sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    'tsk_01hzy3v6k8m2n4p6q8r0s2t4v6',
    'https://example.com:8443/a@b',
    'sk-short',
    'basic idea',
    'crd_01hzy3v6k8m2n4p6q8r0s2t4v6',
    'a@b.example',
    'mailto:a@b.example',
  ]) {
    assert.equal(redactText(plain), plain);
  }
});

test('a value without a secret stays as it is, also with awkward keys', () => {
  fc.assert(
    fc.property(fc.jsonValue({ stringUnit: fc.constantFrom(...Array.from('abcXYZ .,')) }), (value) => {
      assert.deepEqual(redactJson(value as Json), value); // jsonValue makes JSON
    }),
  );
  const awkward = JSON.parse(
    '{"__proto__":{"a":1},"constructor":1,"tokens":3,"token_id":"x","credentials_ended":2}',
  ) as Json; // JSON by parsing
  assert.deepEqual(redactJson(awkward), awkward);
  assert.ok(Object.hasOwn(redactJson(awkward) as object, '__proto__')); // an object stays one
});

test('redacting twice changes nothing more', () => {
  fc.assert(
    fc.property(text, planted, (before, { text: whole }) => {
      const once = redactText(`${before} ${whole}`);
      assert.equal(redactText(once), once);
    }),
  );
});
