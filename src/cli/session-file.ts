import { chmodSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { MandateError } from '../core/errors.ts';

const sessionSchema = z.strictObject({
  token: z.string().min(1),
  human: z.string().min(1),
  expires_at: z.iso.datetime(),
});
const fileSchema = z.record(z.string(), sessionSchema);

/** A human's CLI session with one Mandate. It opens tasks and the like; it never answers approvals by itself. */
export type Session = z.output<typeof sessionSchema>;

/** The session with the Mandate at this address; undefined when nobody is logged in there. */
export function readSession(url: string): Session | undefined {
  return readAll()[url];
}

/** Keeps the session of one address, or forgets it. The file is its user's alone (0600, in a 0700 folder). */
export function writeSession(url: string, session: Session | null): void {
  const others = Object.entries(readAll()).filter(([address]) => address !== url);
  const all = Object.fromEntries(session === null ? others : [...others, [url, session]]);
  const file = sessionFile();
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  // Beside and renamed: whoever reads sees the old file or the new one, and never one with wider rights.
  const beside = `${file}.${process.pid}`;
  writeFileSync(beside, `${JSON.stringify(all, null, 2)}\n`, { mode: 0o600 });
  chmodSync(beside, 0o600);
  renameSync(beside, file);
}

export function sessionFile(): string {
  return join(process.env['XDG_CONFIG_HOME'] || join(homedir(), '.config'), 'mandate', 'session.json');
}

function readAll(): Readonly<Record<string, Session>> {
  const file = sessionFile();
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {}; // readFileSync throws nothing else
    throw new MandateError('data.unreadable', `${file} cannot be read.`, { cause: error });
  }
  const parsed = fileSchema.safeParse(jsonOf(text));
  if (parsed.success) return parsed.data;
  throw new MandateError('data.damaged', `${file} is not a session file; remove it and log in again.`);
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // no JSON is no session file: said by the caller
  }
}
