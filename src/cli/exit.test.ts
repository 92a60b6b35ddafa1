import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ERROR_CODES, MandateError, type ErrorCode } from '../core/errors.ts';
import { EXIT, exitStatus, toMandateError } from './exit.ts';

test('every code has an exit status, and none is done', () => {
  const codes = Object.keys(ERROR_CODES) as ErrorCode[]; // the keys of a literal
  for (const code of codes) assert.ok([1, 2, 3, 4].includes(exitStatus(code)), code);
});

test('statuses tell a no from a wrong command, an absent server and a fault', () => {
  const expected: Partial<Record<ErrorCode, number>> = {
    'auth.forbidden': EXIT.refused,
    'approval.digest': EXIT.refused,
    not_found: EXIT.refused,
    'data.damaged': EXIT.refused,
    'input.invalid': EXIT.usage,
    'config.invalid': EXIT.usage,
    'listen.taken': EXIT.usage,
    'data.locked': EXIT.usage,
    'data.unreadable': EXIT.usage,
    'upstream.unreachable': EXIT.unreachable,
    'store.unavailable': EXIT.unreachable,
    internal: EXIT.internal,
  };
  for (const [code, status] of Object.entries(expected)) assert.equal(exitStatus(code as ErrorCode), status, code);
});

test('whatever is not an error of ours is an internal fault', () => {
  assert.equal(toMandateError(new TypeError('x is not a function')).code, 'internal');
  assert.equal(toMandateError('a string').code, 'internal');
  const ours = new MandateError('not_found');
  assert.equal(toMandateError(ours), ours);
});
