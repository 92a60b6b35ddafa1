import { createRoute, z } from '@hono/zod-openapi';
import type { ApiApp, ApiDeps } from './deps.ts';
import { answers, list, time, when } from './route.ts';

const nodeSchema = z
  .object({
    id: z.string(),
    started_at: time,
    heartbeat_at: time,
    policy_serial: z.number(),
    change_seq: z.number(),
    version: z.string(),
  })
  .openapi('Node');

export function nodes(app: ApiApp, deps: ApiDeps): void {
  const route = createRoute({
    method: 'get',
    path: '/v1/nodes',
    summary: 'The processes, and what each has in force.',
    responses: answers(z.object({ items: list(nodeSchema), next_cursor: z.null() }), 'All of them.'),
  });
  app.openapi(route, async (c) => {
    const items = (await deps.store.nodes.list()).map((node) => {
      return { ...node, started_at: when(node.started_at), heartbeat_at: when(node.heartbeat_at) };
    });
    return c.json({ items, next_cursor: null });
  });
}
