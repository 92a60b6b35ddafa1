import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HOSTILE_STRINGS } from '../../src/standards/unicode/hostile-strings.fixture.ts';
import { done } from './api.fixture.ts';
import { receivedCalls } from './recording-server.fixture.ts';
import type { Approval } from './organisation.fixture.ts';
import { openRecordedOrganisation } from './recorded-organisation.fixture.ts';
import { exactText, openVisitor } from './visitor.fixture.ts';

/** Under what an agent may ask for in ten minutes. */
const CALLS = 16;

test('TH-25 what a person is shown is byte for byte what the server receives, for every hostile string', async (t) => {
  const org = await openRecordedOrganisation(t);
  assert.ok(HOSTILE_STRINGS.length >= 200, `${HOSTILE_STRINGS.length} strings`);
  const ruth = await org.stepUp('ruth');
  const visitor = openVisitor(org.url);
  const signedIn = await visitor.submit('/sign-in', '/sign-in', {
    human: 'ruth',
    passphrase: org.passphraseOf('ruth'),
  });
  assert.equal(signedIn.status, 303, signedIn.text);
  const { token } = await org.taskOf();

  const shown: string[] = [];
  for (let n = 0; n < CALLS; n += 1) {
    const args = argumentsOf(HOSTILE_STRINGS.filter((_, index) => index % CALLS === n));
    const id = await org.hold(token, 'put', args);
    const { subject, digest } = await done<Approval>(org.request('GET', `/v1/approvals/${id}`, ruth));
    assert.deepEqual(JSON.parse(subject.shown), { name: 'put', arguments: args });
    assert.equal(exactText((await visitor.get(`/approvals/${id}`)).text), subject.shown, `the page of call ${n}`);
    shown.push(subject.shown);
    await done(org.request('POST', `/v1/approvals/${id}/approve`, ruth, { digest, reason: 'Looked at it.' }));
    assert.equal((await org.call(token, 'put', args)).effect, 'allow');
  }

  const received = receivedCalls(org.record);
  assert.equal(received.length, CALLS, 'one call for each approval');
  for (const [n, text] of shown.entries()) {
    assert.equal(received[n]?.params, text, `call ${n}`);
  }
});

/** The strings as values, as names where a name may be one, and inside of lists and objects. */
function argumentsOf(strings: readonly string[]): Record<string, unknown> {
  const names = strings.filter((text) => !text.includes('\0'));
  return {
    list: strings,
    named: Object.fromEntries(names.map((text, index) => [`${index} ${text}`, index])),
    nested: { deep: strings.map((text) => ({ text })) },
  };
}
