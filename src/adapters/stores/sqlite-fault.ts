import { isMandateError, MandateError, type ErrorCode } from '../../core/errors.ts';
import { resultCode, saysDamaged, SQLITE_BUSY } from '../../standards/sqlite/result-code.ts';

/**
 * What an error of node:sqlite means to a person; other errors are returned as they are.
 * @param file the database it happened to
 */
export function sqliteFault(error: unknown, file: string): unknown {
  if (isMandateError(error) || !(error instanceof Error)) return error;
  // An integer that no number can hold: we never write one.
  if ('code' in error && error.code === 'ERR_OUT_OF_RANGE') return damagedFile(file, error);
  const primary = resultCode(error);
  if (primary === undefined) return error;
  if (saysDamaged(error)) return damagedFile(file, error);
  const [code, why] = MEANINGS.get(primary) ?? (['store.unavailable', 'cannot be used'] as const);
  return new MandateError(code, `${file} ${why}; nothing was written.`, { cause: error, at: file });
}

const MEANINGS: ReadonlyMap<number, readonly [ErrorCode, string]> = new Map([
  [SQLITE_BUSY, ['store.unavailable', 'is locked by another program']],
  [6, ['store.unavailable', 'is locked']], // LOCKED
  [8, ['store.unavailable', 'is read-only']], // READONLY
  [10, ['store.unavailable', 'could not be read or written (an input/output error of the disk)']], // IOERR
  [13, ['store.unavailable', 'cannot grow: the disk is full']], // FULL
  [14, ['store.unavailable', 'cannot be opened']], // CANTOPEN
]);

/** @param cause what said so */
export function damagedFile(file: string, cause?: unknown): MandateError {
  return new MandateError('data.damaged', `${file} is damaged and was left as it is; restore a backup.`, {
    cause,
    at: file,
  });
}
