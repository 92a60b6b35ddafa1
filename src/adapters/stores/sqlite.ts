import { closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Kysely } from 'kysely';
import { isMandateError, MandateError } from '../../core/errors.ts';
import type { Meta } from '../../ports/meta.ts';
import type { Store } from '../../ports/store.ts';
import { migrateSqlite } from './migrate-sqlite.ts';
import { MIGRATIONS } from './migrations/catalog.ts';
import type { Tables } from './schema.ts';
import { sqlDatabase } from './sql-database.ts';
import { sqlStore } from './sql-store.ts';
import { sqliteDialect } from './sqlite-dialect.ts';
import { sqliteFault } from './sqlite-fault.ts';

/** The event loop stands still while SQLite waits for another program's lock. */
const BUSY_TIMEOUT_MS = 1000;

/**
 * Opens the store in a SQLite file, creating it or bringing its schema up to date. A commit is on the disk when it
 * resolves (WAL, `synchronous=FULL`).
 * @param org_id whose records are seen; others' in the same file are not
 * @throws data.unreadable, data.damaged, data.newer, store.unavailable; the file is left as it was
 */
export function openSqliteStore({
  file,
  org_id,
}: {
  readonly file: string;
  readonly org_id: string;
}): Store & { readonly meta: Meta } {
  try {
    if (!existsSync(file)) createFile(file);
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
  if (!file.endsWith('.new') && statSync(file).size === 0) {
    throw new MandateError('data.damaged', `${file} is empty and was left as it is; restore a backup.`, { at: file });
  }
  const db = new DatabaseSync(file, { timeout: BUSY_TIMEOUT_MS, enableForeignKeyConstraints: true, defensive: true });
  try {
    const mode = db.prepare('pragma journal_mode = wal').get();
    if (mode?.['journal_mode'] !== 'wal')
      throw new MandateError(
        'data.unreadable',
        `${file} is on a file system without shared memory, which its log needs.`,
        { at: file },
      );
    db.exec('pragma synchronous = full');
    const check = db.prepare('pragma quick_check(1)').get();
    if (check?.['quick_check'] !== 'ok')
      throw new MandateError('data.damaged', `${file} is damaged and was left as it is; restore a backup.`, {
        at: file,
        cause: check,
      });
    migrateSqlite(db, MIGRATIONS, file);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

function syncPath(path: string): void {
  const handle = openSync(path, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
