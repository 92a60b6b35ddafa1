import type { PolicyFile, PolicyRef } from '../core/policy-set.ts';
import type { PolicyEngine } from './engine.ts';
import type { Problem } from './problem.ts';

export type LoadResult =
  | { readonly ok: true; readonly engine: PolicyEngine; readonly warnings: readonly Problem[] }
  | { readonly ok: false; readonly problems: readonly Problem[] };

export interface PolicySource {
  readonly files: readonly PolicyFile[];
  readonly tools: readonly { readonly server: string; readonly name: string }[];
  readonly ref: PolicyRef;
}
