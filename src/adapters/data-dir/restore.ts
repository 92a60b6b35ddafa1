import { randomBytes } from 'node:crypto';
import { chmodSync, constants, copyFileSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { MandateError } from '../../core/errors.ts';
import { toRfc3339, type Instant } from '../../core/instant.ts';
import { sha256OfFile } from '../../standards/file/sha256-of-file.ts';
import { syncPath } from '../../standards/file/sync-path.ts';
import { DATA_FILES, KEY_BYTES, KEY_FILES } from './files.ts';
import { lockFolder } from './lock.ts';
import { filesOf, readBackup, type BackupManifest } from './manifest.ts';
import { newNodeId } from './open.ts';
import { privateFolder } from './private-folder.ts';
import type { Restored } from './restored.ts';
import { writeWhole } from './whole-file.ts';

/**
 * Puts a backup into a new or empty data directory: a node of its own, a raised incarnation, a new admin token, new keys
 * where the backup has none. Until what was live in the backup is ended, `openDataDir` says so in `restored`.
 * @throws conflict.state when the directory holds something; data.locked, data.unreadable, data.damaged, data.newer
 */
export async function restore(options: {
  readonly from: string;
  readonly data: string;
  readonly now: Instant;
}): Promise<BackupManifest> {
  const { from, data, now } = options;
  const manifest = await readBackup(from);
  privateFolder(data);
  const lock = lockFolder(data);
  try {
    const foreign = readdirSync(data).filter((name) => name !== DATA_FILES.lock && name !== DATA_FILES.holder);
    if (foreign.length > 0) {
      throw new MandateError('conflict.state', `${data} is not empty; restore into a new directory.`, { at: data });
    }
    await putInPlace(from, data, manifest, now);
    return manifest;
  } catch (cause) {
    if (cause instanceof MandateError) throw cause;
    throw new MandateError('data.unreadable', `${data} could not be written.`, { cause, at: data });
  } finally {
    lock.release();
  }
}

async function putInPlace(from: string, data: string, manifest: BackupManifest, now: Instant): Promise<void> {
  const databases = [DATA_FILES.evidence, DATA_FILES.store] as const;
  try {
    privateFolder(join(data, 'keys'));
    for (const name of databases) {
      const copy = join(data, `${name}.new`);
      copyPrivately(join(from, name), copy);
      // Of the copy, once more: it may have been torn on the way.
      if ((await sha256OfFile(copy)) !== manifest.files[name]?.sha256 || !isSound(copy)) {
        throw new MandateError('data.damaged', `${join(from, name)} is damaged; nothing was restored.`, { at: name });
      }
    }
    for (const name of filesOf(manifest))
      if (name === DATA_FILES.config) copyPrivately(join(from, name), join(data, name));
    for (const name of KEY_FILES) {
      if (manifest.with_keys) copyPrivately(join(from, name), join(data, name));
      else writeWhole(join(data, name), randomBytes(KEY_BYTES));
    }
    const restored: Restored = {
      backup_created_at: manifest.created_at,
      restored_at: toRfc3339(now),
      node: manifest.node,
      incarnation: manifest.incarnation,
    };
    writeWhole(join(data, DATA_FILES.nodeId), `${newNodeId()}\n`);
    writeWhole(join(data, DATA_FILES.incarnation), `${manifest.incarnation + 1}\n`);
    writeWhole(join(data, DATA_FILES.restored), `${JSON.stringify(restored)}\n`);
    syncPath(join(data, 'keys'));
    // The store last: a directory with the evidence alone is refused, so a half-done restore is never served.
    for (const name of databases) renameSync(join(data, `${name}.new`), join(data, name));
    syncPath(data);
  } catch (error) {
    for (const name of readdirSync(data)) {
      if (name !== DATA_FILES.lock && name !== DATA_FILES.holder) rmSync(join(data, name), { recursive: true });
    }
    throw error;
  }
}

/** A backup may have been carried here by a program that gave its files other modes. */
function copyPrivately(from: string, to: string): void {
  copyFileSync(from, to, constants.COPYFILE_EXCL);
  chmodSync(to, 0o600);
  syncPath(to);
}

function isSound(file: string): boolean {
  const db = new DatabaseSync(file);
  try {
    return db.prepare('pragma integrity_check(1)').get()?.['integrity_check'] === 'ok';
  } catch {
    return false; // whatever SQLite says of it, it does not pass
  } finally {
    db.close();
  }
}
