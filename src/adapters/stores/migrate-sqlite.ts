import { createHash } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import { MandateError } from '../../core/errors.ts';
import type { Migration } from './migrations/migration.ts';

/**
 * Brings the schema up to the last migration, in one transaction: when any step fails the file is as it was.
 * @throws data.newer when the file was written by a later version, data.damaged when it is not a store of ours
 */
export function migrateSqlite(db: DatabaseSync, migrations: readonly Migration[], file: string): void {
  const applied = appliedTo(db, file);
  const newest = applied.at(-1)?.version ?? 0;
  if (newest > migrations.length) {
    const sentence = `${file} was written by a newer version of Mandate (schema ${newest}, this one knows ${migrations.length}).`;
    throw new MandateError('data.newer', sentence, { at: file });
  }
  for (const [index, row] of applied.entries()) {
    const step = migrations[index];
    if (step === undefined || row.version !== step.version || row.hash !== hashOf(step)) {
      throw new MandateError(
        'data.damaged',
        `${file} has another schema ${row.version} than the one this program knows.`,
        { at: file },
      );
    }
  }
  const missing = migrations.slice(applied.length);
  if (missing.length === 0) return;
  db.exec('begin immediate');
  try {
    db.exec(
      'create table if not exists migrations (version integer not null primary key, name text not null, hash text not null)',
    );
    for (const step of missing) {
      for (const statement of step.statements) db.exec(statement);
      db.prepare('insert into migrations (version, name, hash) values (?, ?, ?)').run(
        step.version,
        step.name,
        hashOf(step),
      );
    }
    db.exec('commit');
  } catch (error) {
    if (db.isTransaction) db.exec('rollback');
    throw error;
  }
}

interface Applied {
  readonly version: number;
  readonly hash: string;
}

function appliedTo(db: DatabaseSync, file: string): readonly Applied[] {
  const tables = db.prepare("select name from sqlite_schema where type = 'table'").all();
  if (tables.length === 0) return [];
  if (!tables.some((table) => table['name'] === 'migrations')) {
    throw new MandateError('data.damaged', `${file} is a database, but not one of Mandate's stores.`, { at: file });
  }
  const rows = db.prepare('select version, hash from migrations order by version').all();
  return rows.map((row) => ({ version: Number(row['version']), hash: String(row['hash']) }));
}

function hashOf(step: Migration): string {
  return `sha256:${createHash('sha256').update(step.statements.join(';\n')).digest('hex')}`;
}
