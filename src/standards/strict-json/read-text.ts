import { isAscii, isUtf8 } from 'node:buffer';
import { refusal, type StrictJsonRefusal } from './refusal.ts';

/** The bytes as text, or the refusal. RFC 8259 §8.1: JSON text MUST be UTF-8 and MUST NOT begin with a BOM. */
export function readText(bytes: Uint8Array, bytes_max: number): string | StrictJsonRefusal {
  if (bytes.byteLength > bytes_max) return refusal('body_too_large', bytes_max);
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  // ASCII is the usual case, and needs no decoding.
  if (isAscii(buffer)) return buffer.toString('latin1');
  if (!isUtf8(buffer)) return refusal('invalid_utf8', firstInvalidByte(buffer));
  if (buffer[0] === 0xef && buffer[1] === 0xbb && buffer[2] === 0xbf) return refusal('byte_order_mark', 0);
  return buffer.toString('utf8');
}

/** A lenient decoder replaces what is invalid, so encoding its answer again first differs there. */
function firstInvalidByte(buffer: Buffer): number {
  const repaired = Buffer.from(buffer.toString('utf8'), 'utf8');
  let at = 0;
  while (at < buffer.length && buffer[at] === repaired[at]) at += 1;
  return at;
}
