import { createRoute, z } from '@hono/zod-openapi';
import { ROLES, type Human } from '../core/actor.ts';
import { SIGN_IN_LINK_MS } from '../core/credential.ts';
import { MandateError } from '../core/errors.ts';
import { actorId } from '../core/ids.ts';
import { plusMs } from '../core/instant.ts';
import { signInUrl } from '../core/page-url.ts';
import { LIFECYCLE } from '../core/lifecycle.ts';
import { newSignInLink, registerHuman, type Invited } from '../govern/register-human.ts';
import type { ApiApp, ApiDeps } from './deps.ts';
import { answers, emptyBody, jsonBody, list, pageOf, pageQuery, pageRequest, sent, slug, time, when } from './route.ts';
import { vouchFor } from '../govern/vouch-for.ts';

export const humanSchema = z
  .object({
    id: slug,
    kind: z.literal('human'),
    name: z.string(),
    lifecycle: z.enum(LIFECYCLE),
    roles: list(z.enum(ROLES)),
    deputy: z.string().nullable(),
    /** Null: may not answer approvals until an admin vouches. */
    vouched_by: z.string().nullable(),
    /** Null: as far as the agents themselves. */
    tools: list(z.string()).nullable(),
    created_at: time,
    updated_at: time,
    version: z.number(),
  })
  .openapi('Human');

export function humanBody(human: Human): z.infer<typeof humanSchema> {
  const { id, kind, name, lifecycle, roles, deputy, vouched_by, entitlement, created_at, updated_at, version } = human;
  return {
    id,
    kind,
    name,
    lifecycle,
    roles,
    deputy,
    vouched_by,
    tools: entitlement?.tools ?? null,
    created_at: when(created_at),
    updated_at: when(updated_at),
    version,
  };
}

const one = z.strictObject({ id: slug });
const invited = z.object({ human: humanSchema, sign_in: z.object({ url: z.string(), expires_at: time }) });

export function humans(app: ApiApp, deps: ApiDeps): void {
  const invitation = ({ human, sign_in_secret }: Invited) => ({
    human: humanBody(human),
    sign_in: {
      url: signInUrl(deps.publicUrl, sign_in_secret),
      expires_at: when(plusMs(deps.clock.now(), SIGN_IN_LINK_MS)),
    },
  });

  const register = createRoute({
    method: 'post',
    path: '/v1/humans',
    summary: 'Register a human; the answer holds a single-use sign-in link.',
    request: {
      body: jsonBody(
        z.strictObject({
          id: slug,
          name: z.string().optional(),
          roles: z.array(z.enum(ROLES)).min(1).max(ROLES.length),
          tools: z.array(z.string()).max(1000).optional(),
          deputy: slug.optional(),
        }),
      ),
    },
    responses: answers(invited, 'The human and their link.', 201),
  });
  app.openapi(register, async (c) => {
    return c.json(
      invitation(await registerHuman(deps, { caller: c.get('caller'), ...sent(c.req.valid('json')) })),
      201,
    );
  });

  const listed = createRoute({
    method: 'get',
    path: '/v1/humans',
    summary: 'Humans, newest first.',
    request: { query: z.strictObject({ ...pageQuery, lifecycle: z.enum(LIFECYCLE).optional() }) },
    responses: answers(pageOf(humanSchema), 'A page of humans.'),
  });
  app.openapi(listed, async (c) => {
    const { lifecycle, ...page } = c.req.valid('query');
    const found = await deps.store.actors.list({ kind: 'human', ...sent({ lifecycle }) }, pageRequest(page));
    return c.json({
      items: found.items.filter((actor) => actor.kind === 'human').map(humanBody),
      next_cursor: found.next_cursor,
    });
  });

  const read = createRoute({
    method: 'get',
    path: '/v1/humans/{id}',
    summary: 'One human.',
    request: { params: one },
    responses: answers(humanSchema, 'The human.'),
  });
  app.openapi(read, async (c) => {
    const human = await deps.store.actors.get(actorId(c.req.valid('param').id));
    if (human?.kind !== 'human') throw new MandateError('not_found');
    return c.json(humanBody(human));
  });

  const link = createRoute({
    method: 'post',
    path: '/v1/humans/{id}/sign-in-link',
    summary: 'Another sign-in link; every older one ends.',
    request: { params: one, body: jsonBody(z.strictObject({ reset: z.boolean().optional() })) },
    responses: answers(invited, 'The human and their link.', 201),
  });
  app.openapi(link, async (c) => {
    const human = c.req.valid('param').id;
    return c.json(
      invitation(await newSignInLink(deps, { caller: c.get('caller'), human, ...sent(c.req.valid('json')) })),
      201,
    );
  });

  const vouch = createRoute({
    method: 'post',
    path: '/v1/humans/{id}/vouch',
    summary: 'Give a human the standing to answer approvals; takes an admin who has just stepped up.',
    request: { params: one, body: emptyBody },
    responses: answers(humanSchema, 'The human.'),
  });
  app.openapi(vouch, async (c) =>
    c.json(humanBody(await vouchFor(deps, { caller: c.get('caller'), human: c.req.valid('param').id }))),
  );
}
