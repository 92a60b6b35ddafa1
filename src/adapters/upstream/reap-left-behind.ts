import { lstat, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { killMarked } from './kill-marked.ts';
import { homePrefix, markerPrefix } from './marker.ts';

export interface LeftBehind {
  /** As given to {@link openUpstream}. */
  readonly installation: string;
  readonly scratch_dir: string;
}

/**
 * To be called before anything is served, by the only process of the installation: ends the server processes, and what
 * they started, that a killed Mandate left running, and removes their folders. See {@link killMarked} for what it cannot
 * find; of another installation it touches nothing.
 */
export async function reapLeftBehind({ installation, scratch_dir }: LeftBehind): Promise<void> {
  await killMarked(markerPrefix(installation));
  const names = await readdir(scratch_dir).catch(() => []); // then no server starts there either, which says why
  for (const name of names) if (name.startsWith(homePrefix(installation))) await removeFolder(join(scratch_dir, name));
}

async function removeFolder(path: string): Promise<void> {
  // Anyone may put a name into a shared folder: what is no directory of ours is left, and what stays does no harm.
  try {
    if ((await lstat(path)).isDirectory()) await rm(path, { recursive: true, force: true });
  } catch {
    return;
  }
}
