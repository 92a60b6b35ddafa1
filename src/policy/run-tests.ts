import type { PolicyFile } from '../core/policy-set.ts';
import type { PolicyVerdict } from './engine.ts';
import { exampleFacts } from './example-facts.ts';
import { readExamples, type Example } from './example.ts';
import type { PolicyFacts } from './facts.ts';
import { loadPolicies } from './load-policies.ts';
import type { Problem } from './problem.ts';

export interface PolicyTestResult {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly name: string;
  readonly passed: boolean;
  readonly verdict: PolicyVerdict;
  /** Why it failed, in a sentence; null when it passed. */
  readonly message: string | null;
}

export type PolicyTestRun =
  | {
      readonly ok: boolean;
      readonly problems: readonly [];
      readonly results: readonly PolicyTestResult[];
      /** Policies that determined no example: nothing shows that they do what they say. */
      readonly untested: readonly string[];
    }
  | {
      readonly ok: false;
      readonly problems: readonly Problem[];
      readonly results: readonly [];
      readonly untested: readonly [];
    };

/**
 * Decides every example of the `*.tests.yaml` among the files under the `*.cedar` among them. Needs no server: the tools
 * are those that the examples call. Never throws.
 */
export function runPolicyTests(files: readonly PolicyFile[]): PolicyTestRun {
  const read = files.filter((file) => file.name.endsWith('.tests.yaml')).map(readExamples);
  const problems = read.flatMap((one) => one.problems);
  const cases = read
    .flatMap((one) => one.examples)
    .map((example) => ({ example, facts: exampleFacts(example.expectation) }));
  const tools = cases.flatMap(({ facts: { tool } }) =>
    tool === null ? [] : [{ server: tool.server, name: tool.name }],
  );
  const loaded = loadPolicies({ files, tools, ref: UNPUBLISHED });
  if (!loaded.ok) return { ok: false, problems: [...loaded.problems, ...problems], results: [], untested: [] };
  if (problems.length > 0) return { ok: false, problems, results: [], untested: [] };

  const results = cases.map(({ example, facts }) =>
    run(example, facts, (given) => loaded.engine.decide(given).verdict),
  );
  const seen = new Set(results.flatMap((result) => result.verdict.determining));
  return {
    ok: results.every((result) => result.passed),
    problems: [],
    results,
    untested: loaded.policies.filter((id) => !seen.has(id)),
  };
}

/** The set is not in force anywhere. */
const UNPUBLISHED = { serial: 0, hash: 'sha256:unpublished' };

function run(example: Example, facts: PolicyFacts, decide: (facts: PolicyFacts) => PolicyVerdict): PolicyTestResult {
  const verdict = decide(facts);
  const message = difference(example, verdict);
  const { file, line, column, expectation } = example;
  return { file, line, column, name: expectation.name, passed: message === null, verdict, message };
}

function difference({ file, expectation }: Example, verdict: PolicyVerdict): string | null {
  const { expect, reason, policy } = expectation;
  const got = `${verdict.effect} (${verdict.reasons.map((one) => one.code).join(', ')}) by ${verdict.determining.join(', ') || 'no policy'}`;
  if (verdict.effect !== expect) return `Expected ${expect}, got ${got}.`;
  if (reason !== undefined && !verdict.reasons.some((one) => one.code === reason))
    return `Expected the reason ${reason}, got ${got}.`;
  if (policy === undefined) return null;
  const id = policy.startsWith('#') ? `${file.slice(0, -'.tests.yaml'.length)}${policy}` : policy;
  return verdict.determining.includes(id) ? null : `Expected ${id} to determine it, got ${got}.`;
}
