import { createRoute, z } from '@hono/zod-openapi';
import { ACTOR_KINDS } from '../core/actor.ts';
import { MandateError } from '../core/errors.ts';
import { actorId, isRecordId } from '../core/ids.ts';
import type { Instant } from '../core/instant.ts';
import { isOpen, PURPOSE_SOURCES, TASK_STATES, TRIGGER_KINDS, type Task } from '../core/task.ts';
import { DATA_CLASSES } from '../core/tool.ts';
import { closeTask } from '../govern/close-task.ts';
import type { IssuedToken } from '../govern/issue-token.ts';
import { openTask } from '../govern/open-task.ts';
import { renewToken } from '../govern/renew-token.ts';
import { revisePurposeOf } from '../govern/revise-purpose.ts';
import type { ApiApp, ApiDeps } from './deps.ts';
import {
  answers,
  emptyBody,
  jsonBody,
  list,
  pageOf,
  pageQuery,
  pageRequest,
  recordIdOf,
  sent,
  slug,
  time,
  when,
  whenOrNull,
} from './route.ts';

const source = z.enum(PURPOSE_SOURCES);

export const chainSchema = list(z.object({ actor: z.string(), kind: z.enum(ACTOR_KINDS) }));

export const taskSchema = z
  .object({
    id: z.string(),
    agent: slug,
    environment: slug,
    purpose: z.string(),
    purpose_source: source,
    purpose_unstated: z.boolean(),
    revision: z.number(),
    revisions: list(
      z.object({ revision: z.number(), purpose: z.string(), purpose_source: source, set_by: z.string(), at: time }),
    ),
    trigger: z.object({ kind: z.enum(TRIGGER_KINDS), id: z.string() }),
    chain: chainSchema,
    scope: z.object({
      tools: list(z.string()),
      destinations: list(z.string()).optional(),
      data_ceiling: z.enum(DATA_CLASSES).optional(),
    }),
    budget: z.object({ calls: z.number().optional(), spend: z.number().optional(), records: z.number().optional() }),
    spent: z.object({ calls: z.number() }).nullable(),
    parent: z.string().nullable(),
    state: z.enum(TASK_STATES),
    opened_at: time,
    expires_at: time,
    ended_at: time.nullable(),
    ended_reason: z.string().nullable(),
    version: z.number(),
  })
  .openapi('Task');

/** @param spent by the task in this process; null when it holds no memory of it */
export function taskBody(
  task: Task,
  spent: { readonly calls: number } | null,
  now: Instant,
): z.infer<typeof taskSchema> {
  const { opened_at, expires_at, ended_at, revisions, ...rest } = task;
  return {
    ...rest,
    // An open task past its end is expired, whether or not somebody wrote that down.
    state: task.state === 'open' && !isOpen(task, now) ? 'expired' : task.state,
    spent,
    revisions: revisions.map((one) => ({ ...one, at: when(one.at) })),
    opened_at: when(opened_at),
    expires_at: when(expires_at),
    ended_at: whenOrNull(ended_at),
  };
}

const one = z.strictObject({ id: recordIdOf('tsk') });
const tokenMembers = {
  token: z.string(),
  token_type: z.literal('Bearer'),
  token_expires_at: time.nullable(),
  mcp_url: z.string(),
};
const withToken = z.object({ task: taskSchema, ...tokenMembers });

