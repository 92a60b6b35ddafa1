import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';

/** 64 hex digits, at constant memory. Rejects with the file system's own error. */
export async function sha256OfFile(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer); // a stream without an encoding
  return hash.digest('hex');
}
