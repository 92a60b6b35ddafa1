import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { MandateError } from '../../core/errors.ts';
import { syncPath } from '../../standards/file/sync-path.ts';

/** No file of ours but the databases is larger. */
const FILE_BYTES_MAX = 64 * 1024;

/**
 * The bytes of a small file that only its owner may read.
 * @throws data.unreadable when it cannot be read, or others can; data.damaged when it is no plain small file
 */
export function readWhole(file: string): Buffer {
  const handle = openPlain(file);
  try {
    const stat = fstatSync(handle);
    if (!stat.isFile() || stat.size > FILE_BYTES_MAX) throw damaged(file);
    if ((stat.mode & 0o077) !== 0) {
      throw new MandateError(
        'data.unreadable',
        `${file} can be read by other users; make it yours alone with: chmod 600 ${file}`,
        { at: file },
      );
    }
    return readFileSync(handle);
  } finally {
    closeSync(handle);
  }
}

/** Writes the file so that it is there whole or not at all, whatever happens meanwhile, and is durable on return. */
export function writeWhole(file: string, content: string | Uint8Array): void {
  const unborn = `${file}.new`;
  rmSync(unborn, { force: true }); // of a write that was cut short
  const handle = openSync(unborn, 'wx', 0o600);
  try {
    const bytes = typeof content === 'string' ? Buffer.from(content) : content;
    for (let written = 0; written < bytes.length;) written += writeSync(handle, bytes, written);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  renameSync(unborn, file);
  syncPath(dirname(file));
}

export function damaged(file: string, cause?: unknown): MandateError {
  return new MandateError('data.damaged', `${file} is empty, half-written or something else; it was left as it is.`, {
    cause,
    at: file,
  });
}

function openPlain(file: string): number {
  try {
    return openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (cause) {
    if (!existsSync(file)) throw new MandateError('data.damaged', `${file} is missing.`, { cause, at: file });
    throw new MandateError('data.unreadable', `${file} cannot be read.`, { cause, at: file });
  }
}
