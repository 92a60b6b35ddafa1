/**
 * Finds what a TypeScript file imports, by reading its tokens: TypeScript 7 has
 * no JavaScript API, and a regular expression over raw text would believe
 * comments, strings and templates.
 */

export type Import = {
  /** As written; undefined when it is computed at run time. */
  readonly specifier: string | undefined;
  /** True for `import type` and `export type`, which are gone at run time. */
  readonly typeOnly: boolean;
  readonly line: number;
};

/**
 * Every static, dynamic, re-exporting and side-effect import of `source`, plus
 * `require('…')` and the worker form `new URL('./x.ts', import.meta.url)`.
 */
export function importsOf(source: string): readonly Import[] {
  const tokens = tokenize(source);
  const found: Import[] = [];
  tokens.forEach((token, at) => {
    if (token.kind !== 'word' || isPunct(tokens[at - 1], '.')) return;
    const next = tokens[at + 1];
    if (token.text === 'import') {
      const one = readImport(tokens, at);
      if (one) found.push(one);
    } else if (token.text === 'export') {
      const one = readReExport(tokens, at);
      if (one) found.push(one);
    } else if (token.text === 'require' && isPunct(next, '(')) {
      found.push({ specifier: stringAt(tokens, at + 2), typeOnly: false, line: token.line });
    } else if (token.text === 'URL' && isPunct(next, '(') && stringAt(tokens, at + 2)?.endsWith('.ts')) {
      found.push({ specifier: stringAt(tokens, at + 2), typeOnly: false, line: token.line });
    }
  });
  return found;
}

function readImport(tokens: readonly Token[], at: number): Import | undefined {
  const line = lineAt(tokens, at);
  const next = tokens[at + 1];
  if (isPunct(next, '.') || isPunct(next, ':') || isPunct(next, '?')) return undefined; // import.meta, a property named import
  if (isPunct(next, '(')) return { specifier: stringAt(tokens, at + 2), typeOnly: false, line };
  if (next?.kind === 'string') return { specifier: next.text, typeOnly: false, line };
  return readFrom(tokens, at + 1, line);
}

function readReExport(tokens: readonly Token[], at: number): Import | undefined {
  const first = isWord(tokens[at + 1], 'type') ? at + 2 : at + 1;
  const token = tokens[first];
  if (!isPunct(token, '*') && !isPunct(token, '{')) return undefined; // a declaration
  return readFrom(tokens, at + 1, lineAt(tokens, at));
}

/** Reads on from the clause to `from '…'`; a clause holds only names, commas, braces and `*`. */
function readFrom(tokens: readonly Token[], start: number, line: number): Import | undefined {
  // `import type from './x.ts'` imports a value that happens to be called type.
  const typeOnly =
    isWord(tokens[start], 'type') && !(isWord(tokens[start + 1], 'from') && tokens[start + 2]?.kind === 'string');
  for (let at = start; at < tokens.length; at += 1) {
    const token = tokens[at];
    if (isWord(token, 'from') && tokens[at + 1]?.kind === 'string')
      return { specifier: stringAt(tokens, at + 1), typeOnly, line };
    const inClause =
      token?.kind !== 'punct' ||
      isPunct(token, ',') ||
      isPunct(token, '{') ||
      isPunct(token, '}') ||
      isPunct(token, '*');
    if (!inClause) return undefined;
    if (isPunct(token, '}') && !isWord(tokens[at + 1], 'from')) return undefined; // a plain `export { … }`
  }
  return undefined;
}

type Token = { readonly kind: 'word' | 'string' | 'punct'; readonly text: string; readonly line: number };

const WORD = /[\p{ID_Continue}$#@]+/uy;
const QUOTED = /(['"])((?:\\[^]|(?!\1)[^\\\n])*)\1/y;
const REGEX = /\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\[\n])+\/[a-z]*/y;
const COMMENT = /\/\/[^\n]*|\/\*[^]*?\*\//y;

function tokenize(source: string): readonly Token[] {
  const tokens: Token[] = [];
  let at = 0;
  let line = 1;
  // Depth of braces inside each open template's `${…}`, innermost last.
  const templates: number[] = [];

  const take = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    const text = pattern.exec(source)?.[0];
    if (text !== undefined) advance(text.length);
    return text;
  };
  const advance = (length: number): void => {
    for (let index = at; index < at + length; index += 1) if (source[index] === '\n') line += 1;
    at += length;
  };
  /** From just after a backtick or a closing `}` to the next `${` or the closing backtick. */
  const template = (): void => {
    const started = at;
    const startLine = line;
    while (at < source.length) {
      if (source[at] === '\\') advance(2);
      else if (source.startsWith('${', at)) {
        advance(2);
        templates.push(0);
        return;
      } else if (source[at] === '`') {
        const whole = source[started - 1] === '`';
        if (whole) tokens.push({ kind: 'string', text: source.slice(started, at), line: startLine });
        advance(1);
        return;
      } else advance(1);
    }
  };

  while (at < source.length) {
    const char = source[at] ?? '';
    const started = line;
    if (/\s/.test(char)) advance(1);
    else if (take(COMMENT) !== undefined) continue;
    else if (char === '`') {
      advance(1);
      template();
    } else if (char === '"' || char === "'") {
      const text = take(QUOTED);
      if (text === undefined) advance(1);
      else tokens.push({ kind: 'string', text: text.slice(1, -1), line: started });
    } else if (char === '/' && mayStartRegex(tokens.at(-1)) && take(REGEX) !== undefined) {
      tokens.push({ kind: 'string', text: '', line: started });
    } else {
      const word = take(WORD);
      if (word !== undefined) {
        tokens.push({ kind: 'word', text: word, line: started });
        continue;
      }
      advance(1);
      const depth = templates.at(-1);
      if (char === '}' && depth === 0) {
        templates.pop();
        template();
        continue;
      }
      if (depth !== undefined && char === '{') templates[templates.length - 1] = depth + 1;
      if (depth !== undefined && char === '}') templates[templates.length - 1] = depth - 1;
      tokens.push({ kind: 'punct', text: char, line: started });
    }
  }
  return tokens;
}

const BEFORE_REGEX = new Set([
  'return',
  'typeof',
  'case',
  'in',
  'of',
  'delete',
  'void',
  'throw',
  'new',
  'await',
  'yield',
  'else',
  'do',
]);

/** A slash after a value divides; anywhere else it opens a regular expression. */
function mayStartRegex(previous: Token | undefined): boolean {
  if (previous === undefined) return true;
  if (previous.kind === 'word') return BEFORE_REGEX.has(previous.text);
  return previous.kind === 'punct' && previous.text !== ')' && previous.text !== ']' && previous.text !== '}';
}

function isPunct(token: Token | undefined, text: string): boolean {
  return token?.kind === 'punct' && token.text === text;
}

function isWord(token: Token | undefined, text: string): boolean {
  return token?.kind === 'word' && token.text === text;
}

function stringAt(tokens: readonly Token[], at: number): string | undefined {
  const token = tokens[at];
  return token?.kind === 'string' ? token.text : undefined;
}

function lineAt(tokens: readonly Token[], at: number): number {
  return tokens[at]?.line ?? 0;
}
