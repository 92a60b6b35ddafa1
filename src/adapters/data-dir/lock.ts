import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { MandateError } from '../../core/errors.ts';
import { resultCode, saysDamaged, SQLITE_BUSY } from '../../standards/sqlite/result-code.ts';
import { DATA_FILES } from './files.ts';
import { damaged } from './whole-file.ts';

/**
 * Takes the directory for this process alone. The lock is one of the operating system's, held by SQLite on an empty
 * database, so it ends with the process however that ends. (Node offers no lock of its own.)
 * Nothing else may open `lock.db`: POSIX drops a process's locks on a file when it closes any handle of that file.
 * @throws data.locked naming the holder where it is known, data.unreadable, data.damaged
 */
export function lockFolder(folder: string): { release(): void } {
  const holder = join(folder, DATA_FILES.holder);
  const db = takeExclusively(folder, holder);
  try {
    writeFileSync(holder, String(process.pid), { mode: 0o600 });
  } catch (cause) {
    db.close();
    throw new MandateError('data.unreadable', `${holder} cannot be written.`, { cause, at: holder });
  }
  return {
    release() {
      if (!db.isOpen) return;
      rmSync(holder, { force: true });
      db.close();
    },
  };
}

function takeExclusively(folder: string, holder: string): DatabaseSync {
  const file = join(folder, DATA_FILES.lock);
  let db: DatabaseSync | undefined;
  try {
    db = new DatabaseSync(file, { timeout: 0 });
    db.exec('pragma journal_mode = memory; begin exclusive'); // nothing is ever written, so nothing needs a journal
    return db;
  } catch (cause) {
    db?.close();
    if (resultCode(cause) === SQLITE_BUSY)
      throw new MandateError('data.locked', lockedBy(folder, holder), { cause, at: folder });
    if (saysDamaged(cause)) throw damaged(file, cause);
    throw new MandateError('data.unreadable', `${folder} cannot be written.`, { cause, at: folder });
  }
}

function lockedBy(folder: string, holder: string): string {
  const pid = existsSync(holder) ? Number(readFileSync(holder, 'utf8')) : 0;
  const who = Number.isSafeInteger(pid) && pid > 0 ? `another mandate process (pid ${pid})` : 'another mandate process';
  return `${folder} is in use by ${who}.`;
}
