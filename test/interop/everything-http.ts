import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import { programOf } from './partners.ts';

export interface EverythingHttp {
  readonly url: string;
  close(): Promise<void>;
}

/** It takes a fixed port only: another program may take the one that was just free. */
const TRIES_MAX = 5;

/** `server-everything` over Streamable HTTP on the loopback. */
export async function openEverythingHttp(): Promise<EverythingHttp> {
  for (let tries = 1; ; tries += 1) {
    const port = await freePort();
    const child = spawn(process.execPath, [programOf('mcp-server-everything'), 'streamableHttp'], {
      env: { PATH: process.env['PATH'] ?? '', PORT: String(port) },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    for await (const line of createInterface({ input: child.stderr })) if (/listening on port/.test(line)) break;
    if (child.exitCode === null) {
      child.stderr.resume();
      return { url: `http://127.0.0.1:${port}/mcp`, close: () => stop(child) };
    }
    if (tries === TRIES_MAX) throw new Error('server-everything found no port to listen on');
  }
}

async function freePort(): Promise<number> {
  const probe = createServer();
  probe.listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo; // a TCP server
  probe.close();
  await once(probe, 'close');
  return port;
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGTERM');
  await gone;
}
