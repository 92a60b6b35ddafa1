import { closeSync, fsyncSync, openSync } from 'node:fs';

/** Makes a file's bytes, or a folder's entries, durable (POSIX fsync). */
export function syncPath(path: string): void {
  const handle = openSync(path, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
