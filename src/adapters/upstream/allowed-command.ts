import { isMandateError, MandateError } from '../../core/errors.ts';
import { sha256OfFile } from '../../standards/file/sha256-of-file.ts';

/** From the operator's own file, which no API call can change. */
export interface AllowedCommand {
  readonly command: string;
  /** 64 hex digits: of the file that `command` names; the command must then be a path. */
  readonly sha256?: string | undefined;
}

/**
 * Asked right before each start, so that a file that was exchanged after its registration does not run.
 * @throws server.command
 */
export async function requireAllowed(allowed: readonly AllowedCommand[], command: string): Promise<void> {
  const entry = allowed.find((one) => one.command === command);
  if (entry === undefined) throw refused('The configuration does not list this command under upstream.commands.');
  if (entry.sha256 === undefined) return;
  try {
    if ((await sha256OfFile(command)) === entry.sha256) return;
  } catch (cause) {
    if (isMandateError(cause)) throw cause;
    throw refused('The file of the command cannot be read to check its digest.', cause);
  }
  throw refused('The file of the command is not the one whose digest the configuration lists.');
}

function refused(sentence: string, cause?: unknown): MandateError {
  return new MandateError('server.command', sentence, { cause, may_have_run: false });
}
