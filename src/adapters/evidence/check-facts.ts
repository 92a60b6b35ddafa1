import { hash } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import { unsealFacts } from './seal.ts';

export interface FactsFault {
  readonly chain: string;
  readonly seq: number;
  readonly why: string;
}

export interface FactsCheck {
  /** The facts beside one decision, if there are any: erased ones are no fault. */
  next(at: {
    readonly org_id: string;
    readonly chain: string;
    readonly seq: number;
    readonly record_id: string;
    readonly facts_digest: string;
  }): FactsFault | undefined;
  checked(): number;
  sealed(): number;
}

/**
 * Opens sealed facts and holds them against the digest in their record. A chain is sealed with one key, so either all of
 * its facts open or none do; none is a fault in the chain that is written now, and in an earlier one what a restore
 * without its keys leaves: those are counted as sealed.
 * @param current the chain that is written with this key; undefined when that is not known: then every one must open
 */
export function startFactsCheck(db: DatabaseSync, key: Uint8Array, current: string | undefined): FactsCheck {
  const factsOf = db.prepare('select nonce, ciphertext from sealed_facts where org_id = ? and record_id = ?');
  factsOf.setReturnArrays(true);
  let chain: string | undefined;
  let opens = false;
  let firstSealed: FactsFault | undefined;
  let checked = 0;
  let sealed = 0;

  return {
    next(at) {
      if (at.chain !== chain) {
        chain = at.chain;
        opens = current === undefined || at.chain === current;
        firstSealed = undefined;
      }
      const row = factsOf.get(at.org_id, at.record_id) as unknown as readonly [Uint8Array, Uint8Array] | undefined; // arrays are set
      if (row === undefined) return undefined;
      const text = unsealFacts(key, at.record_id, { nonce: row[0], ciphertext: row[1] });
      if (text === undefined) {
        const fault = { chain: at.chain, seq: at.seq, why: 'Its sealed facts do not open.' };
        if (opens) return fault;
        firstSealed ??= fault;
        sealed += 1;
        return undefined;
      }
      if (firstSealed !== undefined) return firstSealed;
      opens = true;
      if (`sha256:${hash('sha256', text)}` !== at.facts_digest)
        return { chain: at.chain, seq: at.seq, why: 'Its sealed facts are not the ones it names.' };
      checked += 1;
      return undefined;
    },
    checked: () => checked,
    sealed: () => sealed,
  };
}
