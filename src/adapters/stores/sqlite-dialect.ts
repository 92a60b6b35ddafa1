import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import {
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
} from 'kysely';

/**
 * Kysely on an open `node:sqlite` database. (Kysely's own SqliteDialect asks each statement whether it is a `reader`,
 * which node:sqlite does not say.) There is one connection; Kysely lets one transaction at a time have it, so nobody
 * reads what is not committed yet.
 */
export function sqliteDialect(db: DatabaseSync): Dialect {
  return {
    createAdapter: () => new SqliteAdapter(),
    createDriver: () => sqliteDriver(db),
    createIntrospector: (kysely) => new SqliteIntrospector(kysely),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  };
}

function sqliteDriver(db: DatabaseSync): Driver {
  const connection: DatabaseConnection = {
    async executeQuery<R>({ sql, parameters }: CompiledQuery) {
      const statement = db.prepare(sql);
      const values = parameters as readonly SQLInputValue[]; // the tables hold texts, numbers and nulls only
      if (statement.columns().length > 0) return { rows: statement.all(...values) as R[] }; // R is what the query selects
      const { changes, lastInsertRowid } = statement.run(...values);
      return { rows: [], numAffectedRows: BigInt(changes), insertId: BigInt(lastInsertRowid) };
    },
    // oxlint-disable-next-line require-yield -- an interface we do not offer
    async *streamQuery() {
      throw new TypeError('this store reads in pages, it does not stream');
    },
  };
  return {
    init: async () => {},
    acquireConnection: async () => connection,
    // Immediate: a transaction that turns into a writer half-way could fail after it has read.
    beginTransaction: async () => db.exec('begin immediate'),
    commitTransaction: async () => db.exec('commit'),
    rollbackTransaction: async () => {
      // SQLite has rolled back by itself where it could not go on, such as on a full disk.
      if (db.isTransaction) db.exec('rollback');
    },
    releaseConnection: async () => {},
    destroy: async () => db.close(),
  };
}
