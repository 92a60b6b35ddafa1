import { createReadStream } from 'node:fs';
import { canonicalJson } from '../../core/canonical-json.ts';
import { MandateError } from '../../core/errors.ts';
import { isJsonObject, type Json } from '../../core/json.ts';
import { parseHash } from './chain-hash.ts';
import { startChainCheck, type CheckedEntry, type WitnessedHead } from './check-entry.ts';
import type { EvidenceFault, EvidenceVerdict } from './verify.ts';

/** A longer line is no entry: a record is bounded far below by what a request may hold. */
const LINE_BYTES_MAX = 16 * 1024 * 1024;

/**
 * Verifies a bundle that exportEvidence wrote, one line at a time. A bundle with a filter proves each of its entries and
 * the links between neighbours, not that none was left out.
 * @throws data.unreadable when the file cannot be read
 */
export async function verifyExport(
  file: string,
  options: { readonly witnessed?: readonly WitnessedHead[] } = {},
): Promise<EvidenceVerdict> {
  let check = startChainCheck([]);
  let expected: number | undefined;
  let count = 0;
  const fault = (why: string, at: { readonly chain: string | null; readonly seq: number }): EvidenceFault => ({
    ok: false,
    chain: at.chain,
    seq: at.seq,
    why,
    count,
  });
  for await (const line of linesOf(file)) {
    const value = line === undefined ? undefined : readLine(line);
    const here = { chain: check.position().chain, seq: check.position().seq + 1 };
    if (value === undefined)
      return fault(`Line ${count + 1 + Number(expected !== undefined)} is not canonical JSON.`, here);
    if (expected === undefined) {
      const header = readHeader(value);
      if (header === undefined)
        return fault('The first line is not the header of a bundle of this version.', { chain: null, seq: 0 });
      expected = header.count;
      check = startChainCheck(options.witnessed ?? [], header.filtered);
      continue;
    }
    const entry = readEntry(value);
    if (entry === undefined) return fault('The line is not an entry.', here);
    const result = check.next(entry);
    if (!result.ok) return fault(result.why, entry);
    count += 1;
  }
  if (expected === undefined) return fault('The file is empty.', { chain: null, seq: 0 });
  if (count !== expected) return fault(`The header promises ${expected} entries.`, check.position());
  const missing = check.end();
  if (missing !== undefined) return { ok: false, ...missing, count };
  return { ok: true, count, chains: check.chains(), facts_checked: 0, facts_sealed: 0 };
}

/** Each line without its end; undefined for one that is too long, which is the last. */
async function* linesOf(file: string): AsyncGenerator<Buffer | undefined, void, void> {
  let rest = Buffer.alloc(0);
  try {
    for await (const chunk of createReadStream(file, { highWaterMark: 1024 * 1024 })) {
      let start = 0;
      const bytes = Buffer.concat([rest, chunk as Buffer]); // a stream without an encoding gives buffers
      for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, start)) {
        yield bytes.subarray(start, end);
        start = end + 1;
      }
      rest = bytes.subarray(start);
      if (rest.length > LINE_BYTES_MAX) {
        yield undefined;
        return;
      }
    }
  } catch (error) {
    throw new MandateError('data.unreadable', `${file} cannot be read.`, { cause: error });
  }
  if (rest.length > 0) yield undefined; // every line ends, also the last
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The line's value when the line is its only text. */
function readLine(line: Buffer): Json | undefined {
  try {
    const text = utf8.decode(line);
    const value = JSON.parse(text) as Json; // JSON.parse answers nothing else
    return canonicalJson(value) === text ? value : undefined;
  } catch {
    return undefined; // not UTF-8, not JSON, or a string with no canonical form: all the same to a verifier
  }
}

function readHeader(value: Json): { readonly count: number; readonly filtered: boolean } | undefined {
  if (!isJsonObject(value) || value['format'] !== 'mandate-evidence' || value['v'] !== 1) return undefined;
  const { count, filter } = value;
  if (typeof count !== 'number' || !Number.isSafeInteger(count) || !isJsonObject(filter)) return undefined;
  return { count, filtered: Object.keys(filter).length > 0 };
}

function readEntry(value: Json): CheckedEntry | undefined {
  if (!isJsonObject(value) || Object.keys(value).length !== 5) return undefined;
  const { chain, seq, prev, hash, text } = value;
  const prevBytes = parseHash(prev);
  const hashBytes = parseHash(hash);
  if (typeof chain !== 'string' || typeof text !== 'string' || prevBytes === undefined || hashBytes === undefined)
    return undefined;
  if (typeof seq !== 'number' || !Number.isSafeInteger(seq) || seq < 1) return undefined;
  return { chain, seq, prev: prevBytes, hash: hashBytes, bytes: Buffer.from(text) };
}
