import { hash } from 'node:crypto';

/** What stands before the first entry of every chain. */
export const FIRST_PREV: Uint8Array = new Uint8Array(32);

/** RFC 6962 §2.1 marks leaves with 0x00 and inner nodes with 0x01, so that neither can be passed off as the other. */
const LEAF = 0x00;
const LINK = 0x01;

/** SHA-256(0x01 ‖ prev ‖ SHA-256(0x00 ‖ bytes)), 32 bytes. */
export function chainHash(prev: Uint8Array, bytes: string | Uint8Array): Buffer {
  link.set(prev, 1);
  link.set(leafHash(bytes), 33);
  return hash('sha256', link, 'buffer');
}

/** The RFC 6962 leaf hash of a record's exact bytes. */
function leafHash(bytes: string | Uint8Array): Buffer {
  const length = typeof bytes === 'string' ? Buffer.byteLength(bytes) : bytes.length;
  if (scratch.length <= length) scratch = Buffer.alloc(2 * length + 1);
  scratch[0] = LEAF;
  if (typeof bytes === 'string') scratch.write(bytes, 1);
  else scratch.set(bytes, 1);
  return hash('sha256', scratch.subarray(0, length + 1), 'buffer');
}

/** `sha256:` and 64 hex digits. */
export function printHash(bytes: Uint8Array): string {
  return `sha256:${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex')}`;
}

/** The 32 bytes of a printed hash; undefined when it is not exactly one. */
export function parseHash(text: unknown): Uint8Array | undefined {
  return typeof text === 'string' && /^sha256:[0-9a-f]{64}$/.test(text) ? Buffer.from(text.slice(7), 'hex') : undefined;
}

export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

// Every use is synchronous from filling to hashing, so one buffer of each serves a whole thread.
const link = Buffer.alloc(65, LINK);
let scratch = Buffer.alloc(64 * 1024);
