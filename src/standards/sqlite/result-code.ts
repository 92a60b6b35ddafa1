/** https://sqlite.org/rescode.html: the primary result codes that mean something to us. */
export const SQLITE_BUSY = 5;
const SQLITE_CORRUPT = 11;
const SQLITE_NOTADB = 26;

/** The primary result code in an error of node:sqlite (the low byte of the extended one); undefined for any other error. */
export function resultCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number') return undefined;
  return error.errcode & 0xff;
}

/** True when SQLite says that a file's bytes make no sense; any other error is a fault of ours or of the machine. */
export function saysDamaged(error: unknown): error is Error {
  const code = resultCode(error);
  return code === SQLITE_CORRUPT || code === SQLITE_NOTADB;
}
