import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { MandateError } from '../../core/errors.ts';
import { sha256OfFile } from '../../standards/file/sha256-of-file.ts';
import { DATA_FILES, KEY_FILES } from './files.ts';

export const MANIFEST_FILE = 'manifest.json';

const FILES = [DATA_FILES.store, DATA_FILES.evidence, DATA_FILES.config, ...KEY_FILES] as const;
const MANIFEST_BYTES_MAX = 64 * 1024;

const SHAPE = z.strictObject({
  format: z.literal(1),
  /** RFC 3339. */
  created_at: z.iso.datetime(),
  /** The version of Mandate that wrote it. */
  mandate: z.string(),
  node: z.string(),
  incarnation: z.int().positive(),
  /** Whether it holds the keys; without them sealed facts in its evidence cannot be read again. */
  with_keys: z.boolean(),
  /** An entry of the evidence that is in the backup for certain: where its writer stood when the copy began. */
  evidence_head: z.strictObject({ chain: z.string(), seq: z.int().nonnegative(), hash: z.string() }).nullable(),
  files: z.partialRecord(
    z.enum(FILES),
    z.strictObject({ bytes: z.int().nonnegative(), sha256: z.string().regex(/^[0-9a-f]{64}$/) }),
  ),
});

/** What a backup says of itself. */
export type BackupManifest = Readonly<z.infer<typeof SHAPE>>;
export type BackupFile = (typeof FILES)[number];

/**
 * The manifest of a backup whose every file is as it says.
 * @throws data.unreadable, data.damaged naming the file, data.newer
 */
export async function readBackup(folder: string): Promise<BackupManifest> {
  const manifest = readManifest(join(folder, MANIFEST_FILE));
  for (const required of [DATA_FILES.store, DATA_FILES.evidence, ...(manifest.with_keys ? KEY_FILES : [])]) {
    if (manifest.files[required] === undefined) throw wrong(folder, required);
  }
  for (const name of filesOf(manifest)) {
    const file = join(folder, name);
    const said = manifest.files[name];
    if (!existsSync(file) || statSync(file).size !== said?.bytes || (await sha256OfFile(file)) !== said.sha256)
      throw wrong(folder, name);
  }
  return manifest;
}

export function filesOf(manifest: BackupManifest): readonly BackupFile[] {
  return FILES.filter((name) => manifest.files[name] !== undefined);
}

function readManifest(file: string): BackupManifest {
  try {
    if (!existsSync(file))
      throw new MandateError('data.unreadable', `${file} is not there; a backup is a folder that holds one.`, {
        at: file,
      });
    if (statSync(file).size > MANIFEST_BYTES_MAX) throw new SyntaxError('too large');
    const found: unknown = JSON.parse(readFileSync(file, 'utf8'));
    const { format } = z.object({ format: z.int().positive() }).parse(found);
    if (format > 1)
      throw new MandateError('data.newer', `${file} was written by a newer version of Mandate.`, { at: file });
    return SHAPE.parse(found);
  } catch (cause) {
    if (cause instanceof MandateError) throw cause;
    if (!(cause instanceof SyntaxError) && !(cause instanceof z.ZodError)) {
      throw new MandateError('data.unreadable', `${file} cannot be read.`, { cause, at: file });
    }
    throw new MandateError('data.damaged', `${file} is not the manifest of a backup.`, { cause, at: file });
  }
}

function wrong(folder: string, name: string): MandateError {
  return new MandateError(
    'data.damaged',
    `${join(folder, name)} is not what the backup's manifest says; nothing was restored.`,
    { at: name },
  );
}
