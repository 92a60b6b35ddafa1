import { chmodSync, existsSync, lstatSync, mkdirSync, readdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { MandateError } from '../../core/errors.ts';

/**
 * Makes sure that the folder is there and only this user can look into it. An empty one that others could read is
 * closed to them; one that already holds something is refused, because its secrets may have been read.
 * @throws data.unreadable
 */
export function privateFolder(path: string): void {
  try {
    if (!existsSync(path)) makeFolder(path);
    const stat = lstatSync(path);
    if (!stat.isDirectory()) throw refused(path, 'is not a directory.');
    if (stat.uid !== process.geteuid?.()) throw refused(path, 'belongs to another user.');
    if ((stat.mode & 0o077) === 0) return;
    if (readdirSync(path).length > 0)
      throw refused(path, `can be read by other users; make it yours alone with: chmod 700 ${path}`);
    chmodSync(path, 0o700);
  } catch (cause) {
    if (cause instanceof MandateError) throw cause;
    throw new MandateError('data.unreadable', `${path} cannot be used as the data directory.`, { cause, at: path });
  }
}

/** Node's own recursive mkdir never returns where a file system such as /proc answers ENOENT for a folder that is there. */
function makeFolder(path: string): void {
  if (!existsSync(dirname(path))) makeFolder(dirname(path));
  mkdirSync(path, { mode: 0o700 });
}

function refused(path: string, why: string): MandateError {
  return new MandateError('data.unreadable', `${path} ${why}`, { at: path });
}
