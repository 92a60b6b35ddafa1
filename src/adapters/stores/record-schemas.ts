/**
 * Every noun as it is stored, strictly: a field that is missing, wrong or unknown makes the row damaged. The annotations
 * make the compiler compare each schema with its noun in core, so neither changes without the other.
 */
import { z } from 'zod';
import { ACTOR_KINDS, AUTONOMY, ROLES, type Actor } from '../../core/actor.ts';
import { APPROVAL_STATES, VERDICTS, type Approval, type ApprovalSubject } from '../../core/approval.ts';
import { CHANGE_KINDS, type Change, type Noun, type Write } from '../../core/change.ts';
import { CREDENTIAL_KINDS, type Credential } from '../../core/credential.ts';
import type { Chain } from '../../core/delegation.ts';
import type { Entitlement } from '../../core/entitlement.ts';
import {
  isRecordId,
  isSlug,
  type ActorId,
  type EnvironmentId,
  type RecordIds,
  type RecordPrefix,
  type ServerId,
} from '../../core/ids.ts';
import type { Instant } from '../../core/instant.ts';
import { isJsonObject, type Json, type JsonObject } from '../../core/json.ts';
import { LIFECYCLE } from '../../core/lifecycle.ts';
import type { Owner, Owners } from '../../core/ownership.ts';
import type { PolicySet } from '../../core/policy-set.ts';
import { parseToolPattern, type Budget, type Scope, type ToolPattern } from '../../core/scope.ts';
import { ISOLATION, TRUST, type Server } from '../../core/server.ts';
import { PURPOSE_SOURCES, TASK_STATES, TRIGGER_KINDS, type Task } from '../../core/task.ts';
import { DATA_CLASSES, EFFECT_CLASSES, PIN_STATES, type PinnedTool, type ToolDefinition } from '../../core/tool.ts';
import type { Node } from '../../ports/nodes.ts';

/** The value type that is written under a noun. */
export type ValueOf<N extends Noun> = Extract<Write, { noun: N }>['value'];

const text = z.string();
const whole = z.int().nonnegative();
const version = z.int().positive();
const at = z.custom<Instant>((value) => Number.isSafeInteger(value), 'expected whole milliseconds');
const slug = <Id extends ActorId | ServerId | EnvironmentId>(): z.ZodType<Id> =>
  z.custom<Id>((value) => typeof value === 'string' && isSlug(value), 'expected a slug');
const id = <P extends RecordPrefix>(prefix: P): z.ZodType<RecordIds[P]> =>
  z.custom<RecordIds[P]>(
    (value) => typeof value === 'string' && isRecordId(prefix, value),
    `expected an id ${prefix}_…`,
  );
const actor = slug<ActorId>();
const server = slug<ServerId>();
const environment = slug<EnvironmentId>();
// What is parsed here came out of JSON.parse, so it is JSON; only its shape is in question.
const jsonObject = z.custom<JsonObject>((value) => isJsonObject(value as Json), 'expected an object');
const toolPattern = z.custom<ToolPattern>(
  (value) => typeof value === 'string' && parseToolPattern(value) !== null,
  'expected server/tool or server/*',
);

const owner: z.ZodType<Owner> = z.strictObject({ human: actor, accepted_at: at.nullable() });
const owners: z.ZodType<Owners> = z.strictObject({ business: owner, technical: owner, escalation: owner });
const entitlement: z.ZodType<Entitlement> = z.strictObject({
  tools: z.array(toolPattern),
  set_by: text,
  reason: text,
  approved_by: text.nullable(),
  review_by: at,
});
const chain: z.ZodType<Chain> = z.array(z.strictObject({ actor, kind: z.enum(ACTOR_KINDS) })).nonempty();

const actorBase = { id: actor, name: text, lifecycle: z.enum(LIFECYCLE), created_at: at, updated_at: at, version };
const actorRecord: z.ZodType<Actor> = z.discriminatedUnion('kind', [
  z.strictObject({
    ...actorBase,
    kind: z.literal('human'),
    roles: z.array(z.enum(ROLES)),
    deputy: actor.nullable(),
    vouched_by: z.string().nullable(),
    entitlement: entitlement.nullable(),
  }),
  z.strictObject({ ...actorBase, kind: z.literal('workload'), owner, spiffe_id: text.nullable() }),
  z.strictObject({
    ...actorBase,
    kind: z.literal('agent'),
    purpose: text,
    owners,
    environment,
    entitlement,
    autonomy: z.enum(AUTONOMY),
    spiffe_id: text.nullable(),
    probation_since: at.nullable(),
  }),
]);

const serverRecord: z.ZodType<Server> = z.strictObject({
  id: server,
  transport: z.discriminatedUnion('type', [
    z.strictObject({ type: z.literal('stdio'), command: text, args: z.array(text), env: z.record(text, text) }),
    z.strictObject({ type: z.literal('http'), url: text }),
  ]),
  environment,
  trust: z.enum(TRUST),
  regulated: z.boolean(),
  isolation: z.enum(ISOLATION),
  state: z.enum(['registered', 'removed']),
  created_at: at,
  updated_at: at,
  version,
});

