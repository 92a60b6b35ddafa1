import { MandateError } from '../../core/errors.ts';
import type { EvidenceReceipt } from '../../ports/evidence-log.ts';

/** Appends that may wait at once; one more is refused. At 2 KB of record and 4 KB of facts about 50 MB. */
export const EVIDENCE_QUEUE_RECORDS_MAX = 8_192;
/** And what they may hold together, in UTF-16 code units. */
export const EVIDENCE_QUEUE_CHARS_MAX = 64 * 1024 * 1024;

/** Appends that wait to be durable, numbered 1, 2, … in the order they were made, and settled in that order. */
export interface AppendQueue {
  /** Whether one of so many characters would be too many. */
  isFull(chars: number): boolean;
  /** Its promise resolves when it is durable and rejects at its deadline. */
  add(chars: number): Promise<EvidenceReceipt>;
  /** The number of the newest. */
  last(): number;
  /** The number up to which all are settled. */
  settled(): number;
  /** INVARIANT: called with each number once, in order. One that had expired takes up room until here. */
  settle(number: number, result: EvidenceReceipt | MandateError): void;
  rejectAll(error: MandateError): void;
}

interface Waiting {
  readonly resolve: (receipt: EvidenceReceipt) => void;
  readonly reject: (error: MandateError) => void;
  readonly chars: number;
  /** By performance.now(). */
  readonly due: number;
}

/** @param onExpired told the newest number that nobody waits for any more */
export function openAppendQueue(deadline_ms: number, onExpired: (number: number) => void): AppendQueue {
  const waiting = new Map<number, Waiting>();
  let last = 0;
  let settled = 0;
  let expired = 0;
  let queuedChars = 0;
  let timer: NodeJS.Timeout | undefined;

  /** Deadlines are equal, so the oldest append is always the next to expire: one timer serves all. */
  function watch(): void {
    const oldest = waiting.get(Math.max(settled, expired) + 1);
    if (timer !== undefined || oldest === undefined) return;
    timer = setTimeout(expire, Math.max(1, oldest.due - performance.now()));
    timer.unref();
  }

  function expire(): void {
    timer = undefined;
    const now = performance.now();
    for (let number = Math.max(settled, expired) + 1; (waiting.get(number)?.due ?? Infinity) <= now; number += 1) {
      expired = number;
      onExpired(number);
      waiting
        .get(number)
        ?.reject(new MandateError('evidence.unavailable', `Evidence was not durable within ${deadline_ms} ms.`));
    }
    watch();
  }

  return {
    isFull: (chars) => waiting.size >= EVIDENCE_QUEUE_RECORDS_MAX || queuedChars + chars > EVIDENCE_QUEUE_CHARS_MAX,
    add(chars) {
      queuedChars += chars;
      last += 1;
      const number = last;
      return new Promise((resolve, reject) => {
        waiting.set(number, { resolve, reject, chars, due: performance.now() + deadline_ms });
        watch();
      });
    },
    last: () => last,
    settled: () => settled,
    settle(number, result) {
      const append = waiting.get(number);
      waiting.delete(number);
      settled = number;
      queuedChars -= append?.chars ?? 0;
      if (result instanceof MandateError) append?.reject(result);
      else append?.resolve(result);
    },
    rejectAll(error) {
      clearTimeout(timer);
      const rejected = [...waiting.values()];
      waiting.clear();
      queuedChars = 0;
      for (const append of rejected) append.reject(error);
    },
  };
}
