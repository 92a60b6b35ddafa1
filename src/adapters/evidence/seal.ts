import { createCipheriv, createDecipheriv, hash, randomBytes } from 'node:crypto';
import type { EvidenceRecord } from '../../core/evidence.ts';

/** The key of the sealed facts: AES-256. It has a retention of its own: without it the facts are gone. */
export const SEAL_KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

export interface Sealed {
  readonly nonce: Uint8Array;
  /** Ciphertext and, as its last 16 bytes, the tag. */
  readonly ciphertext: Uint8Array;
}

/**
 * AES-256-GCM with a random nonce; the record's id is authenticated with it, so that facts cannot be moved to another
 * record. Random nonces are good for 2^32 records under one key (NIST SP 800-38D §8.3).
 */
export function sealFacts(key: Uint8Array, recordId: string, facts: string): Sealed {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(Buffer.from(recordId));
  return { nonce, ciphertext: Buffer.concat([cipher.update(facts, 'utf8'), cipher.final(), cipher.getAuthTag()]) };
}

/** The facts; undefined when the key, the record or a byte is not the one that was sealed. */
export function unsealFacts(key: Uint8Array, recordId: string, { nonce, ciphertext }: Sealed): string | undefined {
  if (nonce.length !== NONCE_BYTES || ciphertext.length < TAG_BYTES) return undefined;
  const end = ciphertext.length - TAG_BYTES;
  const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(Buffer.from(recordId));
  decipher.setAuthTag(ciphertext.subarray(end));
  const opened = decipher.update(ciphertext.subarray(0, end));
  try {
    return Buffer.concat([opened, decipher.final()]).toString('utf8');
  } catch {
    return undefined; // `final` throws for exactly one reason: the tag does not match
  }
}

/** Whether these are the facts whose digest the record holds; only decisions have any. */
export function areFactsOf(record: EvidenceRecord, facts: string): boolean {
  return record.kind === 'decision' && record.facts_digest === `sha256:${hash('sha256', facts)}`;
}
