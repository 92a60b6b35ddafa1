import { createRequire } from 'node:module';
import type * as CedarWasm from '@cedar-policy/cedar-wasm/nodejs';

export type Cedar = typeof CedarWasm;

/** cedar-wasm trapped or threw. The instance is gone; the next call gets a new one. */
export class CedarTrap extends Error {
  constructor(cause: unknown) {
    super('The Cedar engine failed on this input.', { cause });
    this.name = 'CedarTrap';
  }
}

/**
 * Runs `work` on the process's Cedar instance. An instance that has trapped answers every later call with the same trap
 * (its stack pointer is never put back), so after any throw a fresh one replaces it, in about 20 ms.
 * `generation` changes with the instance: what was preparsed in an older one is gone.
 * @throws CedarTrap
 */
export function callCedar<T>(work: (cedar: Cedar, generation: number) => T): T {
  current ??= load();
  try {
    return work(current.cedar, current.generation);
  } catch (cause) {
    current = null;
    throw new CedarTrap(cause);
  }
}

// The entry is CommonJS and loads synchronously (about 25 ms), so it is required at first use and not at import.
const require = createRequire(import.meta.url);

let current: { readonly cedar: Cedar; readonly generation: number } | null = null;
let generations = 0;

function load(): { readonly cedar: Cedar; readonly generation: number } {
  delete require.cache[require.resolve('@cedar-policy/cedar-wasm/nodejs')];
  generations += 1;
  return { cedar: require('@cedar-policy/cedar-wasm/nodejs') as Cedar, generation: generations }; // the types of that entry
}
