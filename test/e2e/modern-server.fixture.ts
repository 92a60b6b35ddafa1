/**
 * A server of the official SDK that speaks revision 2026-07-28 and nothing older, over HTTP inside a test or, run as a
 * program, over stdio. `record_step` writes a line for each execution into the file it is given.
 */
import { once } from 'node:events';
import { appendFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { getRequestListener } from '@hono/node-server';
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server';
import { serveStdio } from '@modelcontextprotocol/server/stdio';
import { z } from 'zod';

/** The arguments with which node runs this file as a stdio server. */
export function modernServerArgs(record: string): readonly string[] {
  return [fileURLToPath(import.meta.url), record];
}

export interface ModernServer {
  readonly url: string;
  close(): Promise<void>;
}

export async function openModernServer(record: string): Promise<ModernServer> {
  const handler = createMcpHandler(() => modernServer(record), { legacy: 'reject' });
  const listener = getRequestListener((request) => handler.fetch(request), { overrideGlobalObjects: false });
  const http = createServer((request, response) => void listener(request, response));
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  const { port } = http.address() as AddressInfo; // a TCP server
  return {
    url: `http://127.0.0.1:${port}/mcp`,
    async close() {
      await handler.close();
      http.closeAllConnections();
      http.close();
      await once(http, 'close');
    },
  };
}

function modernServer(record: string): McpServer {
  const server = new McpServer({ name: 'modern-only', version: '1.0.0' });
  server.registerTool(
    'read_stock',
    {
      description: 'Says how many of a title are in stock.',
      inputSchema: z.object({ title: z.string(), shop: z.string().meta({ 'x-mcp-header': 'Shop' }) }),
      outputSchema: z.object({ title: z.string(), shop: z.string(), count: z.number() }),
      annotations: { readOnlyHint: true },
    },
    ({ title, shop }) => {
      const structuredContent = { title, shop, count: title.length };
      return {
        content: [
          { type: 'text', text: JSON.stringify(structuredContent) },
          { type: 'image', data: PIXEL, mimeType: 'image/gif' },
          { type: 'resource', resource: { uri: 'stock://list', mimeType: 'text/plain', text: 'zwölf 🐟' } },
        ],
        structuredContent,
      };
    },
  );
  server.registerTool(
    'count_slowly',
    {
      description: 'Counts, and says how far it is.',
      inputSchema: z.object({ steps: z.number().int() }),
      annotations: { readOnlyHint: true },
    },
    async ({ steps }, { mcpReq }) => {
      for (let progress = 1; progress <= steps; progress += 1) {
        const progressToken = mcpReq._meta?.progressToken;
        if (progressToken !== undefined)
          await mcpReq.notify({ method: 'notifications/progress', params: { progressToken, progress, total: steps } });
      }
      return { content: [{ type: 'text', text: `counted to ${steps}` }] };
    },
  );
  server.registerTool(
    'get_secret_plan',
    {
      description: 'Reads what nobody may.',
      inputSchema: z.object({}),
      annotations: { readOnlyHint: true },
    },
    () => ({ content: [{ type: 'text', text: 'the plan' }] }),
  );
  server.registerTool(
    'record_step',
    { description: 'Writes a line.', inputSchema: z.object({ line: z.string() }) },
    async ({ line }) => {
      await appendFile(record, `${line}\n`);
      return { content: [{ type: 'text', text: `wrote ${line}` }] };
    },
  );
  return server;
}

const PIXEL = 'R0lGODlhAQABAAAAACwAAAAAAQABAAA=';

if (import.meta.main) serveStdio(() => modernServer(process.argv[2] ?? ''), { legacy: 'reject' });
