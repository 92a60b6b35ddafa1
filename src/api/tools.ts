import { createRoute, z } from '@hono/zod-openapi';
import { EFFECT_CLASSES, PIN_STATES, type PinnedTool, type ToolDefinition } from '../core/tool.ts';
import { MandateError } from '../core/errors.ts';
import { serverId } from '../core/ids.ts';
import { confirmTool } from '../govern/confirm-tool.ts';
import type { ApiApp, ApiDeps } from './deps.ts';
import { answers, jsonBody, list, reasonText, sent, slug, time, when } from './route.ts';

const definition = z
  .object({
    name: z.string(),
    title: z.string().optional(),
    description: z.string().optional(),
    inputSchema: z.record(z.string(), z.unknown()),
    outputSchema: z.record(z.string(), z.unknown()).optional(),
    annotations: z.record(z.string(), z.unknown()).optional(),
  })
  .openapi('ToolDefinition', { description: 'As the server publishes it: untrusted text.' });

export const toolSchema = z
  .object({
    server: slug,
    name: z.string(),
    digest: z.string(),
    definition,
    effect_class: list(z.enum(EFFECT_CLASSES)),
    reversible: z.boolean(),
    facts: z.object({ source: z.enum(['derived', 'confirmed']), set_by: z.string(), reason: z.string() }),
    state: z.enum(PIN_STATES),
    state_reason: z.string().nullable(),
    offered: z.object({ definition, digest: z.string(), seen_at: time }).nullable(),
    updated_at: time,
    version: z.number(),
  })
  .openapi('Tool');

export function toolBody(tool: PinnedTool): z.infer<typeof toolSchema> {
  const { server, name, digest, facts, state, state_reason, offered, updated_at, version } = tool;
  return {
    server,
    name,
    digest,
    definition: definitionBody(tool.definition),
    effect_class: facts.effect_class,
    reversible: facts.reversible,
    facts: { source: facts.source, set_by: facts.set_by, reason: facts.reason },
    state,
    state_reason,
    offered:
      offered === null
        ? null
        : { definition: definitionBody(offered.definition), digest: offered.digest, seen_at: when(offered.seen_at) },
    updated_at: when(updated_at),
    version,
  };
}

function definitionBody(given: ToolDefinition): z.infer<typeof definition> {
  return { ...given };
}

export function tools(app: ApiApp, deps: ApiDeps): void {
  const listed = createRoute({
    method: 'get',
    path: '/v1/servers/{id}/tools',
    summary: 'Pinned definitions, what they are taken to do, and their pin state.',
    request: { params: z.strictObject({ id: slug }) },
    responses: answers(
      z.object({ items: list(toolSchema), next_cursor: z.null() }),
      'All tools of the server, by name.',
    ),
  });
  app.openapi(listed, async (c) => {
    const id = serverId(c.req.valid('param').id);
    if ((await deps.store.servers.get(id)) === undefined) throw new MandateError('not_found');
    return c.json({ items: (await deps.store.tools.listOf(id)).map(toolBody), next_cursor: null });
  });

  const confirm = createRoute({
    method: 'patch',
    path: '/v1/servers/{id}/tools/{tool}',
    summary: 'Accept a quarantined or changed definition, or correct what a tool is taken to do.',
    request: {
      params: z.strictObject({ id: slug, tool: z.string().min(1).max(128) }),
      body: jsonBody(
        z.strictObject({
          accept_digest: z.string().max(100).optional(),
          effect_class: z.array(z.enum(EFFECT_CLASSES)).min(1).max(EFFECT_CLASSES.length).optional(),
          reversible: z.boolean().optional(),
          reason: reasonText,
        }),
      ),
    },
    responses: answers(toolSchema, 'The tool.'),
  });
  app.openapi(confirm, async (c) => {
    const { id, tool } = c.req.valid('param');
    const request = { caller: c.get('caller'), server: id, tool, ...sent(c.req.valid('json')) };
    return c.json(toolBody(await confirmTool(deps, request)));
  });
}
