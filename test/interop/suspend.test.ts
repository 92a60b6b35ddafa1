/** An agent is suspended while its call runs: the call ends at once, nothing new begins, and no process stays behind. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openV2, V2_REVISIONS } from '../e2e/sdk-v2.fixture.ts';
import type { Place, Speaker } from '../e2e/speaker.fixture.ts';
import type { Organisation } from '../e2e/organisation.fixture.ts';
import { openGoverned, type Governed } from './governed.ts';
import { missing } from './partners.ts';
import { agentOf, taskPlace } from './through.ts';

/** What is promised: nothing of a suspended agent lives longer than this after the answer. */
const IN_FORCE_MS_MAX = 1_000;

let governed: Governed | undefined;
before(async () => {
  if (missing === false) governed = await openGoverned();
});
after(() => governed?.close());

const KINDS: readonly (readonly [string, (place: Place) => Promise<Speaker>])[] = [
  ['v1', async (place) => (await import('./sdk-v1.ts')).openV1(place)],
  ...V2_REVISIONS.map((revision) => [`v2-${revision}`, (place: Place) => openV2(revision, place)] as const),
];

for (const [name, open] of KINDS) {
  for (const id of ['everything', 'everything-http'] as const) {
    for (const held of ['task token', 'connection key'] as const) {
      test(
        `${name} at ${id} with a ${held} sees its long call end when its agent is suspended`,
        { skip: missing },
        async (t) => {
          assert.ok(governed);
          const { organisation } = governed;
          const server = governed.server(id);
          const kind = { name: `${name}-${held === 'task token' ? 't' : 'k'}` };
          const agent = await agentOf(governed, kind, server);
          const place =
            held === 'task token'
              ? await taskPlace(governed, kind, server)
              : { url: `${organisation.url}/mcp/${id}`, bearer: await organisation.keyOf(agent) };
          const client = await open(place);
          try {
            const running = Promise.withResolvers<void>();
            const long = ['trigger-long-running-operation', { duration: 60, steps: 1200 }] as const;
            // One whose answer has begun as a stream, one that the client has heard nothing of.
            const calls = [client.call(...long, { onProgress: () => running.resolve() }), client.call(...long)];
            const ended = Promise.all(calls.map((call) => assert.rejects(call))).then(() => performance.now());
            await Promise.race([running.promise, ended]);
            await until(
              () => allowed(organisation, agent),
              (rows) => rows.length === calls.length,
            );

            const asked = performance.now();
            const path = `/v1/agents/${agent}/transitions`;
            const move = { to: 'suspended', reason: 'It runs away.' };
            const { in_force_ms } = await organisation.api.post<{ in_force_ms: number }>(path, move);
            const answered = performance.now();
            const late_ms = Math.round((await ended) - answered);
            t.diagnostic(
              `answered in ${Math.round(answered - asked)} ms, in force in ${in_force_ms} ms, calls ended ${late_ms} ms after the answer`,
            );
            assert.ok(late_ms < IN_FORCE_MS_MAX, `the calls ended ${late_ms} ms after the answer`);
            await assert.rejects(client.call('echo', { message: 'still here?' }));
            const rows = await until(
              () => allowed(organisation, agent),
              (found) => found.every(({ outcome }) => outcome !== null),
            );
            // Whether a call that was cut has run, nobody knows: it never counts as completed.
            assert.deepEqual(
              rows.map(({ decision, outcome }) => [decision.action.tool, outcome?.status]),
              calls.map(() => ['trigger-long-running-operation', 'unknown']),
            );
          } finally {
            await client.close();
          }
        },
      );
    }
  }
}

test(
  'of agents that were suspended no server process stays, only the spare of each server, which served nobody',
  { skip: missing },
  async () => {
    assert.ok(governed);
    const { url, api } = governed.organisation;
    const { items } = await api.get<{ items: readonly { readonly transport: { readonly type: string } }[] }>(
      '/v1/servers',
    );
    const spares = items.filter(({ transport }) => transport.type === 'stdio').length;
    const children = async (): Promise<number> =>
      Number(/^mandate_stdio_children (\d+)$/m.exec(await (await fetch(`${url}/metrics`)).text())?.[1]);
    const left = await until(children, (count) => count <= spares);
    assert.ok(left <= spares, `${left} processes for ${spares} servers`);
  },
);

interface Row {
  readonly decision: { readonly action: { readonly tool: string | null } };
  readonly outcome: { readonly status: string } | null;
}

/** The calls of the agent that were allowed, and what became of them. */
async function allowed({ api }: Organisation, agent: string): Promise<readonly Row[]> {
  const { items } = await api.get<{ items: readonly Row[] }>(`/v1/decisions?agent=${agent}&effect=allow`);
  return items;
}

const UNTIL_MS_MAX = 10_000;

/** Asks again until the answer is as wanted, or the time is over; answers what was answered last. */
async function until<T>(ask: () => Promise<T>, wanted: (answer: T) => boolean): Promise<T> {
  const deadline = performance.now() + UNTIL_MS_MAX;
  for (;;) {
    const answer = await ask();
    if (wanted(answer) || performance.now() > deadline) return answer;
  }
}
