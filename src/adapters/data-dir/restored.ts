import { z } from 'zod';
import { damaged, readWhole } from './whole-file.ts';

const RESTORED = z.strictObject({
  /** RFC 3339: when the backup was made, and when it was put in place. */
  backup_created_at: z.iso.datetime(),
  restored_at: z.iso.datetime(),
  /** The node that wrote the backup and its incarnation. */
  node: z.string(),
  incarnation: z.int().positive(),
});

/** What is known of the backup that a directory was restored from. */
export type Restored = Readonly<z.infer<typeof RESTORED>>;

/** @throws data.damaged, data.unreadable */
export function readRestored(file: string): Restored {
  try {
    return RESTORED.parse(JSON.parse(readWhole(file).toString('utf8')));
  } catch (cause) {
    if (cause instanceof SyntaxError || cause instanceof z.ZodError) throw damaged(file, cause);
    throw cause;
  }
}
