import assert from 'node:assert/strict';
import { test } from 'node:test';
import { configJsonSchema, defaultConfig, parseConfig } from './config.ts';

test('an empty file is the default configuration', () => {
  assert.deepEqual(parseConfig('', 'mandate.yaml'), defaultConfig());
  assert.deepEqual(parseConfig('# nothing\n', 'mandate.yaml'), defaultConfig());
});

test('every fault names its file, line and key', () => {
  const faults: readonly (readonly [string, RegExp])[] = [
    ['lissten: 127.0.0.1:1\n', /^mandate\.yaml:1: lissten: is not a known key$/],
    ['profile: separated\nlisten: nowhere\n', /^mandate\.yaml:2: listen: must be host:port/],
    ['listen: 127.0.0.1:99999\n', /^mandate\.yaml:1: listen: the port/],
    ['environments:\n  - id: dev\n    production: yes please\n', /^mandate\.yaml:3: environments\.0\.production:/],
    [
      'environments:\n  - {id: a, production: false}\n  - {id: a, production: true}\n',
      /^mandate\.yaml:1: environments: an environment is named twice/,
    ],
    ['upstream:\n  timeout_s: 10\n  timeout: 10\n', /^mandate\.yaml:3: upstream\.timeout: is not a known key$/],
    ['listen: a:1\nlisten: b:2\n', /^mandate\.yaml:2: .*unique/i],
    ['listen: [\n', /^mandate\.yaml:\d+: /],
    ['- a list\n', /^mandate\.yaml:1: the file: /],
    ['profile: &a separated\nlisten: *a\n', /^mandate\.yaml:2: YAML aliases are not accepted/],
  ];
  for (const [text, expected] of faults) {
    assert.throws(
      () => parseConfig(text, 'mandate.yaml'),
      (error: Error & { code?: string; at?: string }) =>
        error.code === 'config.invalid' && /^mandate\.yaml:\d+$/.test(error.at ?? '') && expected.test(error.message),
      text,
    );
  }
});

test('several faults are told at once', () => {
  assert.throws(
    () => parseConfig('one: 1\ntwo: 2\n', 'm.yaml'),
    (error: Error) => error.message === 'm.yaml:1: one: is not a known key\nm.yaml:2: two: is not a known key',
  );
});

test('the schema describes every key', () => {
  const schema = configJsonSchema() as { properties: Record<string, unknown>; additionalProperties: boolean };
  assert.equal(schema.additionalProperties, false);
  assert.ok(Object.keys(schema.properties).includes('environments'));
});
