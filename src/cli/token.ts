import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DATA_FILES } from '../adapters/data-dir/files.ts';
import { MandateError } from '../core/errors.ts';
import { readSession } from './session-file.ts';

/** Who the CLI acts as, and on what grounds; or why it can act as nobody. */
export type Token =
  | { readonly secret: string; readonly from: 'MANDATE_TOKEN' | 'login' | 'admin-token' }
  | { readonly secret: null; readonly missing: MandateError };

/**
 * `MANDATE_TOKEN`, else the login session with this address, else the admin token of the data directory.
 * An expired login is a fault: whoever logged in must not silently become the operator.
 * That there is none is no fault yet: whether the server can be reached at all is the better thing to say first.
 * @throws auth.invalid, data.unreadable
 */
export function findToken(url: URL, data: string, as: 'operator' | undefined): Token {
  const given = process.env['MANDATE_TOKEN'];
  if (given !== undefined && given !== '' && as === undefined) return { secret: given, from: 'MANDATE_TOKEN' };
  const session = as === undefined ? readSession(url.origin) : undefined;
  if (session === undefined) return adminToken(url, data);
  if (Date.parse(session.expires_at) > Date.now()) return { secret: session.token, from: 'login' };
  throw new MandateError(
    'auth.invalid',
    `The login of ${session.human} has expired: run \`mandate login ${session.human}\`, or \`mandate login --end\` to act as the operator.`,
  );
}

function adminToken(url: URL, data: string): Token {
  // The admin token of this machine's data directory means nothing to another machine, which could keep it.
  if (!isLoopback(url)) {
    return missing(`No credential for ${url.origin}: run \`mandate login HUMAN\` or set MANDATE_TOKEN.`);
  }
  const file = join(data, DATA_FILES.operatorToken);
  try {
    const secret = readFileSync(file, 'utf8').trim();
    if (secret !== '') return { secret, from: 'admin-token' };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') {
      // readFileSync throws nothing else
      throw new MandateError(
        'data.unreadable',
        `${file} cannot be read by this user; run \`mandate login HUMAN\` instead.`,
        { cause: error },
      );
    }
  }
  return missing(
    `No credential: ${data} holds no admin token. Use the data directory of \`mandate serve\`, run \`mandate login HUMAN\`, or set MANDATE_TOKEN.`,
  );
}

function missing(sentence: string): Token {
  return { secret: null, missing: new MandateError('auth.missing', sentence) };
}

export function isLoopback(url: URL): boolean {
  return url.hostname === 'localhost' || url.hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(url.hostname);
}
