import type { RecordIds, RecordPrefix } from '../core/ids.ts';

export interface Random {
  /** Cryptographically random bytes. */
  bytes(count: number): Uint8Array;
  /** A fresh record id made from the clock and random bytes. */
  id<P extends RecordPrefix>(prefix: P): RecordIds[P];
  /** A fresh bearer secret: `prefix_` and 32 random bytes in base64url. */
  secret(prefix: string): string;
}
