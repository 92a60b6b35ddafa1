declare const rawNumberBrand: unique symbol;

/**
 * A number kept as the literal it was written with. It is the platform's own raw JSON object
 * (TC39 "JSON.parse source text access"): frozen, without prototype, impossible to forge from JSON,
 * and even a plain `JSON.stringify` writes the literal. It does not survive `structuredClone`.
 * An interface and not a type alias, which TypeScript would take for a JSON object.
 */
export interface RawNumber {
  readonly rawJSON: string;
  readonly [rawNumberBrand]: true;
}

/** Makes a raw number. `literal` must already have been read as a JSON number. */
export function rawNumber(literal: string): RawNumber {
  return RAW.rawJSON(literal);
}

/** Tells a raw number from any object that merely looks like one. */
export function isRawNumber(value: unknown): value is RawNumber {
  return RAW.isRawJSON(value);
}

// TypeScript's library does not declare these two functions yet; Node has them since 21.
const RAW = JSON as unknown as {
  readonly rawJSON: (literal: string) => RawNumber;
  readonly isRawJSON: (value: unknown) => boolean;
};
