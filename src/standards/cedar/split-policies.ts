import type { CedarFault } from './fault.ts';

/** One statement of a policy file, with its closing semicolon. */
export interface PolicyText {
  readonly text: string;
  /** Where it starts in the file, in UTF-16 units. */
  readonly start: number;
}

export const POLICY_BYTES_MAX = 16_384;
/** Parentheses around parentheses; the parser's own stack ends near 200. */
export const NESTING_MAX = 64;

/**
 * Splits a policy file into its statements, so that each is parsed, named and reported by itself. Only strings, comments,
 * brackets and semicolons are read here (Cedar has no other use for a semicolon); the parser judges each piece whole.
 */
export function splitPolicies(file: string): {
  readonly policies: readonly PolicyText[];
  readonly faults: readonly CedarFault[];
} {
  const policies: PolicyText[] = [];
  const faults: CedarFault[] = [];
  let start = -1; // of the statement being read; -1 between statements
  let nesting = 0;
  let tooDeep = false;

  for (const token of file.matchAll(TOKEN)) {
    const text = token[0];
    if (text.startsWith('//')) continue;
    if (start === -1) start = token.index;
    if (text === '(' || text === '[' || text === '{') nesting += 1;
    if (text === ')' || text === ']' || text === '}') nesting -= 1;
    if (nesting > NESTING_MAX && !tooDeep) {
      tooDeep = true;
      faults.push({ message: `A policy may nest brackets ${NESTING_MAX} deep.`, start: token.index });
    }
    if (text !== ';') continue;
    const policy = file.slice(start, token.index + 1);
    if (Buffer.byteLength(policy, 'utf8') > POLICY_BYTES_MAX) {
      faults.push({ message: `A policy may have ${POLICY_BYTES_MAX} bytes.`, start });
    } else if (!tooDeep) {
      policies.push({ text: policy, start });
    }
    start = -1;
    nesting = 0;
    tooDeep = false;
  }
  if (start !== -1) faults.push({ message: 'This policy does not end with a semicolon.', start });
  return { policies, faults };
}

/** A comment, a string (perhaps without its end), a run of blank-free text, or one bracket or semicolon. */
const TOKEN = /\/\/[^\n]*|"(?:\\[^]|[^"\\])*"?|[()[\]{};]|\/|[^\s"()[\]{};/]+/g;
