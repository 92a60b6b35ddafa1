/** What the store's own tests share: a folder that goes with the test, and a raw look into a file. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { TestContext } from 'node:test';
import { openSqliteStore } from './sqlite.ts';

/** The path of a database that does not exist yet. */
export function newFile(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'mandate-store-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, 'mandate.db');
}

export function openFor(t: TestContext, file: string, org_id = 'org'): ReturnType<typeof openSqliteStore> {
  const store = openSqliteStore({ file, org_id });
  t.after(() => store.close());
  return store;
}

/** Runs SQL behind the store's back. */
export function tamper(file: string, sql: string): void {
  const db = new DatabaseSync(file);
  db.exec(sql);
  db.close();
}
