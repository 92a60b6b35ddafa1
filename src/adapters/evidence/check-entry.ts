import { canonicalJson } from '../../core/canonical-json.ts';
import { EVIDENCE_KINDS, projectEvidence, type EvidenceProjection, type EvidenceRecord } from '../../core/evidence.ts';
import { isJsonObject, type Json } from '../../core/json.ts';
import { chainHash, FIRST_PREV, printHash, sameBytes } from './chain-hash.ts';
import { chainNode } from './chain-name.ts';

export interface VerifiedChain {
  readonly chain: string;
  readonly count: number;
  /** `sha256:` of the last entry: write it down elsewhere, and a cut tail is found later. */
  readonly head: string;
}

/** A position someone outside has seen: the only thing by which a cut tail or a rewritten chain can be told. */
export interface WitnessedHead {
  readonly chain: string;
  readonly seq: number;
  readonly hash: string;
}

/** One entry as it was found, in a log or an exported bundle. */
export interface CheckedEntry {
  readonly chain: string;
  readonly seq: number;
  readonly prev: Uint8Array;
  readonly hash: Uint8Array;
  readonly bytes: Uint8Array;
}

export type CheckResult =
  | { readonly ok: true; readonly projection: EvidenceProjection; readonly facts_digest: string | undefined }
  | { readonly ok: false; readonly why: string };

export interface ChainCheck {
  /** The next entry: chain by chain, each in its order. */
  next(entry: CheckedEntry): CheckResult;
  /** The last entry that was good. */
  position(): { readonly chain: string | null; readonly seq: number };
  /** After the last entry: a witnessed head that was not met. */
  end(): { readonly chain: string; readonly seq: number; readonly why: string } | undefined;
  /** Allowed decisions without an outcome so far: those in flight, so few. */
  unanswered(): ReadonlySet<string>;
  chains(): readonly VerifiedChain[];
}

/**
 * @param gaps whether entries may be missing between those that are there, as in a filtered export: then each is held
 *   against the `prev` it names, and only neighbours against each other
 */
export function startChainCheck(witnessed: readonly WitnessedHead[], gaps = false): ChainCheck {
  const chains: VerifiedChain[] = [];
  const unmet = new Set(witnessed);
  const unanswered = new Set<string>();
  // Outcomes whose decision stands in a chain that is read later, and those of changes: few.
  const answeredBefore = new Set<string>();
  let chain: string | null = null;
  let node: string | undefined;
  let seq = 0;
  let count = 0;
  let prev = FIRST_PREV;

  const finishChain = (): void => {
    if (chain !== null) chains.push({ chain, count, head: printHash(prev) });
  };

  return {
    next(entry) {
      if (entry.chain !== chain) {
        if (chains.some((earlier) => earlier.chain === entry.chain)) return bad('Its chain was finished before.');
        finishChain();
        chain = entry.chain;
        node = chainNode(chain);
        seq = 0;
        count = 0;
        prev = FIRST_PREV;
        if (node === undefined) return bad('Its chain has no name of a node.');
      }
      const follows = entry.seq === seq + 1;
      if (!follows && (!gaps || entry.seq <= seq)) {
        return bad(
          seq === 0 ? 'Its chain does not begin at 1.' : `It follows entry ${seq}: one is missing or there twice.`,
        );
      }
      if (entry.prev.length !== 32 || entry.hash.length !== 32) return bad('Its hash is no hash.');
      if (follows && !sameBytes(entry.prev, prev)) return bad('It does not name the hash of the one before it.');
      if (!sameBytes(chainHash(entry.prev, entry.bytes), entry.hash))
        return bad('Its bytes are not the ones that were hashed.');
      const read = readRecord(entry.bytes);
      if (!read.ok) return read;
      const { projection } = read;
      if (read.node !== node) return bad('It was not written by the node of its chain.');
      for (const head of unmet) {
        if (head.chain !== entry.chain || head.seq !== entry.seq) continue;
        if (head.hash !== printHash(entry.hash)) return bad('It is not the entry that was witnessed.');
        unmet.delete(head);
      }
      if (projection.kind === 'decision' && projection.effect === 'allow' && !answeredBefore.delete(projection.id)) {
        unanswered.add(projection.id);
      }
      if (projection.kind === 'outcome' && projection.of !== null && !unanswered.delete(projection.of)) {
        answeredBefore.add(projection.of);
      }
      seq = entry.seq;
      prev = entry.hash;
      count += 1;
      return { ok: true, projection, facts_digest: read.facts_digest };
    },
    position: () => ({ chain, seq }),
    end() {
      finishChain();
      chain = null;
      const [head] = unmet;
      if (head === undefined) return undefined;
      return { chain: head.chain, seq: head.seq, why: 'It was witnessed and is gone: the tail was cut off.' };
    },
    unanswered: () => unanswered,
    chains: () => chains,
  };
}

function bad(why: string): { readonly ok: false; readonly why: string } {
  return { ok: false, why };
}

type ReadRecord =
  | {
      readonly ok: true;
      readonly projection: EvidenceProjection;
      readonly node: string;
      readonly facts_digest: string | undefined;
    }
  | { readonly ok: false; readonly why: string };

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function readRecord(bytes: Uint8Array): ReadRecord {
  let value: Json;
  let text: string;
  try {
    text = utf8.decode(bytes);
    value = JSON.parse(text) as Json; // JSON.parse answers nothing else
  } catch {
    return bad('Its bytes are not JSON.');
  }
  if (!isCanonical(text, value)) return bad('Its bytes are not canonical JSON.');
  if (!isRecord(value)) return bad('It is not a record of a kind this version knows.');
  return {
    ok: true,
    projection: projectEvidence(value),
    node: value.node,
    facts_digest: value.kind === 'decision' ? value.facts_digest : undefined,
  };
}

/**
 * Whether the text is the canonical one of its value. The engine's own printing differs from RFC 8785 in the order of
 * keys and in lone surrogates only, so where both are plainly right its speed can be had.
 */
function isCanonical(text: string, value: Json): boolean {
  if (isSorted(value) && JSON.stringify(value) === text && !text.includes('\\ud')) return true;
  try {
    return canonicalJson(value) === text;
  } catch {
    return false; // a lone surrogate has no canonical form
  }
}

function isSorted(value: Json): boolean {
  if (typeof value !== 'object' || value === null) return true;
  if (!isJsonObject(value)) return (value as readonly Json[]).every(isSorted); // isArray does not narrow readonly arrays
  let before: string | undefined;
  for (const key of Object.keys(value)) {
    if (before !== undefined && before >= key) return false;
    before = key;
    const member = value[key];
    if (typeof member === 'object' && member !== null && !isSorted(member)) return false;
  }
  return true;
}

/** What the projection and the checks read; the rest of a record is for people and for replay. */
function isRecord(value: Json): value is Json & EvidenceRecord {
  if (!isJsonObject(value) || value['v'] !== 1) return false;
  if (typeof value['id'] !== 'string' || typeof value['at'] !== 'string' || typeof value['node'] !== 'string')
    return false;
  const kind = value['kind'];
  if (!EVIDENCE_KINDS.some((known) => known === kind)) return false;
  if (kind === 'decision') return isJsonObject(value['action']) && typeof value['facts_digest'] === 'string';
  if (kind === 'outcome') return typeof value['of'] === 'string';
  return isJsonObject(kind === 'change' ? value['subject'] : value['about']);
}
