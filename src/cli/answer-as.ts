import { MandateError } from '../core/errors.ts';
import { apiUrl, openClient, type Client } from './client.ts';
import type { DataOption } from './command.ts';
import { needed } from './field.ts';
import { say } from './print.ts';
import { readPassphrase, type PassphraseOption } from './read-passphrase.ts';
import { readSession } from './session-file.ts';

/**
 * Does something as a human who proves their second factor for it. `work` reads with an ordinary session and calls
 * `prove` when it is time: that asks for the passphrase and gives a bearer of a few minutes, which lives in the memory
 * of this process only and is ended with it. So nothing that lies on the disk can answer an approval.
 */
export async function answerAs<T>(
  options: PassphraseOption & DataOption & { readonly human?: string },
  work: (client: Client, prove: () => Promise<string>) => Promise<T>,
): Promise<T> {
  const url = apiUrl(options);
  const kept = readSession(new URL(url).origin);
  const human = options.human ?? kept?.human;
  if (human === undefined) {
    throw new MandateError(
      'auth.missing',
      'Only a person answers approvals: give --human, or run `mandate login HUMAN` first.',
    );
  }
  const ends: string[] = [];
  try {
    const live = kept !== undefined && kept.human === human && Date.parse(kept.expires_at) > Date.now();
    if (live) {
      const client = openClient({ url, token: kept.token });
      return await work(client, async () => {
        const proved = await stepUp(client, await readPassphrase(`Passphrase of ${human}`, options));
        if (proved !== null) ends.push(proved);
        return proved ?? kept.token;
      });
    }
    const passphrase = await readPassphrase(`Passphrase of ${human}`, options);
    const token = needed(await openClient({ url, token: null }).post('/v1/login', { human, passphrase }), 'token');
    ends.push(token);
    const client = openClient({ url, token });
    return await work(client, async () => {
      const proved = await stepUp(client, passphrase);
      if (proved !== null) ends.push(proved);
      return proved ?? token;
    });
  } finally {
    for (const token of ends.reverse()) await signOut(url, token);
  }
}

async function stepUp(client: Client, passphrase: string): Promise<string | null> {
  const { token } = await client.post('/v1/step-up', { passphrase });
  return typeof token === 'string' && token !== '' ? token : null;
}

/** It would end by itself in minutes; that the server could not be told must not turn an answer into a fault. */
async function signOut(url: string, token: string): Promise<void> {
  try {
    await openClient({ url, token }).post('/v1/sign-out');
  } catch (error) {
    say(
      `The session of this answer could not be ended now; it expires by itself (${error instanceof Error ? error.message : String(error)}).`,
    );
  }
}
