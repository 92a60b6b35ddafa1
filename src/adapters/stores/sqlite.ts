import { closeSync, existsSync, openSync, readSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Kysely } from 'kysely';
import { isMandateError, MandateError } from '../../core/errors.ts';
import type { Store } from '../../ports/store.ts';
import { applySteps, missingSteps } from './migrate-sqlite.ts';
import { MIGRATIONS } from './migrations/catalog.ts';
import type { Tables } from './schema.ts';
import { sqlDatabase } from './sql-database.ts';
import { sqlStore } from './sql-store.ts';
import { sqliteDialect } from './sqlite-dialect.ts';
import { syncPath } from '../../standards/file/sync-path.ts';
import { damagedFile, sqliteFault } from './sqlite-fault.ts';

/** The event loop stands still while SQLite waits for another program's lock. */
const BUSY_TIMEOUT_MS = 1000;

/**
 * Opens the store in a SQLite file, creating it or bringing its schema up to date. A commit is on the disk when it
 * resolves (WAL, `synchronous=FULL`).
 * In one process open a file once: a second store would wait for the first one's transaction and thereby block it.
 * @param org_id whose records are seen; others' in the same file are not
 * @throws data.unreadable, data.damaged, data.newer, store.unavailable; the file is left as it was
 */
export function openSqliteStore({ file, org_id }: { readonly file: string; readonly org_id: string }): Store {
  try {
    if (existsSync(file)) refuseShortened(file);
    else createFile(file);
    const db = openFile(file);
    const kysely = new Kysely<Tables>({ dialect: sqliteDialect(db) });
    const store = sqlStore(sqlDatabase(kysely, org_id, (error) => sqliteFault(error, file)));
    const close = async (): Promise<void> => {
      await store.close();
      if (db.isOpen) db.close(); // Kysely leaves a driver alone that was never used
    };
    return { ...store, close };
  } catch (error) {
    const fault = sqliteFault(error, file);
    if (isMandateError(fault)) throw fault;
    throw new MandateError('data.unreadable', `${file} cannot be opened.`, { cause: error, at: file });
  }
}

/** A new file appears whole: made under another name, then renamed. So an empty one is always a damaged one. */
function createFile(file: string): void {
  if (existsSync(`${file}-wal`)) {
    throw new MandateError('data.damaged', `${file} is missing, but its write-ahead log is there; restore a backup.`, {
      at: file,
    });
  }
  const unborn = `${file}.new`;
  for (const leftover of [unborn, `${unborn}-wal`, `${unborn}-shm`]) rmSync(leftover, { force: true });
  closeSync(openSync(unborn, 'wx', 0o600));
  openFile(unborn).close();
  syncPath(unborn);
  renameSync(unborn, file);
  syncPath(dirname(file));
}

function openFile(file: string): DatabaseSync {
  const db = new DatabaseSync(file, { timeout: BUSY_TIMEOUT_MS, enableForeignKeyConstraints: true, defensive: true });
  try {
    const check = db.prepare('pragma quick_check(1)').get();
    if (check?.['quick_check'] !== 'ok') throw damagedFile(file, check);
    const missing = missingSteps(db, MIGRATIONS, file);
    // Nothing was written up to here: a file that is refused is left as it was.
    if (db.prepare('pragma journal_mode = wal').get()?.['journal_mode'] !== 'wal') {
      const sentence = `${file} is on a file system that does not support SQLite's write-ahead log.`;
      throw new MandateError('data.unreadable', sentence, { at: file });
    }
    db.exec('pragma synchronous = full');
    if (missing.length > 0) applySteps(db, missing);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

/**
 * SQLite reads what is missing at the end of a file as zeros. Without a write-ahead log, which may hold pages that the
 * file does not have yet, the file must be as long as its header says.
 */
function refuseShortened(file: string): void {
  const wal = `${file}-wal`;
  if (existsSync(wal) && statSync(wal).size > 0) return;
  const size = statSync(file).size;
  if (size === 0) throw damagedFile(file);
  const header = Buffer.alloc(100); // https://sqlite.org/fileformat.html §1.3
  const handle = openSync(file, 'r');
  try {
    readSync(handle, header, 0, header.length, 0);
  } finally {
    closeSync(handle);
  }
  const pageBytes = header.readUInt16BE(16) === 1 ? 65_536 : header.readUInt16BE(16);
  if (size < pageBytes * header.readUInt32BE(28)) throw damagedFile(file);
}
