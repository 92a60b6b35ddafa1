import { stream } from 'hono/streaming';
import type { StreamingApi } from 'hono/utils/stream';
import type { Actor } from '../core/actor.ts';
import type { Caller } from '../core/caller.ts';
import type { Write } from '../core/change.ts';
import { MandateError } from '../core/errors.ts';
import { currentCaller } from '../govern/current-caller.ts';
import type { EvidenceEntry } from '../ports/evidence-log.ts';
import { SSE_KEEP_ALIVE, writeSseEvent } from '../standards/sse/write-sse.ts';
import { agentBody } from './agents.ts';
import { approvalBody, taskOf } from './approvals.ts';
import { credentialBody } from './credentials.ts';
import { decisionBody } from './decisions.ts';
import type { ApiApp, ApiDeps } from './deps.ts';
import { readCursor, writeCursor, type EventPosition } from './event-cursor.ts';
import { humanBody } from './humans.ts';
import { policyBody } from './policy.ts';
import { serverBody } from './servers.ts';
import { taskBody } from './tasks.ts';
import { toolBody } from './tools.ts';
import { workloadBody } from './workloads.ts';

export const STREAMS_MAX = 256;
const HEARTBEAT_MS = 15_000;
/** A client that does not take what it is sent for this long is cut. */
const STALL_MS = 30_000;
/** Evidence read at once; the rest waits in the log, not in memory. */
const ENTRIES_AT_ONCE = 100;
/** Changes that wait for a slow client; with more of them it must read again what it shows. */
const CHANGES_WAITING_MAX = 500;

/**
 * `GET /v1/events`. Evidence is followed in the log itself, so a slow client costs a position and no buffer, and a
 * `Last-Event-ID` resumes without a gap. Changed nouns are sent beside it as they take effect, without an id.
 */
export function events(app: ApiApp, deps: ApiDeps): { close(): void } {
  const open = new Set<() => void>();

  app.get('/v1/events', (c) => {
    if (open.size >= STREAMS_MAX)
      throw new MandateError('limit.reached', `At most ${STREAMS_MAX} event streams are open at once.`);
    const caller = c.get('caller');
    const from = c.req.header('last-event-id');
    c.header('content-type', 'text/event-stream');
    c.header('x-accel-buffering', 'no');
    return stream(
      c,
      async (out) => {
        const ending = new AbortController();
        const end = (): void => ending.abort();
        open.add(end);
        out.onAbort(end);
        try {
          await follow(deps, caller, out, from, ending);
        } finally {
          open.delete(end);
        }
      },
      async (fault) => deps.report(fault),
    );
  });

  return {
    close() {
      for (const end of open) end();
    },
  };
}

async function follow(
  deps: ApiDeps,
  caller: Caller,
  out: StreamingApi,
  lastEventId: string | undefined,
  ending: AbortController,
): Promise<void> {
  const head = deps.evidence.head();
  const asked = lastEventId === undefined ? null : readCursor(lastEventId);
  const known = asked !== null && asked.chain === head.chain && asked.seq <= head.seq;
  let position: EventPosition = known ? asked : head;
  let changed: Write[] = [];
  let missed = lastEventId !== undefined && !known;
  let beatDue = false;
  let wake = (): void => undefined;

  const unsubscribe = deps.feed.subscribe((event) => {
    if (event.kind === 'change') {
      changed.push(...event.writes);
      if (changed.length > CHANGES_WAITING_MAX) {
        changed = [];
        missed = true;
      }
    }
    wake();
  });
  const heartbeat = setInterval(() => {
    beatDue = true;
    wake();
  }, HEARTBEAT_MS);
  ending.signal.addEventListener('abort', () => wake());

  try {
    await send(out, SSE_KEEP_ALIVE, ending);
    while (!ending.signal.aborted && isStillIn(deps, caller)) {
      if (missed) {
        missed = false;
        position = deps.evidence.head();
        await send(out, writeSseEvent({ event: 'reset', id: writeCursor(position), data: '{}' }), ending);
      }
      const writes = changed;
      changed = [];
      for (const write of writes) await send(out, await nounEvent(deps, write), ending);
      const entries = await deps.evidence.after(position.seq, ENTRIES_AT_ONCE);
      for (const entry of entries) {
        await send(out, await evidenceEvent(deps, entry), ending);
        position = entry;
      }
      if (entries.length > 0 || changed.length > 0 || missed) continue;
      if (beatDue) {
        beatDue = false;
        await send(out, SSE_KEEP_ALIVE, ending);
      }
      await new Promise<void>((resolve) => {
        wake = resolve;
        // Something may have come between reading and waiting.
        if (ending.signal.aborted || beatDue || missed || changed.length > 0 || deps.evidence.head().seq > position.seq)
          resolve();
      });
    }
  } finally {
    unsubscribe();
    clearInterval(heartbeat);
    out.abort();
  }
}

/** Whoever signed out, expired or was stopped sees nothing more. */
function isStillIn(deps: ApiDeps, caller: Caller): boolean {
  try {
    currentCaller(deps.snapshot, caller, deps.clock.now());
    return true;
  } catch (error) {
    if (error instanceof MandateError) return false;
    throw error;
  }
}

/** Writes, and waits until the client takes it; a client that does not is cut. */
async function send(out: StreamingApi, text: string, ending: AbortController): Promise<void> {
  if (ending.signal.aborted) return;
  const stalled = setTimeout(() => {
    ending.abort();
    out.abort();
  }, STALL_MS);
  try {
    await out.write(text);
  } finally {
    clearTimeout(stalled);
  }
}

async function evidenceEvent(deps: ApiDeps, entry: EvidenceEntry): Promise<string> {
  const { kind } = entry.projection;
  const data = kind === 'decision' ? JSON.stringify(await decisionBody(deps, entry)) : entry.text;
  return writeSseEvent({ event: kind, id: writeCursor(entry), data });
}

/** The noun as its own GET would answer it. */
async function nounEvent(deps: ApiDeps, write: Write): Promise<string> {
  const [event, body] = await nounBody(deps, write);
  return writeSseEvent({ event, data: JSON.stringify(body) });
}

async function nounBody(deps: ApiDeps, write: Write): Promise<readonly [event: string, body: unknown]> {
  const now = deps.clock.now();
  switch (write.noun) {
    case 'actor':
      return [write.value.kind, actorBody(write.value)];
    case 'server':
      return ['server', serverBody(write.value)];
    case 'tool':
      return ['tool', toolBody(write.value)];
    case 'task': {
      const { id } = write.value;
      return ['task', taskBody(write.value, deps.memory.has(id) ? deps.memory.spent(id) : null, now)];
    }
    case 'approval':
      return ['approval', approvalBody(write.value, await taskOf(deps, write.value), deps.publicUrl, now)];
    case 'credential':
      return ['credential', credentialBody(write.value)];
    case 'policy_set':
      return ['policy', policyBody(write.value)];
  }
}

function actorBody(actor: Actor): unknown {
  switch (actor.kind) {
    case 'agent':
      return agentBody(actor);
    case 'human':
      return humanBody(actor);
    case 'workload':
      return workloadBody(actor);
  }
}
