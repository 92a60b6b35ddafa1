import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { upstreamSuite, type RigOptions, type UpstreamRig } from '../../ports/upstream.suite.ts';
import { SAMPLE_PROGRAM } from './sample-stdio.suite.ts';
import { openStdioUpstream } from './open.ts';
import { sampleServer, TEST_INSTALLATION, testClock, testHasher } from './sample-deps.suite.ts';

async function openRig(t: TestContext, era: 'modern' | 'legacy', limits: RigOptions = {}): Promise<UpstreamRig> {
  const folder = await mkdtemp(join(tmpdir(), 'mandate-test-'));
  const inherited = { PATH: process.env['PATH'] ?? '', LANG: 'C.UTF-8' };
  const upstream = openStdioUpstream({
    hasher: testHasher,
    clock: testClock,
    version: '0.0.0',
    scratch_dir: folder,
    installation: TEST_INSTALLATION,
    inherited,
    // What the suite counts are the processes of contexts.
    limits: { spares_per_server: 0, ...limits },
  });
  t.after(async () => {
    await upstream.close();
    await rm(folder, { recursive: true });
  });
  const log = join(folder, 'received');
  return {
    upstream,
    server: sampleServer({
      type: 'stdio',
      command: process.execPath,
      args: [SAMPLE_PROGRAM, folder, era],
      env: {},
    }),
    hasher: testHasher,
    setState: (state) => writeFileSync(join(folder, 'state.json'), JSON.stringify(state)),
    received: () => (existsSync(log) ? readFileSync(log, 'utf8').split('\n') : []),
    cancelMark: /notifications\/cancelled/,
    streams: true,
    sessions: true,
  };
}

for (const era of ['modern', 'legacy'] as const) {
  upstreamSuite(`upstream over stdio, ${era}`, (t, options) => openRig(t, era, options));
}
