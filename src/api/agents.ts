import { createRoute, z } from '@hono/zod-openapi';
import { AUTONOMY, type Agent } from '../core/actor.ts';
import { MandateError } from '../core/errors.ts';
import { actorId } from '../core/ids.ts';
import { LIFECYCLE } from '../core/lifecycle.ts';
import type { Owner } from '../core/ownership.ts';
import { acceptOwnership } from '../govern/accept-ownership.ts';
import { issueConnectionKey } from '../govern/issue-connection-key.ts';
import { registerAgent } from '../govern/register-agent.ts';
import { credentialBody, credentialSchema } from './credentials.ts';
import type { ApiApp, ApiDeps } from './deps.ts';
import {
  answers,
  emptyBody,
  jsonBody,
  list,
  pageOf,
  pageQuery,
  pageRequest,
  reasonText,
  sent,
  slug,
  time,
  when,
  whenOrNull,
} from './route.ts';

export const ownerSchema = z.object({ human: slug, accepted_at: time.nullable() }).openapi('Owner');

export const agentSchema = z
  .object({
    id: slug,
    kind: z.literal('agent'),
    name: z.string(),
    purpose: z.string(),
    lifecycle: z.enum(LIFECYCLE),
    owners: z.object({ business: ownerSchema, technical: ownerSchema, escalation: ownerSchema }),
    environment: slug,
    tools: list(z.string()),
    entitlement: z.object({
      set_by: z.string(),
      reason: z.string(),
      approved_by: z.string().nullable(),
      review_by: time,
    }),
    autonomy: z.enum(AUTONOMY),
    spiffe_id: z.string().nullable(),
    probation_since: time.nullable(),
    created_at: time,
    updated_at: time,
    version: z.number(),
  })
  .openapi('Agent');

export function ownerBody(owner: Owner): z.infer<typeof ownerSchema> {
  return { human: owner.human, accepted_at: whenOrNull(owner.accepted_at) };
}

export function agentBody(agent: Agent): z.infer<typeof agentSchema> {
  const { id, kind, name, purpose, lifecycle, owners, environment, entitlement, autonomy, spiffe_id, version } = agent;
  return {
    id,
    kind,
    name,
    purpose,
    lifecycle,
    owners: {
      business: ownerBody(owners.business),
      technical: ownerBody(owners.technical),
      escalation: ownerBody(owners.escalation),
    },
    environment,
    tools: entitlement.tools,
    entitlement: {
      set_by: entitlement.set_by,
      reason: entitlement.reason,
      approved_by: entitlement.approved_by,
      review_by: when(entitlement.review_by),
    },
    autonomy,
    spiffe_id,
    probation_since: whenOrNull(agent.probation_since),
    created_at: when(agent.created_at),
    updated_at: when(agent.updated_at),
    version,
  };
}

const one = z.strictObject({ id: slug });

export function agents(app: ApiApp, deps: ApiDeps): void {
  const register = createRoute({
    method: 'post',
    path: '/v1/agents',
    summary: 'Ask for an agent to be registered; its owners then accept.',
    request: {
      body: jsonBody(
        z.strictObject({
          id: slug,
          name: z.string(),
          purpose: z.string(),
          owners: z.strictObject({ business: slug, technical: slug, escalation: slug }),
          environment: slug,
          tools: z.array(z.string()).max(1000),
          spiffe_id: z.string().max(2048).optional(),
          autonomy: z.enum(AUTONOMY),
          reason: reasonText.optional(),
        }),
      ),
    },
    responses: answers(agentSchema, 'The agent, registered.', 201),
  });
  app.openapi(register, async (c) => {
    return c.json(agentBody(await registerAgent(deps, { caller: c.get('caller'), ...sent(c.req.valid('json')) })), 201);
  });

  const listed = createRoute({
    method: 'get',
    path: '/v1/agents',
    summary: 'Agents, newest first.',
    request: { query: z.strictObject({ ...pageQuery, lifecycle: z.enum(LIFECYCLE).optional() }) },
    responses: answers(pageOf(agentSchema), 'A page of agents.'),
  });
  app.openapi(listed, async (c) => {
    const { lifecycle, ...page } = c.req.valid('query');
    const found = await deps.store.actors.list({ kind: 'agent', ...sent({ lifecycle }) }, pageRequest(page));
    return c.json({
      items: found.items.filter((actor) => actor.kind === 'agent').map(agentBody),
      next_cursor: found.next_cursor,
    });
  });

  const read = createRoute({
    method: 'get',
    path: '/v1/agents/{id}',
    summary: 'One agent.',
    request: { params: one },
    responses: answers(agentSchema, 'The agent.'),
  });
  app.openapi(read, async (c) => {
    const agent = await deps.store.actors.get(actorId(c.req.valid('param').id));
    if (agent?.kind !== 'agent') throw new MandateError('not_found');
    return c.json(agentBody(agent));
  });

  const accept = createRoute({
    method: 'post',
    path: '/v1/agents/{id}/accept',
    summary: 'The owner who asks accepts every role they are named for.',
    request: { params: one, body: emptyBody },
    responses: answers(agentSchema, 'The agent.'),
  });
  app.openapi(accept, async (c) => {
    return c.json(agentBody(await acceptOwnership(deps, { caller: c.get('caller'), agent: c.req.valid('param').id })));
  });

  const key = createRoute({
    method: 'post',
    path: '/v1/agents/{id}/keys',
    summary: 'A connection key for one client installation; it authorises nothing by itself.',
    request: { params: one, body: jsonBody(z.strictObject({ label: z.string() })) },
    responses: answers(z.object({ key: z.string(), credential: credentialSchema }), 'The key, shown once.', 201),
  });
  app.openapi(key, async (c) => {
    const request = { caller: c.get('caller'), agent: c.req.valid('param').id, label: c.req.valid('json').label };
    const { secret, credential } = await issueConnectionKey(deps, request);
    return c.json({ key: secret, credential: credentialBody(credential) }, 201);
  });
}
