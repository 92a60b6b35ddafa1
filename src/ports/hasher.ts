export interface Hasher {
  /** `sha256:` and 64 hex digits, of the text in UTF-8. */
  sha256(text: string): string;
  /** `hmac-sha256:` and 64 hex digits under a key of this installation, for values that could be guessed from a plain hash. */
  keyed(text: string): string;
  /** A slow, salted hash of a passphrase, with its parameters. Takes about 100 ms of another thread. */
  passphrase(text: string): Promise<string>;
  /** Compares in constant time. False for a damaged hash. */
  matchesPassphrase(text: string, hash: string): Promise<boolean>;
}
