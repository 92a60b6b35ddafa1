import { createRoute, z } from '@hono/zod-openapi';
import { CREDENTIAL_KINDS, type Credential } from '../core/credential.ts';
import { actorId } from '../core/ids.ts';
import type { ApiApp, ApiDeps } from './deps.ts';
import { answers, pageOf, pageQuery, pageRequest, sent, slug, time, when, whenOrNull } from './route.ts';

export const credentialSchema = z
  .object({
    id: z.string(),
    kind: z.enum(CREDENTIAL_KINDS),
    actor: slug,
    task: z.string().nullable(),
    label: z.string().nullable(),
    created_at: time,
    expires_at: time.nullable(),
    ended_at: time.nullable(),
    ended_reason: z.string().nullable(),
  })
  .openapi('Credential');

/** Never the secret, and never its hash. */
export function credentialBody(credential: Credential): z.infer<typeof credentialSchema> {
  const { id, kind, actor, task, label, created_at, expires_at, ended_at, ended_reason } = credential;
  return {
    id,
    kind,
    actor,
    task,
    label,
    created_at: when(created_at),
    expires_at: whenOrNull(expires_at),
    ended_at: whenOrNull(ended_at),
    ended_reason,
  };
}

export function credentials(app: ApiApp, deps: ApiDeps): void {
  const listed = createRoute({
    method: 'get',
    path: '/v1/credentials',
    summary: 'Credentials, newest first; never a secret or a hash.',
    request: {
      query: z.strictObject({ ...pageQuery, actor: slug.optional(), kind: z.enum(CREDENTIAL_KINDS).optional() }),
    },
    responses: answers(pageOf(credentialSchema), 'A page of credentials.'),
  });
  app.openapi(listed, async (c) => {
    const { actor, kind, ...page } = c.req.valid('query');
    const filter = sent({ actor: actor === undefined ? undefined : actorId(actor), kind });
    const found = await deps.store.credentials.list(filter, pageRequest(page));
    return c.json({ items: found.items.map(credentialBody), next_cursor: found.next_cursor });
  });
}
