import { readdir, readFile, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MandateError } from '../../core/errors.ts';
import type { PolicyFile } from '../../core/policy-set.ts';

/** The packs that ship with Mandate; the same depth below the package in `src` and in `dist`. */
export const SHIPPED_POLICIES = fileURLToPath(new URL('../../../policies/', import.meta.url));

export const FOLDER_FILES_MAX = 512;
export const FILE_BYTES_MAX = 262_144;

/**
 * The `*.cedar` and `*.tests.yaml` of a folder and its sub-folders, named relative to it with forward slashes, sorted.
 * Links are not followed. Files of other names are passed over.
 * @throws policy.invalid when the folder cannot be read, holds no such file, or holds too many or too large ones
 */
export async function readPolicyFolder(folder: string): Promise<readonly PolicyFile[]> {
  const names = (await list(folder))
    .filter((name) => name.endsWith('.cedar') || name.endsWith('.tests.yaml'))
    .toSorted();
  if (names.length === 0) throw new MandateError('policy.invalid', `No *.cedar file in ${folder}.`, { at: folder });
  if (names.length > FOLDER_FILES_MAX) {
    throw new MandateError('policy.invalid', `More than ${FOLDER_FILES_MAX} policy files in ${folder}.`, {
      at: folder,
    });
  }
  return await Promise.all(names.map((name) => read(folder, name)));
}

async function list(folder: string): Promise<readonly string[]> {
  try {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    return entries
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(join(folder, sep).length));
  } catch (cause) {
    throw new MandateError('policy.invalid', `The folder ${folder} cannot be read.`, { cause, at: folder });
  }
}

async function read(folder: string, name: string): Promise<PolicyFile> {
  const path = join(folder, name);
  try {
    // The size first: a policy file is small, and what is not must not fill the memory.
    if ((await stat(path)).size <= FILE_BYTES_MAX) {
      const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(await readFile(path));
      return { name: name.replaceAll(sep, '/'), text };
    }
  } catch (cause) {
    throw new MandateError('policy.invalid', `The file ${path} cannot be read as text.`, { cause, at: path });
  }
  throw new MandateError('policy.invalid', `The file ${path} is larger than ${FILE_BYTES_MAX} bytes.`, { at: path });
}
