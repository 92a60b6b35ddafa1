/** The official client of the second SDK, unmodified, in either era. */
import { Client, StreamableHTTPClientTransport, type Transport } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import type { Listed, Place, Speaker } from './speaker.fixture.ts';

export const V2_REVISIONS = ['2026-07-28', '2025-11-25'] as const;
export type V2Revision = (typeof V2_REVISIONS)[number];

export async function openV2(revision: V2Revision, place: Place): Promise<Speaker> {
  const pinned = revision === '2026-07-28' ? { versionNegotiation: { mode: { pin: revision } } } : {};
  const client = new Client({ name: 'interop-v2', version: '1.0.0' }, pinned);
  const transport = transportTo(place);
  await client.connect(transport);
  return {
    revision: client.getNegotiatedProtocolVersion() ?? null,
    list: async () => (await client.listTools()).tools as readonly unknown[] as readonly Listed[], // every tool has a name
    call: (name, args, options = {}) => {
      const { onProgress } = options;
      return client.callTool(
        { name, arguments: { ...args } },
        onProgress === undefined ? {} : { onprogress: onProgress },
      );
    },
    async close() {
      if (transport instanceof StreamableHTTPClientTransport) await transport.terminateSession().catch(() => undefined); // a session that was cut has ended already
      await client.close();
    },
  };
}

function transportTo(place: Place): Transport & { terminateSession?(): Promise<void> } {
  if ('url' in place) {
    const headers: Record<string, string> =
      place.bearer === undefined ? {} : { Authorization: `Bearer ${place.bearer}` };
    return new StreamableHTTPClientTransport(new URL(place.url), { requestInit: { headers } });
  }
  return new StdioClientTransport({
    command: place.command,
    args: [...place.args],
    env: { PATH: process.env['PATH'] ?? '', ...place.env },
    stderr: 'ignore',
  });
}
