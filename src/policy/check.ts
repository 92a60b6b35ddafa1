import type { PolicyFile } from '../core/policy-set.ts';
import { readExamples } from './example.ts';
import { loadPolicies } from './load-policies.ts';
import type { Problem } from './problem.ts';

export interface PolicyCheck {
  readonly ok: boolean;
  /** Ids of the policies; empty when they do not load. */
  readonly policies: readonly string[];
  readonly examples: number;
  readonly problems: readonly Problem[];
  readonly warnings: readonly Problem[];
}

/** Parses and strictly validates the policies and their test files, without a server and without running a test. */
export function checkPolicies(files: readonly PolicyFile[]): PolicyCheck {
  const tests = files.filter((file) => file.name.endsWith('.tests.yaml')).map(readExamples);
  const loaded = loadPolicies({ files, tools: [], ref: { serial: 0, hash: 'sha256:unpublished' } });
  const problems = [...(loaded.ok ? [] : loaded.problems), ...tests.flatMap((test) => test.problems)];
  return {
    ok: problems.length === 0,
    policies: loaded.ok ? loaded.policies : [],
    examples: tests.reduce((sum, test) => sum + test.examples.length, 0),
    problems,
    warnings: loaded.ok ? loaded.warnings : [],
  };
}
