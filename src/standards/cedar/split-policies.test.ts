import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { quoteCedar } from './quote.ts';
import { parsePolicy } from './parse-policy.ts';
import { splitPolicies } from './split-policies.ts';
import { callCedar } from './wasm.ts';

const textsOf = (file: string): readonly string[] => splitPolicies(file).policies.map((policy) => policy.text);

test('statements end at semicolons that are neither in a text nor in a comment', () => {
  const one = '@id("a;b") // ;\npermit (principal, action, resource) when { "\\";//" == ";" };';
  const two = 'forbid (principal, action, resource);';
  assert.deepEqual(textsOf(`// first;\n${one}\n// second;\n${two} // end`), [one, two]);
});

test('a file of comments holds no policy', () => {
  assert.deepEqual(splitPolicies('// permit (principal, action, resource);\n'), { policies: [], faults: [] });
});

test('a text without its end takes the rest, which does not end', () => {
  assert.equal(splitPolicies('permit "; forbid;').faults.length, 1);
});

test('the pieces are those that Cedar finds', () => {
  const piece = fc.constantFrom(
    'permit (principal, action, resource);',
    '@id("x;") forbid (principal, action, resource) when { "//" == "\\\\" };',
    '// comment; "\n',
    '@note("\\"") permit (principal, action, resource) unless { [1, 2].contains(3) || {a: ";"} has a };',
    '\n',
    ' ',
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
      const file = pieces.join('');
      const cedars = callCedar((cedar) => cedar.policySetTextToParts(file));
      assert.ok(cedars.type === 'success');
      assert.deepEqual(textsOf(file).toSorted(), cedars.policies.toSorted());
    }),
    { numRuns: 60 },
  );
});

test('any text is split and parsed without an exception', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom(...'permit forbid(,);{}[]"\\/@?:!-&|é\n'.split('')), maxLength: 200 }),
      (text) => {
        for (const policy of splitPolicies(text).policies) parsePolicy(policy.text);
      },
    ),
    { numRuns: 200 },
  );
});

test('a quoted text is read back as itself', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 20 }), (text) => {
      const parsed = callCedar((cedar) =>
        cedar.policyToJson(`@note(${quoteCedar(text)}) permit (principal, action, resource);`),
      );
      assert.ok(parsed.type === 'success');
      assert.equal(parsed.json.annotations?.['note'] ?? '', text);
    }),
    { numRuns: 60 },
  );
});
