import { createRoute, z } from '@hono/zod-openapi';
import type { Action } from '../core/action.ts';
import type { Caller } from '../core/caller.ts';
import { EFFECTS } from '../core/decision.ts';
import { serverId } from '../core/ids.ts';
import type { JsonObject } from '../core/json.ts';
import { ownersOf } from '../core/ownership.ts';
import { requireRoleOrBeing } from '../govern/require-role.ts';
import { tryAction } from '../govern/try-action.ts';
import type { ApiApp, ApiDeps } from './deps.ts';
import { answers, jsonBody, list, recordIdOf, slug } from './route.ts';

const drySchema = z
  .object({
    effect: z.enum(EFFECTS),
    reasons: list(z.object({ code: z.string(), policy: z.string().nullable(), message: z.string() })),
    determining: list(z.string()),
    policy: z.object({ serial: z.number(), hash: z.string() }).nullable(),
  })
  .openapi('DryDecision');

/** What a call would meet now: nothing is sent, spent, asked, minted or recorded. */
export function decide(app: ApiApp, deps: ApiDeps): void {
  const route = createRoute({
    method: 'post',
    path: '/v1/decide',
    summary: 'A dry decision: the effect and its reasons, for this call at this moment.',
    request: {
      body: jsonBody(
        z.strictObject({
          agent: slug,
          task: recordIdOf('tsk').optional(),
          server: slug,
          tool: z.string().min(1).max(128),
          arguments: z.record(z.string(), z.unknown()).default({}),
        }),
      ),
    },
    responses: answers(drySchema, 'What would be decided.'),
  });
  app.openapi(route, (c) => {
    const asked = c.req.valid('json');
    requireMayTry(deps, c.get('caller'), asked.agent);
    const action: Action = {
      kind: 'call',
      server: serverId(asked.server),
      tool: asked.tool,
      method: 'tools/call',
      params: { name: asked.tool, arguments: asked.arguments as JsonObject }, // read from strict JSON
    };
    return c.json(tryAction(deps, { agent: asked.agent, task: asked.task ?? null, action }));
  });
}

function requireMayTry(deps: ApiDeps, caller: Caller, agent: string): void {
  const found = deps.snapshot.agent(agent);
  const owners = found === undefined ? [] : ownersOf(found.owners);
  requireRoleOrBeing(caller, owners, 'admin', 'security', 'auditor');
}