export function tasks(app: ApiApp, deps: ApiDeps): void {
  const body = (task: Task) =>
    taskBody(task, deps.memory.has(task.id) ? deps.memory.spent(task.id) : null, deps.clock.now());
  const tokenBody = ({ token_secret, token }: IssuedToken) => ({
    token: token_secret,
    token_type: 'Bearer' as const,
    token_expires_at: whenOrNull(token.expires_at),
    mcp_url: `${deps.publicUrl}/mcp`,
  });

  const open = createRoute({
    method: 'post',
    path: '/v1/tasks',
    summary: 'Open a task; who triggered it is the caller and nothing in the body.',
    request: {
      body: jsonBody(
        z.strictObject({
          agent: slug,
          purpose: z.string(),
          scope: z.strictObject({
            tools: z.array(z.string()).max(1000),
            destinations: z.array(z.string().max(1000)).max(1000).optional(),
            data_ceiling: z.enum(DATA_CLASSES).optional(),
          }),
          budget: z
            .strictObject({
              calls: z.number().int().min(0).optional(),
              spend: z.number().int().min(0).optional(),
              records: z.number().int().min(0).optional(),
            })
            .default({}),
          expires_in_s: z.number().int().min(1),
          parent: recordIdOf('tsk').optional(),
        }),
      ),
    },
    responses: answers(withToken, 'The task and its first token.', 201),
  });
  app.openapi(open, async (c) => {
    const { scope, budget, ...rest } = sent(c.req.valid('json'));
    const opened = await openTask(deps, { caller: c.get('caller'), ...rest, scope: sent(scope), budget: sent(budget) });
    return c.json({ task: body(opened.task), ...tokenBody(opened) }, 201);
  });

  const listed = createRoute({
    method: 'get',
    path: '/v1/tasks',
    summary: 'Tasks, newest first.',
    request: { query: z.strictObject({ ...pageQuery, agent: slug.optional(), state: z.enum(TASK_STATES).optional() }) },
    responses: answers(pageOf(taskSchema), 'A page of tasks.'),
  });
  app.openapi(listed, async (c) => {
    const { agent, state, ...page } = c.req.valid('query');
    const filter = {
      ...(agent === undefined ? {} : { agent: actorId(agent) }),
      ...(state === undefined ? {} : { state }),
    };
    const found = await deps.store.tasks.list(filter, pageRequest(page));
    const items = found.items.map(body).filter((task) => state === undefined || task.state === state);
    return c.json({ items, next_cursor: found.next_cursor });
  });

  const read = createRoute({
    method: 'get',
    path: '/v1/tasks/{id}',
    summary: 'One task.',
    request: { params: one },
    responses: answers(taskSchema, 'The task.'),
  });
  app.openapi(read, async (c) => {
    const { id } = c.req.valid('param');
    const task = deps.snapshot.task(id) ?? (isRecordId('tsk', id) ? await deps.store.tasks.get(id) : undefined);
    if (task === undefined) throw new MandateError('not_found');
    return c.json(body(task));
  });

  const renew = createRoute({
    method: 'post',
    path: '/v1/tasks/{id}/token',
    summary: 'A fresh token; the one before ends soon after.',
    request: { params: one, body: emptyBody },
    responses: answers(z.object(tokenMembers), 'The token, shown once.', 201),
  });
  app.openapi(renew, async (c) => {
    return c.json(tokenBody(await renewToken(deps, { caller: c.get('caller'), task: c.req.valid('param').id })), 201);
  });

  const revise = createRoute({
    method: 'post',
    path: '/v1/tasks/{id}/purpose',
    summary: 'Change the purpose: ends tokens and approvals, keeps what was spent.',
    request: { params: one, body: jsonBody(z.strictObject({ purpose: z.string() })) },
    responses: answers(withToken, 'The task and a fresh token.'),
  });
  app.openapi(revise, async (c) => {
    const request = { caller: c.get('caller'), task: c.req.valid('param').id, purpose: c.req.valid('json').purpose };
    const revised = await revisePurposeOf(deps, request);
    return c.json({ task: body(revised.task), ...tokenBody(revised) });
  });

  const close = createRoute({
    method: 'post',
    path: '/v1/tasks/{id}/close',
    summary: 'Close a task and everything that hangs on it.',
    request: { params: one, body: jsonBody(z.strictObject({ reason: z.string().min(1).default('Closed.') })) },
    responses: answers(
      z.object({
        task: taskSchema,
        ended: z.object({ tasks: z.number(), credentials: z.number(), approvals: z.number() }),
        in_force_ms: z.number(),
      }),
      'The task, and what ended with it.',
    ),
  });
  app.openapi(close, async (c) => {
    const request = { caller: c.get('caller'), task: c.req.valid('param').id, reason: c.req.valid('json').reason };
    const closed = await closeTask(deps, request);
    return c.json({ task: body(closed.task), ended: closed.ended, in_force_ms: closed.in_force_ms });
  });
}
