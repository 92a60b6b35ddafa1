import type { Command } from 'commander';
import { MandateError } from '../core/errors.ts';
import type { JsonObject } from '../core/json.ts';
import { apiUrl, openClient } from './client.ts';
import { command, withData, withJson, type DataOption, type JsonOption } from './command.ts';
import { needed, part, field } from './field.ts';
import { print, say } from './print.ts';
import { readPassphrase, type PassphraseOption } from './read-passphrase.ts';
import { readSession, sessionFile, writeSession } from './session-file.ts';

interface LoginOptions extends JsonOption, DataOption, PassphraseOption {
  readonly link?: string;
  readonly print?: true;
  readonly end?: true;
}

/** `mandate login`: a human's passphrase becomes a CLI session of theirs, for this user of this machine. */
export function loginCommand(): Command {
  return withJson(
    withData(
      command(
        'login',
        'let this terminal act as a human (12 h); approving still asks for the passphrase each time',
        'mandate login ana',
        'mandate login --link http://127.0.0.1:7373/sign-in?link=mdl_…',
        'mandate login --end',
      ),
    ),
  )
    .argument('[human]', 'who you are')
    .option('--link <link>', 'the first time: use a sign-in link and set the passphrase')
    .option('--passphrase-stdin', 'read the passphrase from stdin instead of the terminal')
    .option('--print', 'print the token instead of keeping it')
    .option('--end', 'log out')
    .action(async (human: string | undefined, options: LoginOptions) => {
      const url = apiUrl(options);
      if (options.end === true) return logout(url, options);
      const answer = await signIn(url, human, options);
      const who = field(part(answer, 'human'), 'id') || human || '';
      const session = { human: who, token: needed(answer, 'token'), expires_at: needed(answer, 'expires_at') };
      if (options.print === true) return print(options, { ...session, url }, () => session.token);
      const origin = new URL(url).origin;
      const before = readSession(origin);
      if (before !== undefined && before.human !== who)
        say(
          `This terminal acted as ${before.human} until now; that session is forgotten here and ends ${before.expires_at}.`,
        );
      writeSession(origin, session);
      const { token: _kept, ...rest } = session;
      print(
        options,
        { ...rest, url, kept_in: sessionFile() },
        () => `${who} is logged in at ${url} until ${session.expires_at}.`,
      );
    });
}

async function signIn(url: string, human: string | undefined, options: LoginOptions): Promise<JsonObject> {
  const client = openClient({ url, token: null });
  if (options.link !== undefined) {
    const secret = /mdl_[A-Za-z0-9_-]+/.exec(options.link)?.[0];
    if (secret === undefined) throw new MandateError('input.invalid', 'That is not a sign-in link.');
    return client.post('/v1/sign-in', { secret, passphrase: await newPassphrase(options) });
  }
  if (human === undefined) throw new MandateError('input.invalid', 'Who are you? Give the id of a human, or --link.');
  return client.post('/v1/login', { human, passphrase: await readPassphrase(`Passphrase of ${human}`, options) });
}

/** Typed twice: nobody sees what they type. */
async function newPassphrase(options: LoginOptions): Promise<string> {
  const first = await readPassphrase('Your passphrase, new or known', options);
  if (options.passphraseStdin === true || first === (await readPassphrase('Once more', options))) return first;
  throw new MandateError('input.invalid', 'The two differ; nothing was set.');
}

/** The session is forgotten here even when the server cannot be told. */
async function logout(url: string, options: LoginOptions): Promise<void> {
  const origin = new URL(url).origin;
  const session = readSession(origin);
  writeSession(origin, null);
  if (session !== undefined) {
    try {
      await openClient({ url, token: session.token }).post('/v1/sign-out');
    } catch (error) {
      say(
        `The server could not be told, the session ends there at ${session.expires_at} (${error instanceof Error ? error.message : String(error)}).`,
      );
    }
  }
  print(options, { human: session?.human ?? null, url }, () =>
    session === undefined ? `Nobody was logged in at ${url}.` : `${session.human} is logged out of ${url}.`,
  );
}
