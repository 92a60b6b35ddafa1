import { createRoute, z } from '@hono/zod-openapi';
import type { ApiApp, ApiDeps } from './deps.ts';
import { answers, list, slug } from './route.ts';

export function environments(app: ApiApp, deps: ApiDeps): void {
  const route = createRoute({
    method: 'get',
    path: '/v1/environments',
    summary: 'The configured environments.',
    responses: answers(
      z.object({ items: list(z.object({ id: slug, production: z.boolean() })), next_cursor: z.null() }),
      'All of them.',
    ),
  });
  app.openapi(route, (c) => c.json({ items: deps.snapshot.environments(), next_cursor: null }));
}
