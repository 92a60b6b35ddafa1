import { createRoute, z } from '@hono/zod-openapi';
import type { Workload } from '../core/actor.ts';
import { MandateError } from '../core/errors.ts';
import { actorId } from '../core/ids.ts';
import { LIFECYCLE } from '../core/lifecycle.ts';
import { acceptWorkload } from '../govern/accept-ownership.ts';
import { registerWorkload } from '../govern/register-workload.ts';
import { ownerBody, ownerSchema } from './agents.ts';
import type { ApiApp, ApiDeps } from './deps.ts';
import { answers, emptyBody, jsonBody, pageOf, pageQuery, pageRequest, sent, slug, time, when } from './route.ts';

export const workloadSchema = z
  .object({
    id: slug,
    kind: z.literal('workload'),
    name: z.string(),
    lifecycle: z.enum(LIFECYCLE),
    owner: ownerSchema,
    spiffe_id: z.string().nullable(),
    created_at: time,
    updated_at: time,
    version: z.number(),
  })
  .openapi('Workload');

export function workloadBody(workload: Workload): z.infer<typeof workloadSchema> {
  const { id, kind, name, lifecycle, owner, spiffe_id, version } = workload;
  return {
    id,
    kind,
    name,
    lifecycle,
    owner: ownerBody(owner),
    spiffe_id,
    created_at: when(workload.created_at),
    updated_at: when(workload.updated_at),
    version,
  };
}

const one = z.strictObject({ id: slug });

export function workloads(app: ApiApp, deps: ApiDeps): void {
  const register = createRoute({
    method: 'post',
    path: '/v1/workloads',
    summary: 'Ask for a workload to be registered; its owner then accepts.',
    request: {
      body: jsonBody(
        z.strictObject({ id: slug, name: z.string(), owner: slug, spiffe_id: z.string().max(2048).optional() }),
      ),
    },
    responses: answers(workloadSchema, 'The workload, registered.', 201),
  });
  app.openapi(register, async (c) => {
    return c.json(
      workloadBody(await registerWorkload(deps, { caller: c.get('caller'), ...sent(c.req.valid('json')) })),
      201,
    );
  });

  const listed = createRoute({
    method: 'get',
    path: '/v1/workloads',
    summary: 'Workloads, newest first.',
    request: { query: z.strictObject(pageQuery) },
    responses: answers(pageOf(workloadSchema), 'A page of workloads.'),
  });
  app.openapi(listed, async (c) => {
    const found = await deps.store.actors.list({ kind: 'workload' }, pageRequest(c.req.valid('query')));
    return c.json({
      items: found.items.filter((actor) => actor.kind === 'workload').map(workloadBody),
      next_cursor: found.next_cursor,
    });
  });

  const read = createRoute({
    method: 'get',
    path: '/v1/workloads/{id}',
    summary: 'One workload.',
    request: { params: one },
    responses: answers(workloadSchema, 'The workload.'),
  });
  app.openapi(read, async (c) => {
    const workload = await deps.store.actors.get(actorId(c.req.valid('param').id));
    if (workload?.kind !== 'workload') throw new MandateError('not_found');
    return c.json(workloadBody(workload));
  });

  const accept = createRoute({
    method: 'post',
    path: '/v1/workloads/{id}/accept',
    summary: 'The owner accepts.',
    request: { params: one, body: emptyBody },
    responses: answers(workloadSchema, 'The workload.'),
  });
  app.openapi(accept, async (c) => {
    return c.json(
      workloadBody(await acceptWorkload(deps, { caller: c.get('caller'), workload: c.req.valid('param').id })),
    );
  });
}
