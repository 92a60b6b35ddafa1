import { createHash, createHmac, randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import type { Hasher } from '../../ports/hasher.ts';

/**
 * scrypt (RFC 7914) and not Argon2, because Node has had it in every version that `engines` allows; one of the
 * parameter sets that OWASP's password storage advice counts as equal: 32 MiB, three times over.
 */
const PASSPHRASE_COST: PassphraseCost = { log2N: 15, r: 8, p: 3 };

export interface PassphraseCost {
  /** Memory is 128 · r · 2^log2N bytes. */
  readonly log2N: number;
  readonly r: number;
  readonly p: number;
}

const SALT_BYTES = 16;
const HASH_BYTES = 32;
export const KEY_BYTES_MIN = 32;

/**
 * Hashes with node:crypto.
 * @param key of this installation, for `keyed`; at least 32 random bytes
 * @param cost lower only in tests
 */
export function systemHasher(key: Uint8Array, cost: PassphraseCost = PASSPHRASE_COST): Hasher {
  if (key.length < KEY_BYTES_MIN) throw new RangeError(`the key has fewer than ${KEY_BYTES_MIN} bytes`);
  return {
    sha256: (text) => `sha256:${createHash('sha256').update(text, 'utf8').digest('hex')}`,
    keyed: (text) => `hmac-sha256:${createHmac('sha256', key).update(text, 'utf8').digest('hex')}`,
    passphrase: async (text) => {
      const salt = randomBytes(SALT_BYTES);
      return writePhc(cost, salt, await derive(text, salt, cost));
    },
    matchesPassphrase: async (text, hash) => {
      const stored = readPhc(hash);
      if (stored === null) return false;
      return timingSafeEqual(await derive(text, stored.salt, stored.cost), stored.result);
    },
  };
}

/** The same passphrase typed on another keyboard may arrive in another Unicode form. */
function derive(text: string, salt: Uint8Array, cost: PassphraseCost): Promise<Buffer> {
  const N = 2 ** cost.log2N;
  const options = { N, r: cost.r, p: cost.p, maxmem: 2 * 128 * cost.r * (N + cost.p + 2) };
  return new Promise((resolve, reject) => {
    scrypt(text.normalize('NFC'), salt, HASH_BYTES, options, (error, result) => {
      if (error === null) resolve(result);
      else reject(error);
    });
  });
}

/** The PHC string format: `$scrypt$ln=15,r=8,p=3$salt$result`, in base64 without padding. */
function writePhc(cost: PassphraseCost, salt: Buffer, result: Buffer): string {
  return `$scrypt$ln=${cost.log2N},r=${cost.r},p=${cost.p}$${unpadded(salt)}$${unpadded(result)}`;
}

const PHC = /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2})\$([A-Za-z0-9+/]{22})\$([A-Za-z0-9+/]{43})$/;
/** A stored hash may not make us spend more than this. */
const LOG2N_MAX = 18;

function readPhc(
  text: string,
): { readonly cost: PassphraseCost; readonly salt: Buffer; readonly result: Buffer } | null {
  const [, ln = '', r = '', p = '', salt = '', result = ''] = PHC.exec(text) ?? [];
  const cost = { log2N: Number(ln), r: Number(r), p: Number(p) };
  if (cost.log2N < 1 || cost.log2N > LOG2N_MAX || cost.r < 1 || cost.r > 32 || cost.p < 1 || cost.p > 16) return null;
  return { cost, salt: Buffer.from(salt, 'base64'), result: Buffer.from(result, 'base64') };
}

function unpadded(bytes: Buffer): string {
  return bytes.toString('base64').replaceAll('=', '');
}
