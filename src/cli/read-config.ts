import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { defaultConfig, parseConfig, type Config } from '../config.ts';
import { MandateError } from '../core/errors.ts';
import { dataDirectory } from './data-directory.ts';

/**
 * The configuration of `--config FILE`, else of `mandate.yaml` in the data directory, else every default (`file` null).
 * @throws config.invalid, also when a file that was named cannot be read
 */
export function readConfig(options: { readonly config?: string; readonly data?: string }): {
  readonly config: Config;
  readonly file: string | null;
} {
  const file = options.config ?? join(dataDirectory(options), 'mandate.yaml');
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT'; // readFileSync throws nothing else
    if (missing && options.config === undefined) return { config: defaultConfig(), file: null };
    throw new MandateError('config.invalid', `${file} cannot be read.`, { cause: error });
  }
  return { config: parseConfig(text, file), file };
}
