/** The official client of the first SDK, unmodified. */
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import type { Listed, Place, Speaker } from '../e2e/speaker.fixture.ts';

export async function openV1(place: Place): Promise<Speaker> {
  const client = new Client({ name: 'interop-v1', version: '1.0.0' });
  const http = 'url' in place ? httpTo(place.url, place.bearer) : null;
  // The SDK is not written for exactOptionalPropertyTypes, so its own class does not fit its own interface.
  await client.connect((http ?? stdioTo(place as Extract<Place, { command: string }>)) as Transport);
  return {
    revision: http?.protocolVersion ?? null,
    list: async () => (await client.listTools()).tools as readonly unknown[] as readonly Listed[], // every tool has a name
    call: (name, args, options = {}) => {
      const { onProgress } = options;
      const heard = onProgress === undefined ? {} : { onprogress: onProgress };
      return client.callTool({ name, arguments: { ...args } }, undefined, heard);
    },
    async close() {
      await http?.terminateSession().catch(() => undefined); // a session that was cut has ended already
      await client.close();
    },
  };
}

function httpTo(url: string, bearer?: string): StreamableHTTPClientTransport {
  const headers: Record<string, string> = bearer === undefined ? {} : { Authorization: `Bearer ${bearer}` };
  return new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers } });
}

function stdioTo({ command, args, env }: Extract<Place, { command: string }>): StdioClientTransport {
  return new StdioClientTransport({
    command,
    args: [...args],
    env: { PATH: process.env['PATH'] ?? '', ...env },
    stderr: 'ignore',
  });
}
