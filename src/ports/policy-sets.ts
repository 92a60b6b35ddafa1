import type { PolicySet } from '../core/policy-set.ts';

export interface PolicySets {
  /** The set with the highest serial that is `published`; undefined before the first. */
  published(): Promise<PolicySet | undefined>;
}
