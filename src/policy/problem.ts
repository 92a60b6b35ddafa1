/** Something wrong in a policy or test file, and where: lines and columns count from 1, columns in UTF-16 units. */
export interface Problem {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** One sentence. */
  readonly message: string;
  /** The id of the policy it is in, where one is known. */
  readonly policy?: string;
}

/** `file:line:column: message`, as compilers print it. */
export function printProblem(problem: Problem): string {
  const policy = problem.policy === undefined ? '' : ` (${problem.policy})`;
  return `${problem.file}:${problem.line}:${problem.column}: ${problem.message}${policy}`;
}

/** The problem at an offset (in UTF-16 units) into a file's text. */
export function problemAt(file: string, text: string, offset: number, message: string, policy?: string): Problem {
  const before = text.slice(0, offset).split('\n');
  const column = (before.at(-1) ?? '').length + 1;
  return { file, line: before.length, column, message, ...(policy === undefined ? {} : { policy }) };
}
