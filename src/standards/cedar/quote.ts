/** The text as a Cedar string literal; everything but printable ASCII as `\u{…}`. @throws RangeError on a lone surrogate */
export function quoteCedar(text: string): string {
  if (!text.isWellFormed()) throw new RangeError('a text with a lone surrogate has no Cedar form');
  const quoted = text.replace(/[^\x20-\x7e]|["\\]/gu, (char) => `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`);
  return `"${quoted}"`;
}
