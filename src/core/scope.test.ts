import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  coversServer,
  coversTool,
  parseToolPattern,
  patternCovers,
  splitToolName,
  toolName,
  TOOL_NAME_CHARS_MAX,
  toolsOutside,
  type ToolPattern,
} from './scope.ts';

const pattern = (text: string): ToolPattern => {
  const parsed = parseToolPattern(text);
  assert.notEqual(parsed, null, text);
  return parsed as ToolPattern; // asserted on the line above
};

test('server/tool and server/* are patterns', () => {
  for (const text of ['files/read', 'a/b', 'files/*', 'a-1/x.y-z_0', `a/${'x'.repeat(TOOL_NAME_CHARS_MAX)}`]) {
    assert.equal(parseToolPattern(text), text);
  }
});

test('anything else is not', () => {
  for (const text of [
    '',
    '/',
    'files',
    'files/',
    '/read',
    '*',
    '*/*',
    '*/read',
    'files/re*',
    'files/**',
    'files/a/*',
    'Files/read',
    '1a/read',
    'a_b/read',
    'a b/c',
    `${'a'.repeat(32)}/x`,
    `a/${'x'.repeat(TOOL_NAME_CHARS_MAX + 1)}`,
  ]) {
    assert.equal(parseToolPattern(text), null, text);
  }
});

test('a name is split at its first slash', () => {
  assert.deepEqual(splitToolName('a/b/c'), { server: 'a', tool: 'b/c' });
  fc.assert(
    fc.property(fc.stringMatching(/^[a-z][a-z0-9-]{0,30}$/), fc.string({ minLength: 1 }), (server, tool) => {
      assert.deepEqual(splitToolName(toolName(server, tool)), { server, tool });
    }),
  );
});

test('a pattern covers its own server only, also when another starts alike', () => {
  assert.equal(patternCovers(pattern('files/*'), toolName('files', 'read')), true);
  assert.equal(patternCovers(pattern('files/*'), toolName('files-2', 'read')), false);
  assert.equal(patternCovers(pattern('files/read'), toolName('files', 'read_all')), false);
  assert.equal(patternCovers(pattern('files/read'), pattern('files/*')), false);
  assert.equal(patternCovers(pattern('files/*'), pattern('files/*')), true);
  assert.equal(coversTool([], toolName('files', 'read')), false);
  assert.equal(coversServer([pattern('files/read')], 'files'), true);
  assert.equal(coversServer([pattern('files/read')], 'file'), false);
});

test('what lies outside is named, and an empty outer list covers nothing', () => {
  assert.deepEqual(toolsOutside([pattern('a/x'), pattern('b/*')], [pattern('a/*'), pattern('b/x')]), ['b/*']);
  assert.deepEqual(toolsOutside([pattern('a/x')], []), ['a/x']);
  assert.deepEqual(toolsOutside([], []), []);
});
