import { environmentId, serverId } from '../../core/ids.ts';
import type { Server, Transport } from '../../core/server.ts';
import { T0 } from '../../ports/sample-records.suite.ts';
import { createHash } from 'node:crypto';

export const testHasher = { sha256: (text: string) => `sha256:${createHash('sha256').update(text).digest('hex')}` };
export const testClock = { monotonicUs: () => Math.round(performance.now() * 1000) };

export function sampleServer(transport: Transport, more: Partial<Server> = {}): Server {
  return {
    id: serverId('sample'),
    transport,
    environment: environmentId('dev'),
    trust: 'trusted',
    regulated: false,
    isolation: 'task',
    state: 'registered',
    created_at: T0,
    updated_at: T0,
    version: 1,
    ...more,
  };
}
