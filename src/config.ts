import { z } from 'zod';
import { UPSTREAM_LIMITS } from './adapters/upstream/limits.ts';
import { environmentId, isSlug } from './core/ids.ts';
import type { Environment } from './core/environment.ts';
import { MandateError } from './core/errors.ts';
import { readYaml } from './standards/strict-yaml/read-yaml.ts';

const CONFIG_CHARS_MAX = 256 * 1024;

const slug = z
  .string()
  .refine(isSlug, 'must be lower-case letters, digits and dashes, at most 31, starting with a letter');

const address = z
  .string()
  .regex(/^(?:\[[0-9a-fA-F:]+\]|[^\s:/]+):\d{1,5}$/, 'must be host:port, for example 127.0.0.1:7373')
  .refine((text) => Number(text.slice(text.lastIndexOf(':') + 1)) <= 65_535, 'the port must be 65535 or lower');

/** Not root's 0: an account that may do everything keeps nothing apart. */
const accountId = z.number().int().min(1).max(4_294_967_294);

/** The whole configuration. Unknown keys are refused: a misspelt limit must not silently be no limit. */
export const configSchema = z.strictObject({
  listen: address.default('127.0.0.1:7373').describe('The address and port of everything: API, pages, MCP.'),
  public_url: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe('How people and clients reach this process, when not through the listen address.'),
  profile: z
    .enum(['same-user', 'separated'])
    .default('same-user')
    .describe(
      'Whether agents run under the same account as Mandate (protects against accidents) or apart from it (enforcement).',
    ),
  environments: z
    .array(z.strictObject({ id: slug, production: z.boolean() }))
    .min(1)
    .max(64)
    .refine((list) => new Set(list.map((one) => one.id)).size === list.length, 'an environment is named twice')
    .default([
      { id: 'development', production: false },
      { id: 'production', production: true },
    ])
    .describe('Where agents and servers live; crossing from one into another fails closed.'),
  policies: z
    .string()
    .min(1)
    .optional()
    .describe(
      'A folder of *.cedar files that are published beside the shipped packs; relative to the folder of this file.',
    ),
  upstream: z
    .strictObject({
      timeout_s: z
        .number()
        .int()
        .min(1)
        .max(3600)
        .default(UPSTREAM_LIMITS.call_ms_max / 1000)
        .describe('How long a server may take to answer a call.'),
      result_bytes_max: z
        .number()
        .int()
        .min(1024)
        .max(268_435_456)
        .default(UPSTREAM_LIMITS.answer_bytes_max)
        .describe('How large an answer may be.'),
      children_max: z
        .number()
        .int()
        .min(1)
        .max(4096)
        .default(UPSTREAM_LIMITS.children_max)
        .describe('How many stdio server processes may run at once.'),
      commands: z
        .array(
          z.strictObject({
            command: z.string().min(1).max(4096),
            sha256: z
              .string()
              .regex(/^[0-9a-f]{64}$/, 'must be 64 hex digits')
              .optional(),
          }),
        )
        .max(256)
        .optional()
        .describe(
          'The only commands a stdio server may be started with, each with the digest of its file if given; absent means any that an administrator registers.',
        ),
      run_as: z
        .strictObject({ uid: accountId, gid: accountId })
        .optional()
        .describe(
          'The account that stdio servers run under; Mandate must run as root, or none is started. Without it they run under the account of Mandate.',
        ),
    })
    .prefault({}),
});

export type Config = Readonly<z.output<typeof configSchema>>;

export function defaultConfig(): Config {
  return configSchema.parse({});
}

/**
 * Reads a configuration file's text.
 * @throws config.invalid with one line per fault: `file:line: key: what is wrong`
 */
export function parseConfig(text: string, file: string): Config {
  if (text.length > CONFIG_CHARS_MAX)
    throw new MandateError('config.invalid', `${file} is larger than ${CONFIG_CHARS_MAX} characters.`);
  const read = readYaml(text);
  if (!read.ok) throw invalid(read.faults.map(({ place, message }) => `${file}:${place.line}: ${message}`));
  const parsed = configSchema.safeParse(read.value ?? {});
  if (parsed.success) return parsed.data;
  throw invalid(
    parsed.error.issues.flatMap((issue) => {
      const keys = issue.code === 'unrecognized_keys' ? issue.keys.map((key) => [...issue.path, key]) : [issue.path];
      const what = issue.code === 'unrecognized_keys' ? 'is not a known key' : issue.message;
      return keys.map((path) => `${file}:${read.placeOf(path).line}: ${path.join('.') || 'the file'}: ${what}`);
    }),
  );
}

/** @param lines one for each fault: `file:line: what is wrong` */
function invalid(lines: readonly string[]): MandateError {
  const at = /^.*?:\d+(?=: )/.exec(lines[0] ?? '')?.[0];
  return new MandateError('config.invalid', lines.join('\n'), at === undefined ? {} : { at });
}

/** JSON Schema of the file, for editors and for `mandate config schema`. */
export function configJsonSchema(): unknown {
  return z.toJSONSchema(configSchema, { io: 'input' });
}

export function environmentsOf(config: Config): readonly Environment[] {
  return config.environments.map(({ id, production }) => ({ id: environmentId(id), production }));
}
