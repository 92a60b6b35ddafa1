const SQLITE_CORRUPT = 11;
const SQLITE_NOTADB = 26;

/** True when SQLite says that a file's bytes make no sense; any other error is a fault of ours or of the machine. */
export function isDamage(error: unknown): error is Error {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number') return false;
  const primary = error.errcode & 0xff;
  return primary === SQLITE_CORRUPT || primary === SQLITE_NOTADB;
}
