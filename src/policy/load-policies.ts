import type { PolicyFile, PolicyRef } from '../core/policy-set.ts';
import type { CedarFault } from '../standards/cedar/fault.ts';
import { parsePolicy, type ParsedPolicy } from '../standards/cedar/parse-policy.ts';
import { splitPolicies, type PolicyText } from '../standards/cedar/split-policies.ts';
import { validatePolicies } from '../standards/cedar/validate-policies.ts';
import { wasmDecide } from '../standards/cedar/wasm-decide.ts';
import type { PolicyEngine } from './engine.ts';
import { problemAt, type Problem } from './problem.ts';
import { schemaWith } from './schema.ts';
import { readTerms, type PolicyTerms } from './terms.ts';
import { policyEngine } from './verdict.ts';

export type LoadResult =
  | {
      readonly ok: true;
      readonly engine: PolicyEngine;
      readonly policies: readonly string[];
      readonly warnings: readonly Problem[];
    }
  | { readonly ok: false; readonly problems: readonly Problem[] };

export interface PolicySource {
  /** `*.cedar`; example decisions (`*.tests.yaml`) may stand among them and are not read here. */
  readonly files: readonly PolicyFile[];
  /** Every tool that may be decided on. A call of any other is a deny. */
  readonly tools: readonly { readonly server: string; readonly name: string }[];
  readonly ref: PolicyRef;
}

export const POLICY_FILES_MAX = 256;
export const POLICY_FILE_BYTES_MAX = 262_144;
export const POLICIES_MAX = 2000;
export const PROBLEMS_MAX = 100;

/**
 * Parses, names and strictly validates a policy set. Everything wrong is reported at once, each with its place; one
 * problem refuses the whole set. Policies are named `file#id`, without the file's ending. Never throws.
 */
export function loadPolicies({ files, tools, ref }: PolicySource): LoadResult {
  const read = readFiles(files);
  if (read.problems.length > 0) return { ok: false, problems: read.problems.slice(0, PROBLEMS_MAX) };
  const { policies } = read;

  const known = new Set(tools.map((tool) => `${tool.server}/${tool.name}`));
  const named = new Set([...policies.values()].flatMap(toolsNamed));
  const texts = Object.fromEntries([...policies].map(([id, policy]) => [id, policy.source.text]));
  try {
    // All tools have one context, so validating against those that policies name and one more says the same as against all.
    const faults = validatePolicies(schemaWith([...named, ANY_TOOL]), texts);
    const located = faults.map(({ policy, severity, ...fault }) => ({
      severity,
      problem: locate(policies.get(policy), fault, policy),
    }));
    const problems = located.filter(({ severity }) => severity === 'error').map(({ problem }) => problem);
    if (problems.length > 0) return { ok: false, problems: problems.slice(0, PROBLEMS_MAX) };
    const warnings = located.filter(({ severity }) => severity === 'warning').map(({ problem }) => problem);

    const decide = wasmDecide({ schema: schemaWith([...known, ...named]), policies: texts });
    const terms = new Map([...policies].map(([id, policy]) => [id, policy.terms]));
    return {
      ok: true,
      engine: policyEngine(ref, decide, terms),
      policies: [...policies.keys()],
      warnings: [...warnings, ...unknownTools(policies, tools.length === 0 ? null : known)],
    };
  } catch (cause) {
    const message = `The policies could not be loaded: ${cause instanceof Error ? cause.message : 'an unknown fault'}.`;
    return { ok: false, problems: [problemAt(files[0]?.name ?? 'policies', '', 0, message)] };
  }
}

interface LoadedPolicy {
  readonly file: PolicyFile;
  readonly source: PolicyText;
  readonly parsed: ParsedPolicy;
  readonly terms: PolicyTerms;
}

/** Stands for every tool that no policy names. */
const ANY_TOOL = 'any/tool';

function readFiles(files: readonly PolicyFile[]): {
  readonly policies: ReadonlyMap<string, LoadedPolicy>;
  readonly problems: readonly Problem[];
} {
  const policies = new Map<string, LoadedPolicy>();
  const problems: Problem[] = [];
  const names = new Set<string>();
  if (files.length > POLICY_FILES_MAX)
    return { policies, problems: [tooMany('files', POLICY_FILES_MAX, files[POLICY_FILES_MAX])] };
  for (const file of files.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    if (file.name.endsWith('.tests.yaml')) continue;
    const wrong = fileProblem(file, names);
    names.add(file.name);
    if (wrong !== null) problems.push(problemAt(file.name, file.text, 0, wrong));
    else readFile(file, policies, problems);
    if (policies.size > POLICIES_MAX) return { policies, problems: [tooMany('policies', POLICIES_MAX, file)] };
  }
  return { policies, problems };
}

function fileProblem(file: PolicyFile, names: ReadonlySet<string>): string | null {
  if (!/^[a-z0-9][a-z0-9._/-]{0,127}\.cedar$/.test(file.name))
    return 'A policy file is named in lower case and ends in .cedar.';
  if (names.has(file.name)) return 'Two files have this name.';
  if (Buffer.byteLength(file.text, 'utf8') > POLICY_FILE_BYTES_MAX)
    return `A policy file may have ${POLICY_FILE_BYTES_MAX} bytes.`;
  return file.text.isWellFormed() ? null : 'The file is not well-formed text.';
}

function readFile(file: PolicyFile, policies: Map<string, LoadedPolicy>, problems: Problem[]): void {
  const split = splitPolicies(file.text);
  for (const fault of split.faults) problems.push(problemAt(file.name, file.text, fault.start, fault.message));
  for (const source of split.policies) {
    const result = parsePolicy(source.text);
    if (!result.ok) {
      problems.push(problemAt(file.name, file.text, source.start + result.fault.start, result.fault.message));
      continue;
    }
    const { terms, problems: wrong } = readTerms(result.policy.effect, result.policy.annotations);
    const id = `${file.name.slice(0, -'.cedar'.length)}#${result.policy.annotations['id'] ?? ''}`;
    for (const message of wrong) problems.push(problemAt(file.name, file.text, source.start, message, id));
    if (policies.has(id))
      problems.push(problemAt(file.name, file.text, source.start, 'Another policy of this file has the same @id.', id));
    else policies.set(id, { file, source, parsed: result.policy, terms });
  }
}

function toolsNamed({ parsed }: LoadedPolicy): readonly string[] {
  return parsed.actions.filter(({ type, id }) => type === 'Mandate::Action' && id.includes('/')).map(({ id }) => id);
}

/** A policy about a tool that does not exist never matches: perhaps meant, perhaps a slip of the pen. */
function unknownTools(
  policies: ReadonlyMap<string, LoadedPolicy>,
  known: ReadonlySet<string> | null,
): readonly Problem[] {
  if (known === null) return [];
  return [...policies].flatMap(([id, policy]) =>
    toolsNamed(policy)
      .filter((tool) => !known.has(tool))
      .map((tool) =>
        locate(policy, { start: 0, message: `No server has the tool ${tool} that this policy names.` }, id),
      ),
  );
}

function locate(policy: LoadedPolicy | undefined, fault: CedarFault, id: string): Problem {
  if (policy === undefined) return problemAt('policies', '', 0, fault.message, id);
  return problemAt(policy.file.name, policy.file.text, policy.source.start + fault.start, fault.message, id);
}

function tooMany(what: string, limit: number, at: PolicyFile | undefined): Problem {
  return problemAt(at?.name ?? 'policies', '', 0, `A policy set may have ${limit} ${what}.`);
}
