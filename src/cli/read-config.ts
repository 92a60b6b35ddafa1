import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { DATA_FILES } from '../adapters/data-dir/files.ts';
import { defaultConfig, parseConfig, type Config } from '../config.ts';
import { MandateError } from '../core/errors.ts';
import { dataDirectory } from './data-directory.ts';

/**
 * The configuration of `--config FILE`, else of `mandate.yaml` in the data directory, else every default (`file` null).
 * A relative `policies` folder is one beside the file, wherever the command was typed.
 * @throws config.invalid, also when a file that was named cannot be read
 */
export function readConfig(options: { readonly config?: string; readonly data?: string }): {
  readonly config: Config;
  readonly file: string | null;
} {
  const file = options.config ?? join(dataDirectory(options), DATA_FILES.config);
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException; // readFileSync throws nothing else
    // Below what is no directory lies no configuration either; whoever opens the directory says what is wrong with it.
    const missing = code === 'ENOENT' || code === 'ENOTDIR';
    if (missing && options.config === undefined) return { config: defaultConfig(), file: null };
    throw new MandateError('config.invalid', `${file} cannot be read.`, { cause: error });
  }
  const config = parseConfig(text, file);
  if (config.policies === undefined) return { config, file };
  return { config: { ...config, policies: resolve(dirname(file), config.policies) }, file };
}
