import type { DatabaseSync } from 'node:sqlite';
import { MandateError } from '../../core/errors.ts';
import { chainHash, FIRST_PREV, sameBytes } from './chain-hash.ts';

/**
 * Where the chain ends, after a quick look at its last two entries; the whole is what verifyEvidence checks.
 * @throws data.damaged, naming the entry, when the last one is not what was written
 */
export function checkTail(
  db: DatabaseSync,
  org_id: string,
  chain: string,
): { readonly seq: number; readonly hash: Uint8Array } {
  const [last, before] = db
    .prepare(
      `select seq, prev, hash, cast(bytes as blob) as bytes from entries
       where org_id = ? and chain_id = ? order by seq desc limit 2`,
    )
    .all(org_id, chain);
  if (last === undefined) return { seq: 0, hash: FIRST_PREV };

  // The table is `strict`: seq is an integer, the others are blobs.
  const { seq, prev, hash, bytes } = last as { seq: number; prev: Uint8Array; hash: Uint8Array; bytes: Uint8Array };
  const expectedPrev = before === undefined ? FIRST_PREV : (before['hash'] as Uint8Array);
  const follows = before === undefined ? seq === 1 : before['seq'] === seq - 1;
  if (!follows || !sameBytes(prev, expectedPrev)) throw damaged(chain, seq, 'does not follow the one before it');
  if (prev.length !== 32 || !sameBytes(chainHash(prev, bytes), hash))
    throw damaged(chain, seq, 'is not what was written');
  return { seq, hash };
}

function damaged(chain: string, seq: number, what: string): MandateError {
  return new MandateError(
    'data.damaged',
    `Entry ${seq} of chain ${chain} in the audit log ${what}. Run: mandate audit verify`,
    {
      at: `${chain}/${seq}`,
    },
  );
}
