import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { storeSuite } from '../../ports/store.suite.ts';
import { openSqliteStore } from './sqlite.ts';

storeSuite('the SQLite store', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'mandate-store-'));
  const store = openSqliteStore({ file: join(folder, 'mandate.db'), org_id: 'org' });
  t.after(async () => {
    await store.close();
    rmSync(folder, { recursive: true });
  });
  return store;
});
