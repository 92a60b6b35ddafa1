import assert from 'node:assert/strict';
import { test } from 'node:test';
import { canonicalJson } from './canonical-json.ts';
import { deriveToolFacts } from './facts/tool-facts.ts';
import { onlyReads, pinnedParts, type ToolDefinition } from './tool.ts';

const tool = (name: string, annotations?: ToolDefinition['annotations']): ToolDefinition => ({
  name,
  inputSchema: { type: 'object' },
  ...(annotations === undefined ? {} : { annotations }),
});
const derived = (
  name: string,
  trust: 'trusted' | 'untrusted' = 'trusted',
  annotations?: ToolDefinition['annotations'],
) => {
  const { effect_class, reversible } = deriveToolFacts(tool(name, annotations), trust);
  return `${effect_class.join('+')}${reversible ? '' : ' for good'}`;
};

test('the verbs of a name say what a tool does, however the name is written', () => {
  for (const [name, expected] of [
    ['read_file', 'read'],
    ['readFile', 'read'],
    ['files.read', 'read'],
    ['list-directory', 'read'],
    ['search', 'read'],
    ['delete_file', 'delete for good'],
    ['send_email', 'send for good'],
    ['pay_invoice', 'pay for good'],
    ['run_query', 'execute for good'],
    ['share_document', 'grant+send for good'],
    ['get_and_delete', 'delete for good'],
    ['frobnicate', 'execute for good'],
    ['', 'execute for good'],
  ] as const) {
    assert.equal(derived(name), expected, name);
  }
});

test('a trusted hint helps only where the name is silent; an untrusted one never helps', () => {
  assert.equal(derived('frobnicate', 'trusted', { readOnlyHint: true }), 'read');
  assert.equal(derived('frobnicate', 'untrusted', { readOnlyHint: true }), 'execute for good');
  assert.equal(derived('delete_all', 'trusted', { readOnlyHint: true }), 'delete for good');
  assert.equal(derived('write_file', 'trusted', { destructiveHint: false }), 'update');
  assert.equal(derived('write_file', 'untrusted', { destructiveHint: false }), 'update for good');
  assert.equal(derived('send_mail', 'trusted', { destructiveHint: false }), 'send for good');
});

test('a hint makes a tool worse whoever gives it', () => {
  for (const trust of ['trusted', 'untrusted'] as const)
    assert.equal(derived('read_file', trust, { readOnlyHint: false }), 'update for good');
});

test('a hint that is no boolean is no hint', () => {
  assert.equal(derived('frobnicate', 'trusted', { readOnlyHint: 'true' }), 'execute for good');
});

test('an unknown effect is not a read', () => {
  assert.equal(onlyReads({ effect_class: [] }), false);
  assert.equal(onlyReads({ effect_class: ['read'] }), true);
  assert.equal(onlyReads({ effect_class: ['read', 'send'] }), false);
});

test('a pin covers everything of a definition that a model or a check can see', () => {
  const whole: ToolDefinition = {
    name: 'x',
    title: 't',
    description: 'd',
    inputSchema: { type: 'object' },
    outputSchema: {},
    annotations: {},
  };
  const text = canonicalJson(pinnedParts(whole));
  for (const key of Object.keys(whole)) {
    assert.ok(text.includes(`"${key}"`));
    const other = { ...whole, [key]: typeof whole[key as keyof ToolDefinition] === 'string' ? 'other' : { other: 1 } }; // a key of the object
    assert.notEqual(canonicalJson(pinnedParts(other)), text, key);
  }
});
