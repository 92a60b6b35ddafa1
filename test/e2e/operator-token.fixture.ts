import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The admin token, as any program of the same account reads it. */
export function operatorToken(data: string): string {
  return readFileSync(join(data, 'admin-token'), 'utf8').trim();
}
