import { createRoute, z } from '@hono/zod-openapi';
import { ROLES } from '../core/actor.ts';
import { APPROVAL_STATES, approvalState, VERDICTS, type Approval } from '../core/approval.ts';
import { MandateError } from '../core/errors.ts';
import { actorId, isRecordId } from '../core/ids.ts';
import type { Instant } from '../core/instant.ts';
import { approvalUrl } from '../core/page-url.ts';
import { PURPOSE_SOURCES, type Task } from '../core/task.ts';
import { answerApproval } from '../govern/answer-approval.ts';
import type { ApiApp, ApiDeps } from './deps.ts';
import {
  answers,
  jsonBody,
  list,
  pageOf,
  pageQuery,
  pageRequest,
  reasonText,
  recordIdOf,
  slug,
  time,
  when,
} from './route.ts';
import { chainSchema } from './tasks.ts';

const policyRef = z.object({ serial: z.number(), hash: z.string() });

export const approvalSchema = z
  .object({
    id: z.string(),
    url: z.string(),
    subject: z.discriminatedUnion('kind', [
      z.object({
        kind: z.literal('action'),
        server: slug,
        tool: z.string(),
        definition_digest: z.string(),
        task: z.string(),
        revision: z.number(),
        shown: z.string().openapi({ description: 'The canonical parameters, exactly as they will be forwarded.' }),
      }),
      z.object({ kind: z.literal('transition'), to: z.literal('active'), shown: z.string() }),
    ]),
    digest: z.string(),
    agent: slug,
    environment: slug,
    chain: chainSchema,
    excluded: list(z.string()),
    steps: list(z.object({ asked: list(z.string()), from: time })),
    roles: list(z.enum(ROLES)),
    quorum: z.number(),
    votes: list(z.object({ human: z.string(), verdict: z.enum(VERDICTS), reason: z.string(), at: time })),
    state: z.enum(APPROVAL_STATES),
    message: z.string(),
    /** Of the task at the revision that was asked about; null where there is no task. */
    purpose: z.string().nullable(),
    purpose_source: z.enum(PURPOSE_SOURCES).nullable(),
    /** Who set the task going. */
    requester: z.string().nullable(),
    /** Whose answer counts now: these people, and who holds one of these roles. Empty when nothing is asked any more. */
    may_answer: z.object({ asked: list(z.string()), roles: list(z.enum(ROLES)) }),
    decision: z.string().nullable(),
    policy: policyRef.nullable(),
    created_at: time,
    expires_at: time,
    version: z.number(),
  })
  .openapi('Approval');

/** @param task that the question belongs to; undefined for a question without one */
export function approvalBody(
  approval: Approval,
  task: Task | undefined,
  publicUrl: string,
  now: Instant,
): z.infer<typeof approvalSchema> {
  const { subject } = approval;
  const stated =
    subject.kind === 'action' ? task?.revisions.find(({ revision }) => revision === subject.revision) : undefined;
  const state = approvalState(approval, now);
  const asked = approval.steps.filter((step) => step.from <= now).flatMap((step) => step.asked);
  const { nonce: _unsaid, steps, votes, created_at, expires_at, ...rest } = approval;
  return {
    ...rest,
    url: approvalUrl(publicUrl, approval.id),
    state,
    purpose: stated?.purpose ?? null,
    purpose_source: stated?.purpose_source ?? null,
    requester: task?.trigger.id ?? approval.chain[0]?.actor ?? null,
    may_answer: state === 'pending' ? { asked: [...new Set(asked)], roles: approval.roles } : { asked: [], roles: [] },
    steps: steps.map((step) => ({ asked: step.asked, from: when(step.from) })),
    votes: votes.map((vote) => ({ ...vote, at: when(vote.at) })),
    created_at: when(created_at),
    expires_at: when(expires_at),
  };
}

/** The task of a question; ended ones are read from the store. */
export async function taskOf(
  deps: Pick<ApiDeps, 'snapshot' | 'store'>,
  { subject }: Approval,
): Promise<Task | undefined> {
  if (subject.kind !== 'action') return undefined;
  return deps.snapshot.task(subject.task) ?? (await deps.store.tasks.get(subject.task));
}

const one = z.strictObject({ id: recordIdOf('apr') });

export function approvals(app: ApiApp, deps: ApiDeps): void {
  const body = async (approval: Approval) =>
    approvalBody(approval, await taskOf(deps, approval), deps.publicUrl, deps.clock.now());

  const listed = createRoute({
    method: 'get',
    path: '/v1/approvals',
    summary: 'Approvals, newest first. A page may hold fewer than `limit` while `next_cursor` goes on.',
    request: {
      query: z.strictObject({ ...pageQuery, state: z.enum(APPROVAL_STATES).optional(), agent: slug.optional() }),
    },
    responses: answers(pageOf(approvalSchema), 'A page of approvals.'),
  });
  app.openapi(listed, async (c) => {
    const { state, agent, ...page } = c.req.valid('query');
    const filter = {
      ...(agent === undefined ? {} : { agent: actorId(agent) }),
      ...(state === undefined ? {} : { state }),
    };
    const found = await deps.store.approvals.list(filter, pageRequest(page));
    const items = (await Promise.all(found.items.map(body))).filter(
      (approval) => state === undefined || approval.state === state,
    );
    return c.json({ items, next_cursor: found.next_cursor });
  });

  const read = createRoute({
    method: 'get',
    path: '/v1/approvals/{id}',
    summary: 'One approval, with exactly what will be forwarded.',
    request: { params: one },
    responses: answers(approvalSchema, 'The approval.'),
  });
  app.openapi(read, async (c) => {
    const { id } = c.req.valid('param');
    const approval =
      deps.snapshot.approval(id) ?? (isRecordId('apr', id) ? await deps.store.approvals.get(id) : undefined);
    if (approval === undefined) throw new MandateError('not_found');
    return c.json(await body(approval));
  });

  const answer = createRoute({
    method: 'post',
    path: '/v1/approvals/{id}/{verdict}',
    summary: 'Answer: a human who may, stepped up within five minutes, about the digest they read.',
    request: {
      params: z.strictObject({ id: recordIdOf('apr'), verdict: z.enum(VERDICTS) }),
      body: jsonBody(z.strictObject({ digest: z.string().min(1).max(200), reason: reasonText })),
    },
    responses: answers(approvalSchema, 'The approval after this answer.'),
  });
  app.openapi(answer, async (c) => {
    const { id, verdict } = c.req.valid('param');
    return c.json(
      await body(
        await answerApproval(deps, { caller: c.get('caller'), approval: id, verdict, ...c.req.valid('json') }),
      ),
    );
  });
}
