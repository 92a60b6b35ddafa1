import { createRoute, z } from '@hono/zod-openapi';
import { MandateError } from '../core/errors.ts';
import { serverId } from '../core/ids.ts';
import { REDACTED, redactText } from '../core/redaction.ts';
import { ISOLATION, SERVER_STATES, TRUST, type Server } from '../core/server.ts';
import { refreshServer } from '../govern/refresh-server.ts';
import { registerServer } from '../govern/register-server.ts';
import { removeServer } from '../govern/remove-server.ts';
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
} from './route.ts';
import { toolBody, toolSchema } from './tools.ts';

const ARGUMENTS_MAX = 256;
const TEXT_CHARS_MAX = 8192;
const text = z.string().max(TEXT_CHARS_MAX);

const transportShown = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('stdio'),
    command: z.string(),
    args: list(z.string()),
    env: z.record(z.string(), z.string()),
  }),
  z.object({ type: z.literal('http'), url: z.string() }),
]);
const transportGiven = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('stdio'),
    command: text.min(1),
    args: z.array(text).max(ARGUMENTS_MAX).default([]),
    env: z.record(z.string().max(256), text).default({}),
  }),
  z.strictObject({ type: z.literal('http'), url: text.min(1) }),
]);

export const serverSchema = z
  .object({
    id: slug,
    transport: transportShown,
    environment: slug,
    trust: z.enum(TRUST),
    regulated: z.boolean(),
    isolation: z.enum(ISOLATION),
    state: z.enum(SERVER_STATES),
    created_at: time,
    updated_at: time,
    version: z.number(),
  })
  .openapi('Server');

/** Values of a server's environment are its secrets: only their names are shown. */
export function serverBody(server: Server): z.infer<typeof serverSchema> {
  const { id, transport, environment, trust, regulated, isolation, state, created_at, updated_at, version } = server;
  return {
    id,
    transport:
      transport.type === 'http'
        ? { type: 'http', url: redactText(transport.url) }
        : {
            type: 'stdio',
            command: transport.command,
            args: transport.args.map(redactText),
            env: Object.fromEntries(Object.keys(transport.env).map((name) => [name, REDACTED])),
          },
    environment,
    trust,
    regulated,
    isolation,
    state,
    created_at: when(created_at),
    updated_at: when(updated_at),
    version,
  };
}

const one = z.strictObject({ id: slug });
const withTools = z.object({ server: serverSchema, tools: list(toolSchema) });

export function servers(app: ApiApp, deps: ApiDeps): void {
  const register = createRoute({
    method: 'post',
    path: '/v1/servers',
    summary: 'Register an MCP server: it is started or reached once, and its tools are pinned.',
    request: {
      body: jsonBody(
        z.strictObject({
          id: slug,
          transport: transportGiven,
          environment: slug,
          trust: z.enum(TRUST),
          regulated: z.boolean().default(false),
          isolation: z.enum(ISOLATION).default('task'),
        }),
      ),
    },
    responses: answers(withTools, 'The server and its tools.', 201),
  });
  app.openapi(register, async (c) => {
    const { server, tools } = await registerServer(deps, { caller: c.get('caller'), ...sent(c.req.valid('json')) });
    return c.json({ server: serverBody(server), tools: tools.map(toolBody) }, 201);
  });

  const listed = createRoute({
    method: 'get',
    path: '/v1/servers',
    summary: 'Servers, newest first; removed ones say so.',
    request: { query: z.strictObject(pageQuery) },
    responses: answers(pageOf(serverSchema), 'A page of servers.'),
  });
  app.openapi(listed, async (c) => {
    const found = await deps.store.servers.list(pageRequest(c.req.valid('query')));
    return c.json({ items: found.items.map(serverBody), next_cursor: found.next_cursor });
  });

  const read = createRoute({
    method: 'get',
    path: '/v1/servers/{id}',
    summary: 'One server.',
    request: { params: one },
    responses: answers(serverSchema, 'The server.'),
  });
  app.openapi(read, async (c) => {
    const server = await deps.store.servers.get(serverId(c.req.valid('param').id));
    if (server === undefined) throw new MandateError('not_found');
    return c.json(serverBody(server));
  });

  const refresh = createRoute({
    method: 'post',
    path: '/v1/servers/{id}/refresh',
    summary: 'Look at the tools of a server again.',
    request: { params: one, body: emptyBody },
    responses: answers(withTools, 'The server and its tools.'),
  });
  app.openapi(refresh, async (c) => {
    const { id } = c.req.valid('param');
    await refreshServer(deps, { caller: c.get('caller'), server: id });
    const server = deps.snapshot.server(id);
    if (server === undefined) throw new MandateError('not_found');
    return c.json({ server: serverBody(server), tools: deps.snapshot.toolsOf(id).map(toolBody) });
  });

  const remove = createRoute({
    method: 'delete',
    path: '/v1/servers/{id}',
    summary: 'Remove a server; its id is never reused.',
    request: { params: one, body: jsonBody(z.strictObject({ reason: reasonText })) },
    responses: answers(serverSchema, 'The server, removed.'),
  });
  app.openapi(remove, async (c) => {
    const { id } = c.req.valid('param');
    const request = { caller: c.get('caller'), server: id, reason: c.req.valid('json').reason };
    return c.json(serverBody((await removeServer(deps, request)).server));
  });
}
