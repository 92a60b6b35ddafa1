import assert from 'node:assert/strict';
import { test } from 'node:test';
import { argumentsOf, forwardedParams, type Action } from './action.ts';
import { callerName } from './caller.ts';
import { writeKey, type Write } from './change.ts';
import { endCredential, isLive, type Credential } from './credential.ts';
import { ERROR_CODES, isMandateError, MandateError } from './errors.ts';
import { actorId, recordId, serverId } from './ids.ts';
import { instant } from './instant.ts';
import { reason, REASONS } from './reasons.ts';

const bytes = new Uint8Array(10);
const T = instant(7);

test('every code has a sentence', () => {
  for (const [code, sentence] of [...Object.entries(ERROR_CODES), ...Object.entries(REASONS)]) {
    assert.match(code, /^[a-z0-9_]+(\.[a-z0-9_]+)?$/);
    assert.match(sentence, /^[A-Z].*\.$/, code);
  }
  assert.deepEqual(reason('scope.tool'), { code: 'scope.tool', policy: null, message: REASONS['scope.tool'] });
  assert.deepEqual(reason('policy.forbidden', { policy: 'p#1', message: 'No.' }), {
    code: 'policy.forbidden',
    policy: 'p#1',
    message: 'No.',
  });
});

test('an error of ours is known by its code, also from another copy of the module', () => {
  const error = new MandateError('not_found', undefined, { at: '/x', cause: 'c', may_have_run: true });
  assert.deepEqual(
    [error.message, error.at, error.cause, error.may_have_run],
    [ERROR_CODES.not_found, '/x', 'c', true],
  );
  assert.equal(isMandateError(error), true);
  assert.equal(isMandateError(Object.assign(new Error('x'), { name: 'MandateError', code: 'internal' })), true);
  for (const other of [new Error('x'), { name: 'MandateError', code: 'internal' }, null, 'internal'])
    assert.equal(isMandateError(other), false);
});

test('what is shown, digested and forwarded is one text', () => {
  const action: Action = {
    kind: 'call',
    server: serverId('a'),
    tool: 'x',
    method: 'tools/call',
    params: { name: 'x', arguments: { b: 1, a: 2 } },
  };
  assert.equal(forwardedParams(action), '{"arguments":{"a":2,"b":1},"name":"x"}');
  assert.deepEqual(argumentsOf(action), { b: 1, a: 2 });
  for (const given of [undefined, null, [], 'x', 1]) {
    assert.deepEqual(argumentsOf({ ...action, params: given === undefined ? {} : { arguments: given } }), {});
  }
});

test('a credential is live until it ends or expires', () => {
  const credential: Credential = {
    id: recordId('crd', T, bytes),
    kind: 'session',
    hash: 'h',
    actor: actorId('ann'),
    task: null,
    label: null,
    issued_by: null,
    created_at: T,
    expires_at: instant(9),
    stepped_up_at: null,
    ended_at: null,
    ended_reason: null,
    version: 1,
  };
  assert.equal(isLive(credential, instant(8)), true);
  assert.equal(isLive(credential, instant(9)), false);
  assert.equal(isLive({ ...credential, expires_at: null }, instant(99)), true);
  const ended = endCredential(credential, 'why', T);
  assert.equal(isLive(ended, T), false);
  assert.deepEqual([ended.ended_reason, ended.version], ['why', 2]);
});

test('records name the caller, and a write its key', () => {
  assert.equal(callerName({ kind: 'operator' }), 'operator');
  assert.equal(
    callerName({ kind: 'agent', agent: actorId('robo'), task: null, credential: recordId('crd', T, bytes) }),
    'robo',
  );
  const tool = { noun: 'tool', value: { server: serverId('a'), name: 'x/y' } } as Write; // only what the key is made of
  assert.equal(writeKey(tool), 'a/x/y');
  assert.equal(writeKey({ noun: 'policy_set', value: { serial: 3 } } as Write), '3'); // as above
});
