import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DATA_FILES } from '../adapters/data-dir/files.ts';
import { readWhole } from '../adapters/data-dir/whole-file.ts';
import { isMandateError, MandateError } from '../core/errors.ts';
import { dataDirectory } from './data-directory.ts';

/**
 * The audit log of the data directory, to be opened read-only, also beside a running server.
 * @throws data.unreadable where there is no data directory; data.damaged where its log is gone
 */
export function evidenceFile(options: { readonly data?: string }): string {
  const data = dataDirectory(options);
  const file = join(data, DATA_FILES.evidence);
  if (existsSync(file)) return file;
  if (existsSync(join(data, DATA_FILES.store)))
    throw new MandateError('data.damaged', `${data} holds a store but no audit log: ${file} is gone.`, { at: file });
  throw new MandateError('data.unreadable', `${data} is no data directory: there is no ${file}.`, { at: file });
}

/** The key of the sealed facts; null for whoever may read the log but not the key. */
export function readSealKey(options: { readonly data?: string }): Uint8Array | null {
  const file = join(dataDirectory(options), DATA_FILES.sealKey);
  if (!existsSync(file)) return null;
  try {
    return new Uint8Array(readWhole(file));
  } catch (error) {
    if (isMandateError(error) && error.code === 'data.unreadable') return null;
    throw error;
  }
}

/** The chain that this directory writes now; null for whoever may read the log but not the rest. */
export function currentChain(options: { readonly data?: string }): string | null {
  const data = dataDirectory(options);
  try {
    const [node, incarnation] = [DATA_FILES.nodeId, DATA_FILES.incarnation].map((name) =>
      readWhole(join(data, name)).toString('utf8').trim(),
    );
    return `${node}.${incarnation}`;
  } catch (error) {
    if (isMandateError(error)) return null;
    throw error;
  }
}
