import { refuseAt, type Cursor } from './cursor.ts';

/** Reads the string whose opening quote is at the cursor; `undefined` means refused. */
export function readString(cursor: Cursor): string | undefined {
  const { text } = cursor;
  const start = cursor.at + 1;
  let at = start;
  for (;;) {
    const code = text.charCodeAt(at);
    if (code === 0x22) break;
    if (code === 0x5c) return readEscapedString(cursor, start, at);
    // Controls must be escaped (RFC 8259 §7); at the end of the text the code is NaN.
    if (!(code >= 0x20)) return refuseAt(cursor, 'syntax', at);
    at += 1;
  }
  // No escape, so no lone surrogate: valid UTF-8 cannot hold one.
  return closeString(cursor, text.slice(start, at), start, at + 1);
}

function readEscapedString(cursor: Cursor, start: number, firstEscape: number): string | undefined {
  const { text } = cursor;
  let decoded = '';
  let copied = start;
  let at = firstEscape;
  for (;;) {
    const code = text.charCodeAt(at);
    if (code === 0x22) break;
    if (!(code >= 0x20)) return refuseAt(cursor, 'syntax', at);
    if (code !== 0x5c) {
      at += 1;
      continue;
    }
    decoded += text.slice(copied, at);
    const letter = text.charCodeAt(at + 1);
    if (letter === 0x75) {
      const unit = readHex4(text, at + 2);
      if (unit < 0) return refuseAt(cursor, 'syntax', at);
      decoded += String.fromCharCode(unit);
      at += 6;
    } else {
      const plain = shortEscape(letter);
      if (plain === undefined) return refuseAt(cursor, 'syntax', at);
      decoded += plain;
      at += 2;
    }
    copied = at;
  }
  decoded += text.slice(copied, at);
  if (!decoded.isWellFormed()) return refuseAt(cursor, 'lone_surrogate', start - 1);
  return closeString(cursor, decoded, start, at + 1);
}

function closeString(cursor: Cursor, decoded: string, start: number, end: number): string | undefined {
  const { string_chars_max } = cursor.limits;
  if (string_chars_max !== undefined && decoded.length > string_chars_max) {
    return refuseAt(cursor, 'string_too_long', start - 1);
  }
  cursor.at = end;
  return decoded;
}

/** The code unit written as four hex digits, or -1. */
function readHex4(text: string, at: number): number {
  let unit = 0;
  for (let i = at; i < at + 4; i += 1) {
    const digit = hexDigit(text.charCodeAt(i));
    if (digit < 0) return -1;
    unit = unit * 16 + digit;
  }
  return unit;
}

function hexDigit(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  if (code >= 0x61 && code <= 0x66) return code - 0x57;
  if (code >= 0x41 && code <= 0x46) return code - 0x37;
  return -1;
}

/** RFC 8259 §7: the eight two-character escapes. */
function shortEscape(letter: number): string | undefined {
  switch (letter) {
    case 0x22:
      return '"';
    case 0x5c:
      return '\\';
    case 0x2f:
      return '/';
    case 0x62:
      return '\b';
    case 0x66:
      return '\f';
    case 0x6e:
      return '\n';
    case 0x72:
      return '\r';
    case 0x74:
      return '\t';
  }
  return undefined;
}
