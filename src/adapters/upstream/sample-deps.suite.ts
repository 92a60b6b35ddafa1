import { readFileSync } from 'node:fs';
import { environmentId, serverId } from '../../core/ids.ts';
import type { Server, Transport } from '../../core/server.ts';
import { T0 } from '../../ports/sample-records.suite.ts';
import { createHash } from 'node:crypto';
import { installationOf } from './marker.ts';

export const testHasher = { sha256: (text: string) => `sha256:${createHash('sha256').update(text).digest('hex')}` };
/** Of this test process alone: others may run at the same time. */
export const TEST_INSTALLATION = installationOf(String(process.pid), import.meta.dirname);
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

/** Neither gone nor a zombie, which is a process that nobody took note of. */
export function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false; // no such process
  }
}
