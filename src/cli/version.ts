import { readFileSync } from 'node:fs';
import { MandateError } from '../core/errors.ts';

/** The version of this package. */
export function version(): string {
  // Two levels up from src/cli and from dist/cli alike.
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  const found = /"version":\s*"([^"]+)"/.exec(text)?.[1];
  if (found === undefined) throw new MandateError('internal', 'package.json names no version.');
  return found;
}
