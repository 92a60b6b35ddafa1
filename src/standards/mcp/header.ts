import type { ResultJsonObject } from '../strict-json/parse-strict.ts';

/** Header names as they are written; HTTP compares them without case. */
export const HEADER = {
  protocolVersion: 'MCP-Protocol-Version',
  /** Legacy: the session, from the answer to `initialize`. */
  sessionId: 'Mcp-Session-Id',
  /** Modern: equals the body's `method`. */
  method: 'Mcp-Method',
  /** Modern: equals the member of `params` that {@link nameHeaderSource} tells. */
  name: 'Mcp-Name',
  /** Modern: and the name a tool's schema gives an argument, see param-header.ts. */
  paramPrefix: 'Mcp-Param-',
} as const;

const NAME_SOURCE: ReadonlyMap<string, string> = new Map([
  ['tools/call', 'name'],
  ['prompts/get', 'name'],
  ['resources/read', 'uri'],
  ['tasks/get', 'taskId'],
  ['tasks/update', 'taskId'],
  ['tasks/cancel', 'taskId'],
]);

/**
 * The member of `params` that `Mcp-Name` repeats for this method; undefined when the method has no such header.
 * Where there is one, a modern request without the header is refused.
 */
export function nameHeaderSource(method: string): string | undefined {
  return NAME_SOURCE.get(method);
}

/** The text `Mcp-Name` stands for, not yet encoded; undefined when the method has none or params lack it. */
export function nameHeaderValue(method: string, params: ResultJsonObject | undefined): string | undefined {
  const source = NAME_SOURCE.get(method);
  const value = source === undefined ? undefined : params?.[source];
  return typeof value === 'string' ? value : undefined;
}

const BASE64_PREFIX = '=?base64?';
const BASE64_SUFFIX = '?=';

/**
 * A text as the value of `Mcp-Name` or `Mcp-Param-*`: plain when it is visible ASCII with inner blanks and tabs, else
 * `=?base64?…?=` over its UTF-8. A text that looks like that form is encoded too, so each value has one reading.
 */
export function encodeHeaderValue(text: string): string {
  if (isPlain(text)) return text;
  return `${BASE64_PREFIX}${Buffer.from(text, 'utf8').toString('base64')}${BASE64_SUFFIX}`;
}

/** The text a header value stands for; undefined when it is malformed: no base64, no UTF-8, not plain. */
export function decodeHeaderValue(value: string): string | undefined {
  if (!value.startsWith(BASE64_PREFIX) || !value.endsWith(BASE64_SUFFIX)) return isPlain(value) ? value : undefined;
  const coded = value.slice(BASE64_PREFIX.length, -BASE64_SUFFIX.length);
  const bytes = Buffer.from(coded, 'base64');
  // Buffer passes over what is not base64; only a value that it would write itself is one.
  if (bytes.toString('base64') !== coded) return undefined;
  const text = bytes.toString('utf8');
  return Buffer.from(text, 'utf8').equals(bytes) ? text : undefined;
}

function isPlain(text: string): boolean {
  if (text.startsWith(BASE64_PREFIX) && text.endsWith(BASE64_SUFFIX)) return false;
  return /^[!-~](?:[\t -~]*[!-~])?$/.test(text);
}

/** 2025-11-25: a session id is visible ASCII. Longer than any real one, short enough to keep. */
export const SESSION_ID_CHARS_MAX = 512;
export function isSessionId(text: string): boolean {
  return text.length <= SESSION_ID_CHARS_MAX && /^[!-~]+$/.test(text);
}
