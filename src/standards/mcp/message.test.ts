import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseStrictResult, type ResultJson } from '../strict-json/parse-strict.ts';
import { readMessage } from './message.ts';
import { eraOf, negotiateLegacy } from './revision.ts';

function parsed(text: string): ResultJson {
  const read = parseStrictResult(Buffer.from(text));
  assert.ok(read.ok);
  return read.value;
}

test('each of the four kinds of message is told apart', () => {
  const kinds = [
    ['{"jsonrpc":"2.0","id":1,"method":"ping"}', 'request'],
    ['{"jsonrpc":"2.0","id":"a","method":"tools/call","params":{}}', 'request'],
    ['{"jsonrpc":"2.0","method":"notifications/initialized"}', 'notification'],
    ['{"jsonrpc":"2.0","id":1,"result":{}}', 'result'],
    ['{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":""}}', 'error'],
    ['{"jsonrpc":"2.0","error":{"code":-32700,"message":"","data":1}}', 'error'],
  ] as const;
  for (const [text, kind] of kinds) assert.equal(readMessage(parsed(text)).kind, kind, text);
});

test('whatever is not exactly one message is refused', () => {
  const wrong = [
    '[]',
    '[{"jsonrpc":"2.0","id":1,"method":"ping"}]',
    'null',
    '1',
    '"x"',
    '9007199254740993',
    '{"id":1,"method":"ping"}',
    '{"jsonrpc":2,"id":1,"method":"ping"}',
    '{"jsonrpc":"2.0"}',
    '{"jsonrpc":"2.0","id":1}',
    '{"jsonrpc":"2.0","id":1,"method":"ping","Method":"tools/call"}',
    '{"jsonrpc":"2.0","id":1,"method":"ping","extra":1}',
    '{"jsonrpc":"2.0","id":null,"method":"ping"}',
    '{"jsonrpc":"2.0","id":1.5,"method":"ping"}',
    '{"jsonrpc":"2.0","id":{},"method":"ping"}',
    '{"jsonrpc":"2.0","id":9007199254740993,"method":"ping"}',
    '{"jsonrpc":"2.0","id":1,"method":""}',
    '{"jsonrpc":"2.0","id":1,"method":1}',
    '{"jsonrpc":"2.0","id":1,"method":"a","params":[]}',
    '{"jsonrpc":"2.0","id":1,"method":"a","params":9007199254740993}',
    '{"jsonrpc":"2.0","id":1,"method":"a","result":{}}',
    '{"jsonrpc":"2.0","id":1,"result":{},"error":{"code":1,"message":""}}',
    '{"jsonrpc":"2.0","id":1,"result":[]}',
    '{"jsonrpc":"2.0","id":1,"result":9007199254740993}',
    '{"jsonrpc":"2.0","id":null,"result":{}}',
    '{"jsonrpc":"2.0","id":1,"result":{},"params":{}}',
    '{"jsonrpc":"2.0","id":1,"error":{"message":""}}',
    '{"jsonrpc":"2.0","id":1,"error":{"code":"1","message":""}}',
    '{"jsonrpc":"2.0","id":1,"error":{"code":1}}',
  ];
  for (const text of wrong) assert.equal(readMessage(parsed(text)).kind, 'refused', text);
});

test('no JSON value makes it throw', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      readMessage(JSON.parse(JSON.stringify(value)) as ResultJson); // JSON by construction
    }),
  );
});

test('an unknown revision has no era, and is negotiated to the newest legacy one', () => {
  assert.equal(eraOf('2026-07-28'), 'modern');
  assert.equal(eraOf('2025-06-18'), 'legacy');
  for (const text of ['', '2026-07-29', '2025-11-25 ', 'constructor']) assert.equal(eraOf(text), undefined);
  assert.equal(negotiateLegacy('2025-06-18'), '2025-06-18');
  assert.equal(negotiateLegacy('1999-01-01'), '2025-11-25');
});
