import { z } from 'zod';
import { ACTION_KINDS } from '../core/action.ts';
import { AUTONOMY } from '../core/actor.ts';
import { EFFECTS } from '../core/decision.ts';
import { isSlug } from '../core/ids.ts';
import { LIFECYCLE } from '../core/lifecycle.ts';
import { REASONS } from '../core/reasons.ts';
import type { PolicyFile } from '../core/policy-set.ts';
import { PURPOSE_SOURCES } from '../core/task.ts';
import { DATA_CLASSES, EFFECT_CLASSES } from '../core/tool.ts';
import { readYaml, type YamlPlace } from '../standards/strict-yaml/read-yaml.ts';
import type { Problem } from './problem.ts';

const slug = z
  .string()
  .refine(isSlug, 'must be lower-case letters, digits and hyphens, at most 31, starting with a letter');
const count = z.number().int().min(0).max(1_000_000_000);

const setting = {
  /** Whether the environments of agent and server are production. */
  production: z.boolean().optional(),
  agent: z
    .strictObject({
      id: slug.optional(),
      lifecycle: z.enum(LIFECYCLE).optional(),
      autonomy: z.enum(AUTONOMY).optional(),
      environment: slug.optional(),
    })
    .optional(),
  server: z
    .strictObject({
      id: slug.optional(),
      environment: slug.optional(),
      trust: z.enum(['trusted', 'untrusted']).optional(),
      regulated: z.boolean().optional(),
    })
    .optional(),
  task: z
    .strictObject({
      purpose: z.string().min(1).max(2000).optional(),
      purpose_source: z.enum(PURPOSE_SOURCES).optional(),
      unstated: z.boolean().optional(),
      trigger: z.strictObject({ kind: z.enum(['human', 'workload', 'agent', 'operator']), id: slug }).optional(),
      /** Actor ids from the origin to the agent itself. */
      chain: z.array(slug).min(1).max(5).optional(),
      revision: count.optional(),
      scope: z
        .strictObject({
          destinations: z.array(z.string().min(1).max(600)).max(200).optional(),
          data_ceiling: z.enum(DATA_CLASSES).optional(),
        })
        .optional(),
      budget: z
        .strictObject({ calls: count.optional(), spend: count.optional(), records: count.optional() })
        .optional(),
      age_s: count.optional(),
    })
    .optional(),
  action: z.enum(ACTION_KINDS).optional(),
  tool: z
    .strictObject({
      name: z.string().min(1).max(128).optional(),
      effect_class: z.array(z.enum(EFFECT_CLASSES)).optional(),
      reversible: z.boolean().optional(),
      confirmed: z.boolean().optional(),
    })
    .optional(),
  args: z.record(z.string(), z.json()).optional(),
  approval: z
    .union([
      z.enum(['none', 'granted', 'confirmed']),
      z.strictObject({ granted: z.boolean(), confirmed: z.boolean(), approvers: count }),
    ])
    .optional(),
  history: z.strictObject({ calls: count }).optional(),
  at: z.iso.datetime().optional(),
};

const settingSchema = z.strictObject(setting);
const exampleSchema = z.strictObject({
  name: z.string().min(1).max(200),
  ...setting,
  expect: z.enum(EFFECTS),
  /** A reason code that must be among those given. */
  reason: z.enum(Object.keys(REASONS)).optional(),
  /** A policy that must be among those that determined it: `file#id`, or `#id` of the file beside it. */
  policy: z
    .string()
    .regex(/^[a-z0-9._/-]*#[a-z0-9-]+$/, 'must be file#id, or #id for the file of the same name')
    .optional(),
});
const fileSchema = z.strictObject({
  /** What every example starts from; an example's own members go before these, one level deep. */
  defaults: settingSchema.optional(),
  tests: z.array(exampleSchema).min(1).max(1000),
});

export type Setting = z.infer<typeof settingSchema>;
export type Expectation = z.infer<typeof exampleSchema>;

/** An example decision with its defaults filled in, and where it stands. */
export interface Example {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly expectation: Expectation;
}

export const EXAMPLE_FILE_BYTES_MAX = 262_144;

interface ExamplesRead {
  readonly examples: readonly Example[];
  readonly problems: readonly Problem[];
}

/** Reads one `*.tests.yaml`. Never throws: everything wrong is a problem with its place. */
export function readExamples(file: PolicyFile): ExamplesRead {
  const problem = ({ line, column }: YamlPlace, message: string): Problem => ({
    file: file.name,
    line,
    column,
    message,
  });
  if (Buffer.byteLength(file.text, 'utf8') > EXAMPLE_FILE_BYTES_MAX) {
    const message = `A test file may have ${EXAMPLE_FILE_BYTES_MAX} bytes.`;
    return { examples: [], problems: [{ file: file.name, line: 1, column: 1, message }] };
  }
  const read = readYaml(file.text);
  if (!read.ok) return { examples: [], problems: read.faults.map(({ place, message }) => problem(place, message)) };
  const parsed = fileSchema.safeParse(read.value);
  if (!parsed.success) {
    const problems = parsed.error.issues.map((issue) =>
      problem(read.placeOf(issue.path), sentence(`${issue.path.join('.') || 'file'}: ${issue.message}`)),
    );
    return { examples: [], problems };
  }
  const { defaults, tests } = parsed.data;
  const examples = tests.map((own, index): Example => {
    const { line, column } = read.placeOf(['tests', index]);
    return { file: file.name, line, column, expectation: withDefaults(own, defaults) };
  });
  return { examples, problems: [] };
}

function withDefaults(own: Expectation, defaults: Setting | undefined): Expectation {
  if (defaults === undefined) return own;
  return {
    ...defaults,
    ...own,
    agent: { ...defaults.agent, ...own.agent },
    server: { ...defaults.server, ...own.server },
    task: { ...defaults.task, ...own.task },
    tool: { ...defaults.tool, ...own.tool },
  };
}

function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
