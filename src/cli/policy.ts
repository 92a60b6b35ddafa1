import type { Command } from 'commander';
import { readPolicyFolder } from '../adapters/policy-files/read-policy-folder.ts';
import { command, group, withJson, type JsonOption } from './command.ts';
import { EXIT } from './exit.ts';
import { paint, print } from './print.ts';
import { safeLine } from '../standards/unicode/safe-line.ts';
import { printProblem, type Problem } from '../policy/problem.ts';

/** `mandate policy`: policies in a folder, without a server. */
export function policyCommand(): Command {
  return group('policy', 'check and test policies in a folder', 'mandate policy test policies', [check(), test()]);
}

function check(): Command {
  return withJson(
    command('check', 'parse and strictly validate *.cedar and *.tests.yaml', 'mandate policy check policies'),
  )
    .argument('<dir>', 'the folder')
    .action(async (dir: string, options: JsonOption) => {
      const files = await readPolicyFolder(dir);
      const { checkPolicies } = await import('../policy/check.ts'); // loads Cedar
      const checked = checkPolicies(files);
      print(options, checked, () =>
        [
          ...problemLines(checked.problems, 'error'),
          ...problemLines(checked.warnings, 'warning'),
          checked.ok
            ? `${paint('green', 'ok')}: ${checked.policies.length} policies and ${checked.examples} examples in ${files.length} files`
            : `${paint('red', 'not valid')}: ${checked.problems.length} problems`,
        ].join('\n'),
      );
      if (!checked.ok) process.exitCode = EXIT.refused;
    });
}

function test(): Command {
  return withJson(command('test', 'decide the examples in *.tests.yaml and compare', 'mandate policy test policies'))
    .argument('<dir>', 'the folder')
    .action(async (dir: string, options: JsonOption) => {
      const files = await readPolicyFolder(dir);
      const { runPolicyTests } = await import('../policy/run-tests.ts'); // loads Cedar
      const run = runPolicyTests(files);
      const failed = run.results.filter((result) => !result.passed);
      print(options, run, () =>
        [
          ...problemLines(run.problems, 'error'),
          ...failed.map(({ file, line, name, message }) => safeLine(`${file}:${line}: ${name}: ${message ?? ''}`)),
          ...run.untested.map((policy) => safeLine(`no example is determined by ${policy}`)),
          run.ok
            ? `${paint('green', 'ok')}: ${run.results.length} examples`
            : `${paint('red', 'failed')}: ${failed.length} of ${run.results.length} examples`,
        ].join('\n'),
      );
      if (!run.ok) process.exitCode = EXIT.refused;
    });
}

function problemLines(problems: readonly Problem[], what: 'error' | 'warning'): readonly string[] {
  return problems.map((problem) => safeLine(`${what}: ${printProblem(problem)}`));
}