const definition: z.ZodType<ToolDefinition> = z.strictObject({
  name: text,
  title: z.exactOptional(text),
  description: z.exactOptional(text),
  inputSchema: jsonObject,
  outputSchema: z.exactOptional(jsonObject),
  annotations: z.exactOptional(jsonObject),
});
const toolRecord: z.ZodType<PinnedTool> = z.strictObject({
  server,
  name: text,
  digest: text,
  definition,
  facts: z.strictObject({
    effect_class: z.array(z.enum(EFFECT_CLASSES)),
    reversible: z.boolean(),
    source: z.enum(['derived', 'confirmed']),
    set_by: text,
    reason: text,
  }),
  state: z.enum(PIN_STATES),
  state_reason: text.nullable(),
  offered: z.strictObject({ definition, digest: text, seen_at: at }).nullable(),
  updated_at: at,
  version,
});

const scope: z.ZodType<Scope> = z.strictObject({
  tools: z.array(toolPattern),
  destinations: z.exactOptional(z.array(text)),
  data_ceiling: z.exactOptional(z.enum(DATA_CLASSES)),
});
const budget: z.ZodType<Budget> = z.strictObject({
  calls: z.exactOptional(whole),
  spend: z.exactOptional(whole),
  records: z.exactOptional(whole),
});
const purposed = { purpose: text, purpose_source: z.enum(PURPOSE_SOURCES), revision: z.int().positive() };
const taskRecord: z.ZodType<Task> = z.strictObject({
  ...purposed,
  id: id('tsk'),
  agent: actor,
  environment,
  revisions: z.array(z.strictObject({ ...purposed, set_by: text, at })),
  trigger: z.strictObject({ kind: z.enum(TRIGGER_KINDS), id: text }),
  chain,
  scope,
  budget,
  parent: id('tsk').nullable(),
  state: z.enum(TASK_STATES),
  purpose_unstated: z.boolean(),
  opened_at: at,
  expires_at: at,
  ended_at: at.nullable(),
  ended_reason: text.nullable(),
  version,
});

const subject: z.ZodType<ApprovalSubject> = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('action'),
    server,
    tool: text,
    definition_digest: text,
    task: id('tsk'),
    revision: z.int().positive(),
    shown: text,
  }),
  z.strictObject({ kind: z.literal('transition'), to: z.literal('active'), shown: text }),
]);
const approvalRecord: z.ZodType<Approval> = z.strictObject({
  id: id('apr'),
  subject,
  digest: text,
  agent: actor,
  environment,
  chain,
  excluded: z.array(actor),
  steps: z.array(z.strictObject({ asked: z.array(actor), from: at })),
  roles: z.array(z.enum(ROLES)),
  quorum: z.int().positive(),
  votes: z.array(z.strictObject({ human: actor, verdict: z.enum(VERDICTS), reason: text, at })),
  state: z.enum(APPROVAL_STATES),
  message: text,
  decision: id('dec').nullable(),
  policy: z.strictObject({ serial: whole, hash: text }).nullable(),
  nonce: text,
  created_at: at,
  expires_at: at,
  version,
});

const credentialRecord: z.ZodType<Credential> = z.strictObject({
  id: id('crd'),
  kind: z.enum(CREDENTIAL_KINDS),
  hash: text,
  actor,
  task: id('tsk').nullable(),
  label: text.nullable(),
  issued_by: text.nullable(),
  created_at: at,
  expires_at: at.nullable(),
  stepped_up_at: at.nullable(),
  ended_at: at.nullable(),
  ended_reason: text.nullable(),
  version,
});

const policySetRecord: z.ZodType<PolicySet> = z.strictObject({
  serial: z.int().positive(),
  hash: text,
  files: z.array(z.strictObject({ name: text, text })),
  state: z.enum(['published', 'superseded']),
  set_by: text,
  reason: text,
  published_at: at,
  version,
});

export const RECORD_SCHEMAS: { readonly [N in Noun]: z.ZodType<ValueOf<N>> } = {
  actor: actorRecord,
  server: serverRecord,
  tool: toolRecord,
  task: taskRecord,
  approval: approvalRecord,
  credential: credentialRecord,
  policy_set: policySetRecord,
};

const write: z.ZodType<Write> = z.discriminatedUnion('noun', [
  z.strictObject({ noun: z.literal('actor'), value: actorRecord }),
  z.strictObject({ noun: z.literal('server'), value: serverRecord }),
  z.strictObject({ noun: z.literal('tool'), value: toolRecord }),
  z.strictObject({ noun: z.literal('task'), value: taskRecord }),
  z.strictObject({ noun: z.literal('approval'), value: approvalRecord }),
  z.strictObject({ noun: z.literal('credential'), value: credentialRecord }),
  z.strictObject({ noun: z.literal('policy_set'), value: policySetRecord }),
]);

export const CHANGE_SCHEMA: z.ZodType<Change> = z.strictObject({
  id: id('chg'),
  at,
  kind: z.enum(CHANGE_KINDS),
  by: text,
  writes: z.array(write),
});

export const NODE_SCHEMA: z.ZodType<Node> = z.strictObject({
  id: id('nod'),
  started_at: at,
  heartbeat_at: at,
  policy_serial: whole,
  change_seq: whole,
  version: text,
});
