import { createRoute, z } from '@hono/zod-openapi';
import { REVOCATION_KINDS, revoke } from '../govern/revoke.ts';
import type { ApiApp, ApiDeps } from './deps.ts';
import { answers, jsonBody, reasonText } from './route.ts';

const ended = z.object({ agents: z.number(), tasks: z.number(), credentials: z.number(), approvals: z.number() });

export function revocations(app: ApiApp, deps: ApiDeps): void {
  const route = createRoute({
    method: 'post',
    path: '/v1/revocations',
    summary: 'Stop something now; answers what ended and how fast.',
    request: {
      body: jsonBody(
        z.strictObject({ kind: z.enum(REVOCATION_KINDS), id: z.string().max(100).default(''), reason: reasonText }),
      ),
    },
    responses: answers(z.object({ ended, in_force_ms: z.number() }), 'What ended.'),
  });
  app.openapi(route, async (c) => {
    const { ended: counts, in_force_ms } = await revoke(deps, { caller: c.get('caller'), ...c.req.valid('json') });
    return c.json({ ended: counts, in_force_ms });
  });
}
