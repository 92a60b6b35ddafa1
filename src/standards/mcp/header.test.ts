import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeHeaderValue, encodeHeaderValue, isSessionId, nameHeaderValue, SESSION_ID_CHARS_MAX } from './header.ts';
import { paramHeadersOf, paramHeaderValues } from './param-header.ts';

test('plain text stands for itself, everything else is base64 of its UTF-8', () => {
  assert.equal(encodeHeaderValue('read_file'), 'read_file');
  assert.equal(encodeHeaderValue('a b\tc'), 'a b\tc');
  assert.equal(encodeHeaderValue(''), '=?base64??=');
  assert.equal(encodeHeaderValue(' a'), '=?base64?IGE=?=');
  assert.equal(encodeHeaderValue('grün'), '=?base64?Z3LDvG4=?=');
  assert.equal(encodeHeaderValue('=?base64?YQ==?='), '=?base64?PT9iYXNlNjQ/WVE9PT89?=');
});

test('TH-49: no text makes a header value with a line break, and each value has one reading', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      fc.pre(text.isWellFormed());
      const value = encodeHeaderValue(text);
      assert.match(value, /^[\t -~]+$/);
      assert.equal(value, value.trim());
      assert.equal(decodeHeaderValue(value), text);
    }),
  );
});

test('a header value that no writer makes is refused', () => {
  for (const value of [
    '',
    ' a',
    'a ',
    'a\r\nb',
    'ü',
    'a\0',
    '=?base64?YQ?=',
    '=?base64?Y!==?=',
    '=?base64?/w==?=',
    '=?base64?YR==?=',
  ]) {
    assert.equal(decodeHeaderValue(value), undefined, JSON.stringify(value));
  }
});

test('Mcp-Name repeats the name of a tool or prompt and the address of a resource', () => {
  assert.equal(nameHeaderValue('tools/call', { name: 'x' }), 'x');
  assert.equal(nameHeaderValue('resources/read', { uri: 'file:///x', name: 'y' }), 'file:///x');
  assert.equal(nameHeaderValue('tools/list', { name: 'x' }), undefined);
  assert.equal(nameHeaderValue('constructor', { name: 'x' }), undefined);
});

test('a session id is visible ASCII of bounded length', () => {
  assert.ok(isSessionId('a'.repeat(SESSION_ID_CHARS_MAX)));
  for (const text of ['', 'a b', 'a\n', 'ü', 'a'.repeat(SESSION_ID_CHARS_MAX + 1)]) assert.ok(!isSessionId(text));
});

test('arguments that a schema asks for become headers, also nested ones', () => {
  const read = paramHeadersOf({
    type: 'object',
    properties: {
      region: { type: 'string', 'x-mcp-header': 'Region' },
      deep: { type: 'object', properties: { count: { type: 'integer', 'x-mcp-header': 'Count' } } },
      dry: { type: 'boolean', 'x-mcp-header': 'Dry' },
    },
  });
  assert.ok(read.ok);
  assert.deepEqual(paramHeaderValues(read.headers, { region: 'a\r\nb', deep: { count: 3 }, dry: null }), {
    'Mcp-Param-Region': '=?base64?YQ0KYg==?=',
    'Mcp-Param-Count': '3',
  });
});

test('a schema that asks for a header in a place or way that is not allowed is refused', () => {
  const property = (schema: Record<string, string>) => ({ type: 'object', properties: { a: schema } });
  const wrong = [
    { type: 'object', 'x-mcp-header': 'A' },
    property({ type: 'number', 'x-mcp-header': 'A' }),
    property({ type: 'string', 'x-mcp-header': 'A B' }),
    property({ type: 'string', 'x-mcp-header': 'A\r\nB: c' }),
    property({ type: 'string', 'x-mcp-header': '' }),
    { type: 'object', properties: { a: { type: 'array', items: { type: 'string', 'x-mcp-header': 'A' } } } },
    { type: 'object', anyOf: [{ properties: { a: { type: 'string', 'x-mcp-header': 'A' } } }] },
    {
      type: 'object',
      properties: { a: { type: 'string', 'x-mcp-header': 'A' }, b: { type: 'string', 'x-mcp-header': 'a' } },
    },
  ];
  for (const schema of wrong) assert.equal(paramHeadersOf(schema).ok, false, JSON.stringify(schema));
});
