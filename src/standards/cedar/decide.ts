/** A Cedar entity's name. */
export interface EntityUid {
  readonly type: string;
  readonly id: string;
}

/** A value as Cedar's JSON form has it. Numbers are whole and within ±(2^53 - 1). */
export type CedarValue = string | number | boolean | readonly CedarValue[] | { readonly [key: string]: CedarValue };

export interface Entity {
  readonly uid: EntityUid;
  readonly attrs: { readonly [key: string]: CedarValue };
  readonly parents: readonly EntityUid[];
  readonly tags?: { readonly [key: string]: CedarValue };
}

export interface CedarRequest {
  readonly principal: EntityUid;
  readonly action: EntityUid;
  readonly resource: EntityUid;
  readonly context: { readonly [key: string]: CedarValue };
  readonly entities: readonly Entity[];
}

export interface CedarAnswer {
  readonly decision: 'allow' | 'deny';
  /** Policy ids, sorted: the satisfied forbids of a deny, the satisfied permits of an allow. */
  readonly determining: readonly string[];
  /**
   * Cedar *skips* a policy that errors, so that a decision with an error in it may be an allow that a forbid should have
   * stopped. Whoever asks must treat any entry as a deny. `policy` is null when the request itself was refused.
   */
  readonly errors: readonly { readonly policy: string | null; readonly message: string }[];
}

/** Decides one request against one policy set and schema. Never throws. */
export type Decide = (request: CedarRequest) => CedarAnswer;
