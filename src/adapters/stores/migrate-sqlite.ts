import { createHash } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import { MandateError } from '../../core/errors.ts';
import type { Migration } from './migrations/migration.ts';

/**
 * The steps that this database still lacks. Only reads, so that a file we refuse is left as it was.
 * @throws data.newer when the file was written by a later version, data.damaged when it is not a store of ours
 */
export function missingSteps(db: DatabaseSync, migrations: readonly Migration[], file: string): readonly Migration[] {
  const applied = appliedTo(db, file);
  const newest = applied.at(-1)?.version ?? 0;
  if (newest > migrations.length) {
    const sentence = `${file} was written by a newer version of Mandate (schema ${newest}, this one knows ${migrations.length}).`;
    throw new MandateError('data.newer', sentence, { at: file });
  }
  for (const [index, row] of applied.entries()) {
    const step = migrations[index];
    if (step === undefined || row.version !== step.version || row.hash !== hashOf(step)) {
      const sentence = `${file} has another schema ${row.version} than the one this program knows.`;
      throw new MandateError('data.damaged', sentence, { at: file });
    }
  }
  return migrations.slice(applied.length);
}

/** Applies the steps in one transaction: when any of them fails the file is as it was. */
export function applySteps(db: DatabaseSync, steps: readonly Migration[]): void {
  db.exec('begin immediate');
  try {
    db.exec(
      'create table if not exists migrations (version integer not null primary key, name text not null, hash text not null)',
    );
    for (const step of steps) {
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
