import { createRoute, z } from '@hono/zod-openapi';
import { MandateError } from '../core/errors.ts';
import { LIFECYCLE } from '../core/lifecycle.ts';
import { changeLifecycle } from '../govern/change-lifecycle.ts';
import { agentBody, agentSchema } from './agents.ts';
import type { ApiApp, ApiDeps } from './deps.ts';
import { humanBody, humanSchema } from './humans.ts';
import { answers, ended, jsonBody, reasonText, slug } from './route.ts';
import { workloadBody, workloadSchema } from './workloads.ts';

const done = { ended, in_force_ms: z.number() };

/** Lifecycle moves; each answers what it ended and how fast that was in force. */
export function transitions(app: ApiApp, deps: ApiDeps): void {
  const request = {
    params: z.strictObject({ id: slug }),
    body: jsonBody(z.strictObject({ to: z.enum(LIFECYCLE), reason: reasonText.default('') })),
  };
  const summary = 'Move to another lifecycle state.';

  const ofAgent = createRoute({
    method: 'post',
    path: '/v1/agents/{id}/transitions',
    summary,
    request,
    responses: answers(z.object({ agent: agentSchema, ...done }), 'What changed.'),
  });
  app.openapi(ofAgent, async (c) => {
    const actor = requireKind(deps, c.req.valid('param').id, 'agent');
    const moved = await changeLifecycle(deps, { caller: c.get('caller'), actor, ...c.req.valid('json') });
    if (moved.actor.kind !== 'agent') throw new MandateError('internal');
    return c.json({ agent: agentBody(moved.actor), ended: moved.ended, in_force_ms: moved.in_force_ms });
  });

  const ofWorkload = createRoute({
    method: 'post',
    path: '/v1/workloads/{id}/transitions',
    summary,
    request,
    responses: answers(z.object({ workload: workloadSchema, ...done }), 'What changed.'),
  });
  app.openapi(ofWorkload, async (c) => {
    const actor = requireKind(deps, c.req.valid('param').id, 'workload');
    const moved = await changeLifecycle(deps, { caller: c.get('caller'), actor, ...c.req.valid('json') });
    if (moved.actor.kind !== 'workload') throw new MandateError('internal');
    return c.json({ workload: workloadBody(moved.actor), ended: moved.ended, in_force_ms: moved.in_force_ms });
  });

  const ofHuman = createRoute({
    method: 'post',
    path: '/v1/humans/{id}/transitions',
    summary,
    request,
    responses: answers(z.object({ human: humanSchema, ...done }), 'What changed.'),
  });
  app.openapi(ofHuman, async (c) => {
    const actor = requireKind(deps, c.req.valid('param').id, 'human');
    const moved = await changeLifecycle(deps, { caller: c.get('caller'), actor, ...c.req.valid('json') });
    if (moved.actor.kind !== 'human') throw new MandateError('internal');
    return c.json({ human: humanBody(moved.actor), ended: moved.ended, in_force_ms: moved.in_force_ms });
  });
}

/** A route of one kind never moves an actor of another. */
function requireKind(deps: ApiDeps, id: string, kind: 'agent' | 'workload' | 'human'): string {
  if (deps.snapshot.actor(id)?.kind !== kind) throw new MandateError('not_found', `There is no ${kind} of this id.`);
  return id;
}
