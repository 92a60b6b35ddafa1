import { randomBytes } from 'node:crypto';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { MandateError } from '../../core/errors.ts';
import { isRecordId, recordId, type NodeId } from '../../core/ids.ts';
import { instant } from '../../core/instant.ts';
import { syncPath } from '../../standards/file/sync-path.ts';
import { DATA_FILES, KEY_BYTES } from './files.ts';
import { lockFolder } from './lock.ts';
import { privateFolder } from './private-folder.ts';
import { readRestored, type Restored } from './restored.ts';
import { damaged, readWhole, writeWhole } from './whole-file.ts';

/** An opened data directory: where everything of one Mandate lies, for this process alone until `close`. */
export interface DataDir {
  readonly path: string;
  /** SQLite files that the stores make when they are missing. */
  readonly storeFile: string;
  readonly evidenceFile: string;
  readonly nodeId: NodeId;
  /** From 1; raised by a restore, so that evidence written afterwards is a chain of its own. */
  readonly incarnation: number;
  /** 32 bytes each. */
  readonly sealKey: Uint8Array;
  readonly digestKey: Uint8Array;
  /** `mda_…`; the programs of this user read it from `admin-token`. */
  readonly operatorToken: string;
  /** After a restore, until `finishRestore`: what was live in the backup must be ended before anything is served. */
  readonly restored: Restored | null;
  finishRestore(): void;
  close(): void;
}

/**
 * Opens the directory, making it (0700) and what belongs into it where it is new.
 * @throws data.locked, data.unreadable, data.damaged: one sentence that names the file, and nothing is overwritten
 */
export function openDataDir(path: string): DataDir {
  privateFolder(path);
  const lock = lockFolder(path);
  try {
    return { ...readOrMake(path), close: () => lock.release() };
  } catch (cause) {
    lock.release();
    if (cause instanceof MandateError) throw cause;
    throw new MandateError('data.unreadable', `${path} cannot be read or written.`, { cause, at: path });
  }
}

function readOrMake(path: string): Omit<DataDir, 'close'> {
  privateFolder(join(path, 'keys'));
  const file = (name: string): string => join(path, name);
  const storeFile = file(DATA_FILES.store);
  const evidenceFile = file(DATA_FILES.evidence);
  // The databases come last: where there is one, whatever else is missing was lost.
  const isNew = !existsSync(storeFile) && !existsSync(evidenceFile);
  if (!isNew) refuseHalf(storeFile, evidenceFile);
  const make = (name: string, content: () => string | Uint8Array): void => {
    if (isNew && !existsSync(file(name))) writeWhole(file(name), content());
  };
  make(DATA_FILES.sealKey, () => randomBytes(KEY_BYTES));
  make(DATA_FILES.digestKey, () => randomBytes(KEY_BYTES));
  make(DATA_FILES.nodeId, () => `${newNodeId()}\n`);
  make(DATA_FILES.incarnation, () => '1\n');
  // The one thing that may be removed to be made afresh: whoever can remove it could as well read it.
  const token = file(DATA_FILES.operatorToken);
  if (!existsSync(token)) writeWhole(token, `mda_${randomBytes(KEY_BYTES).toString('base64url')}\n`);
  const marker = file(DATA_FILES.restored);
  return {
    path,
    storeFile,
    evidenceFile,
    sealKey: readKey(file(DATA_FILES.sealKey)),
    digestKey: readKey(file(DATA_FILES.digestKey)),
    nodeId: readNodeId(file(DATA_FILES.nodeId)),
    incarnation: readIncarnation(file(DATA_FILES.incarnation)),
    operatorToken: readToken(token),
    restored: existsSync(marker) ? readRestored(marker) : null,
    finishRestore() {
      rmSync(marker, { force: true });
      syncPath(path);
    },
  };
}

/**
 * A start makes the store first and then the evidence, and evidence comes before every change. So evidence without a
 * store, or a store with changes and no evidence, has lost the other half: it must not begin anew without anyone noticing.
 */
function refuseHalf(storeFile: string, evidenceFile: string): void {
  const lost = (file: string): MandateError =>
    new MandateError('data.damaged', `${file} is missing beside the other database; restore a backup.`, { at: file });
  if (!existsSync(storeFile)) throw lost(storeFile);
  if (!holdsAny(storeFile, 'changes')) return;
  if (!existsSync(evidenceFile)) throw lost(evidenceFile);
  // Every change is recorded before it is made: a log that was emptied must not begin anew beside them.
  if (!holdsAny(evidenceFile, 'entries')) throw damaged(evidenceFile);
}

function holdsAny(file: string, table: 'changes' | 'entries'): boolean {
  let db: DatabaseSync | undefined;
  try {
    db = new DatabaseSync(file);
    return db.prepare(`select 1 from ${table} limit 1`).get() !== undefined;
  } catch (cause) {
    throw damaged(file, cause);
  } finally {
    db?.close();
  }
}

/** A node id of now; never the one of a backup, which another directory may go on using. */
export function newNodeId(): NodeId {
  return recordId('nod', instant(Date.now()), randomBytes(10));
}

function readKey(file: string): Uint8Array {
  const key = readWhole(file);
  // All zeros is what a file system leaves of a file that it did not get to write.
  if (key.length !== KEY_BYTES || key.every((byte) => byte === 0)) throw damaged(file);
  return new Uint8Array(key);
}

function readNodeId(file: string): NodeId {
  const text = readLine(file);
  if (!isRecordId('nod', text)) throw damaged(file);
  return text;
}

function readIncarnation(file: string): number {
  const text = readLine(file);
  if (!/^[1-9][0-9]{0,8}$/.test(text)) throw damaged(file);
  return Number(text);
}

function readToken(file: string): string {
  const text = readLine(file);
  if (!/^mda_[A-Za-z0-9_-]{43}$/.test(text)) throw damaged(file);
  return text;
}

/** A text of one line. */
function readLine(file: string): string {
  return readWhole(file).toString('utf8').replace(/\n$/, '');
}
