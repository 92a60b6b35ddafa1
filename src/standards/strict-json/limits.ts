/** What one JSON text may cost. Every limit is inclusive: a text of exactly the limit is accepted. */
export type StrictJsonLimits = {
  readonly bytes_max: number;
  /** Nested arrays and objects; a scalar alone has depth 0. Also what bounds the parser's stack. */
  readonly depth_max: number;
  /** Values of every kind, containers included, keys not. */
  readonly nodes_max: number;
  /** UTF-16 code units of one string or key after unescaping; no limit beyond `bytes_max` when absent. */
  readonly string_chars_max?: number;
};

/** The parser recurses once per level: a higher `depth_max` is cut to this. */
export const DEPTH_CEILING = 512;

/** A number literal longer than this is refused in any mode: it serves only to slow a reader down. */
export const NUMBER_CHARS_MAX = 1_024;

export const STRICT_JSON_LIMITS: StrictJsonLimits = {
  bytes_max: 1_048_576,
  // A policy engine was measured to throw at depth 1,000; no tool call needs more than a few levels.
  depth_max: 32,
  nodes_max: 10_000,
};
