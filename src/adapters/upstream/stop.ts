import { stopped, type StopReason } from './fault.ts';

/** The one end of waiting: a deadline, or whatever else ends it first. Dispose it in a `finally`. */
export interface Stop {
  /** Aborts with a {@link StopReason} as its reason. */
  readonly signal: AbortSignal;
  stop(reason: StopReason): void;
  dispose(): void;
}

/** `also` ends it as `ended`. */
export function openStop(deadline_ms: number, also: readonly AbortSignal[] = []): Stop {
  const controller = new AbortController();
  const stop = (reason: StopReason): void => controller.abort(reason);
  const timer = setTimeout(stop, deadline_ms, 'timeout');
  const onAbort = (): void => stop('ended');
  for (const signal of also) {
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
  }
  return {
    signal: controller.signal,
    stop,
    dispose() {
      clearTimeout(timer);
      for (const signal of also) signal.removeEventListener('abort', onAbort);
    },
  };
}

/** Waits for `work`, which goes on when the signal ends the wait first; nothing was sent in that case. */
export async function raced<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  if (signal.aborted) {
    void work.catch(() => undefined); // whoever began the work owns its failure
    throw stopped(signal.reason, false);
  }
  return new Promise<T>((resolve, reject) => {
    const onAbort = (): void => reject(stopped(signal.reason, false));
    signal.addEventListener('abort', onAbort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
