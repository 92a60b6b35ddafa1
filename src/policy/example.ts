import { LineCounter, isNode, parseDocument, type Document } from 'yaml';
import { z } from 'zod';
import { ACTION_KINDS } from '../core/action.ts';
import { AUTONOMY } from '../core/actor.ts';
import { EFFECTS } from '../core/decision.ts';
import { isSlug } from '../core/ids.ts';
import { LIFECYCLE } from '../core/lifecycle.ts';
import { REASONS } from '../core/reasons.ts';
import type { PolicyFile } from '../core/policy-set.ts';
import { PURPOSE_SOURCES } from '../core/task.ts';
import { EFFECT_CLASSES } from '../core/tool.ts';
import { problemAt, type Problem } from './problem.ts';

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
  try {
    return read(file);
  } catch (cause) {
    // Both parsers recurse; brackets nested ten thousand deep end the stack.
    if (!(cause instanceof RangeError)) throw cause;
    return { examples: [], problems: [problemAt(file.name, file.text, 0, 'The file is nested too deeply.')] };
  }
}

function read(file: PolicyFile): ExamplesRead {
  const at = (offset: number, message: string): Problem => problemAt(file.name, file.text, offset, message);
  if (Buffer.byteLength(file.text, 'utf8') > EXAMPLE_FILE_BYTES_MAX) {
    return { examples: [], problems: [at(0, `A test file may have ${EXAMPLE_FILE_BYTES_MAX} bytes.`)] };
  }
  const lines = new LineCounter();
  const document = parseDocument(file.text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true });
  const broken = [...document.errors, ...document.warnings];
  if (broken.length > 0)
    return { examples: [], problems: broken.map((error) => at(error.pos[0], sentence(error.message))) };

  const content = plainContent(document);
  if (content === undefined)
    return { examples: [], problems: [at(0, 'The file uses YAML aliases, which test files do not have.')] };
  const parsed = fileSchema.safeParse(content);
  if (!parsed.success) {
    const problems = parsed.error.issues.map((issue) =>
      at(offsetOf(document, issue.path), sentence(`${issue.path.join('.') || 'file'}: ${issue.message}`)),
    );
    return { examples: [], problems };
  }
  const { defaults, tests } = parsed.data;
  const examples = tests.map((own, index): Example => {
    const { line, col } = lines.linePos(offsetOf(document, ['tests', index]));
    return { file: file.name, line, column: col, expectation: withDefaults(own, defaults) };
  });
  return { examples, problems: [] };
}

function plainContent(document: Document): unknown {
  try {
    return document.toJS({ maxAliasCount: 0 });
  } catch (cause) {
    if (cause instanceof ReferenceError) return undefined; // how the library refuses an alias
    throw cause;
  }
}

/** Where the deepest part of this path that exists starts. */
function offsetOf(document: Document, path: readonly PropertyKey[]): number {
  for (let length = path.length; length > 0; length -= 1) {
    const node = document.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range !== null && node.range !== undefined) return node.range[0];
  }
  return 0;
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
