import { randomBytes } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { backup as copyDatabase, DatabaseSync } from 'node:sqlite';
import { MandateError } from '../../core/errors.ts';
import { toRfc3339, type Instant } from '../../core/instant.ts';
import { sha256OfFile } from '../../standards/file/sha256-of-file.ts';
import { syncPath } from '../../standards/file/sync-path.ts';
import { DATA_FILES, KEY_FILES } from './files.ts';
import { MANIFEST_FILE, type BackupFile, type BackupManifest } from './manifest.ts';
import { readWhole, writeWhole } from './whole-file.ts';

export interface BackupOptions {
  /** The data directory; a `serve` may be at work in it. */
  readonly data: string;
  /** The folder to make; it must not exist. */
  readonly to: string;
  /** Also copies the keys: whoever has such a backup can read every sealed fact in its evidence. */
  readonly with_keys: boolean;
  readonly now: Instant;
  /** The version of this program. */
  readonly mandate: string;
  /** Where the evidence stands before the copy begins; null when that is not known. */
  readonly evidence_head: { readonly chain: string; readonly seq: number; readonly hash: string } | null;
}

/** All pages in one step, so that a busy writer cannot make the copy begin again and again. */
const PAGES_PER_STEP = 0x7fff_ffff;

/**
 * Copies both databases as they are at one moment each, also beside a running writer, and says in a manifest what the
 * files hold. Never the admin token: a restored directory makes its own. The folder appears whole or not at all.
 * @throws conflict.exists, data.unreadable, data.damaged
 */
export async function backup(options: BackupOptions): Promise<BackupManifest> {
  const to = resolve(options.to);
  if (existsSync(to))
    throw new MandateError('conflict.exists', `${to} exists already; name a folder that does not.`, { at: to });
  const unborn = `${to}.${randomBytes(6).toString('hex')}.partial`;
  try {
    const manifest = await fill(unborn, options);
    renameSync(unborn, to);
    syncPath(dirname(to));
    return manifest;
  } catch (cause) {
    rmSync(unborn, { recursive: true, force: true });
    if (cause instanceof MandateError) throw cause;
    throw new MandateError('data.unreadable', `The backup ${to} could not be made.`, { cause, at: to });
  }
}

async function fill(
  folder: string,
  { data, with_keys, now, mandate, evidence_head }: BackupOptions,
): Promise<BackupManifest> {
  const line = (name: string): string => readWhole(join(data, name)).toString('utf8').trim();
  const identity = { node: line(DATA_FILES.nodeId), incarnation: Number(line(DATA_FILES.incarnation)) };
  mkdirSync(folder, { mode: 0o700 });
  mkdirSync(join(folder, 'keys'), { mode: 0o700 });
  // The store first: evidence precedes every change, so the later copy holds the record of each change in the earlier.
  for (const name of [DATA_FILES.store, DATA_FILES.evidence]) await copyOnline(join(data, name), join(folder, name));
  const small: readonly BackupFile[] = [
    ...(existsSync(join(data, DATA_FILES.config)) ? ([DATA_FILES.config] as const) : []),
    ...(with_keys ? KEY_FILES : []),
  ];
  for (const name of small) copyFileSync(join(data, name), join(folder, name));

  const files: Partial<Record<BackupFile, { bytes: number; sha256: string }>> = {};
  for (const name of [DATA_FILES.store, DATA_FILES.evidence, ...small]) {
    const file = join(folder, name);
    syncPath(file);
    files[name] = { bytes: statSync(file).size, sha256: await sha256OfFile(file) };
  }
  syncPath(join(folder, 'keys'));
  const manifest: BackupManifest = {
    format: 1,
    created_at: toRfc3339(now),
    mandate,
    ...identity,
    with_keys,
    evidence_head,
    files,
  };
  writeWhole(join(folder, MANIFEST_FILE), `${JSON.stringify(manifest, null, 2)}\n`);
  return manifest;
}

async function copyOnline(from: string, to: string): Promise<void> {
  if (!existsSync(from))
    throw new MandateError('data.unreadable', `${from} is not there; there is nothing to back up.`, { at: from });
  const source = new DatabaseSync(from, { readOnly: true });
  try {
    await copyDatabase(source, to, { rate: PAGES_PER_STEP });
  } finally {
    source.close();
  }
}
