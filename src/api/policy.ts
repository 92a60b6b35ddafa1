import { createRoute, z } from '@hono/zod-openapi';
import { MandateError } from '../core/errors.ts';
import type { PolicySet } from '../core/policy-set.ts';
import type { ApiApp, ApiDeps } from './deps.ts';
import { answers, list, time, when } from './route.ts';

export const policySchema = z
  .object({
    serial: z.number(),
    hash: z.string(),
    files: list(z.object({ name: z.string(), text: z.string() })),
    state: z.enum(['published', 'superseded']),
    set_by: z.string(),
    reason: z.string(),
    published_at: time,
  })
  .openapi('PolicySet');

export function policyBody(set: PolicySet): z.infer<typeof policySchema> {
  const { serial, hash, files, state, set_by, reason, published_at } = set;
  return { serial, hash, files, state, set_by, reason, published_at: when(published_at) };
}

export function policy(app: ApiApp, deps: ApiDeps): void {
  const route = createRoute({
    method: 'get',
    path: '/v1/policy',
    summary: 'The policy set in force.',
    responses: answers(policySchema, 'The published set.'),
  });
  app.openapi(route, (c) => {
    const set = deps.snapshot.policySet();
    if (set === undefined) throw new MandateError('not_found', 'No policy set is published.');
    return c.json(policyBody(set));
  });
}
