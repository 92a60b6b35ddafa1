import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DATA_FILES } from '../adapters/data-dir/files.ts';
import { readWhole, writeWhole } from '../adapters/data-dir/whole-file.ts';

/**
 * Where the server of this data directory listens, so that commands of the same user find it on whatever port it took;
 * null when none said so. Of a server that was killed it stays behind, and then nothing answers there.
 */
export function readAddress(data: string): string | null {
  const file = join(data, DATA_FILES.address);
  if (!existsSync(file)) return null;
  const text = readWhole(file).toString('utf8').trim();
  return /^http:\/\/\S+$/.test(text) && URL.canParse(text) ? text : null;
}

export function writeAddress(data: string, url: string): void {
  // Who listens on every address is reached on the loopback.
  const near = url.replace('//0.0.0.0:', '//127.0.0.1:').replace('//[::]:', '//[::1]:');
  writeWhole(join(data, DATA_FILES.address), `${near}\n`);
}

export function forgetAddress(data: string): void {
  rmSync(join(data, DATA_FILES.address), { force: true });
}
