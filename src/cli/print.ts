import { styleText } from 'node:util';

/**
 * Prints a command's result on stdout: one JSON value with `--json`, else text for a person. Nothing else is ever
 * printed on stdout.
 */
export function print(options: { readonly json?: true }, value: unknown, text: () => string): void {
  write(options.json === true ? jsonText(value) : text());
}

/** JSON in which no character can act on a terminal: controls and invisible characters stand as escapes. */
export function jsonText(value: unknown): string {
  return escapeInvisible(JSON.stringify(value, null, 2));
}

/** The same on one line, for streams of values. */
export function jsonLine(value: unknown): string {
  return `${escapeInvisible(JSON.stringify(value))}\n`;
}

/** They can only stand in strings, where an escape means the same. */
function escapeInvisible(json: string): string {
  return json.replace(/[\u007f-\u009f\u2028\u2029]|\p{Cf}/gu, (char) =>
    char.replace(/[^]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`),
  );
}

/** Progress and remarks for a person: stderr, so that stdout stays the result. */
export function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** Coloured only where somebody sees it: not in a pipe, not with NO_COLOR. */
export function paint(style: 'green' | 'red' | 'yellow' | 'bold' | 'dim', text: string): string {
  return styleText(style, text, { stream: process.stdout });
}

function write(text: string): void {
  process.stdout.write(text.endsWith('\n') ? text : `${text}\n`);
}
