import { canonicalJson } from '../../core/canonical-json.ts';
import { forwardedParams, argumentsOf } from '../../core/action.ts';
import { isMandateError, MandateError } from '../../core/errors.ts';
import type { ServerId, TaskId } from '../../core/ids.ts';
import type { Json } from '../../core/json.ts';
import { readPermit, spendPermit, type Permit, type PermitGrant } from '../../core/permit.ts';
import type { Server } from '../../core/server.ts';
import { pinnedParts, type ToolDefinition } from '../../core/tool.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Hasher } from '../../ports/hasher.ts';
import type { SendOptions, Upstream, UpstreamAnswer } from '../../ports/upstream.ts';
import { nameHeaderValue } from '../../standards/mcp/header.ts';
import { paramHeadersOf, paramHeaderValues } from '../../standards/mcp/param-header.ts';
import { openBreaker, type Breaker } from './breaker.ts';
import { openContext, type Call, type Context } from './context.ts';
import { offProtocol, stopped } from './fault.ts';
import type { UpstreamLimits } from './limits.ts';
import type { Connector, Link, LinkAnswer } from './link.ts';
import { asJson } from './read-answer.ts';
import { openStop, type Stop } from './stop.ts';
import { definitionsOf, readToolList } from './tool-list.ts';

export interface OverLinksDeps {
  readonly connector: Connector;
  readonly hasher: Pick<Hasher, 'sha256'>;
  readonly clock: Pick<Clock, 'monotonicUs'>;
  readonly limits: UpstreamLimits;
}

/** The port over any kind of link: contexts, permits, definitions, breakers. What a transport is like, it does not know. */
export function openOverLinks(deps: OverLinksDeps): Upstream {
  const { connector, hasher, clock, limits } = deps;
  const contexts = new Map<string, Context>();
  const looks = new Set<Context>(); // an administrator's, one per call
  const breakers = new Map<ServerId, Breaker>();
  const running = new Map<ServerId, number>();
  let closed = false;

  async function send(permit: Permit, server: Server, options: SendOptions): Promise<UpstreamAnswer> {
    const grant = readPermit(permit);
    const { action } = grant;
    assertFits(grant, server);
    if (options.signal.aborted) throw stopped('ended', false);
    const context = contextFor(server, grant);
    const sent = attempt(context, grant.task, [options.signal], async (call, stop) => {
      const link = await call.link();
      const checked = await checkDefinition(call, link, grant);
      if (checked.kind === 'definition_changed') return checked;
      const answer = await link.request({
        method: action.method,
        params: forwardedParams(action),
        name: nameHeaderValue(action.method, action.params),
        param_headers: checked.param_headers,
        meta: options.meta,
        wants_progress: options.wants_progress,
        signal: stop.signal,
        onWrite: () => void spendPermit(permit),
        onNotification: (method, params) => listen(stop, () => options.onNotification(method, params)),
        onServerRequest: (method, params) => listen(stop, () => options.onServerRequest(method, params)),
      });
      return toUpstreamAnswer(answer);
    });
    return grant.task === null ? endAfter(context, sent) : sent;
  }

  async function listTools(permit: Permit, server: Server): Promise<readonly ToolDefinition[]> {
    const grant = readPermit(permit);
    assertFits(grant, server);
    const context = contextFor(server, { ...grant, task: null });
    const listed = attempt(context, null, [], async (call, stop) => {
      const tools = await readToolList(await call.link(), limits, stop.signal, () => void spendPermit(permit));
      return definitionsOf(tools);
    });
    return endAfter(context, listed);
  }

  /** One try: within the breaker, the limits and the deadline; counted whatever happens. */
  async function attempt<T>(
    context: Context,
    task: TaskId | null,
    also: readonly AbortSignal[],
    work: (call: Call, stop: Stop) => Promise<T>,
  ): Promise<T> {
    const server = context.server.id;
    const breaker = breakerOf(server);
    const stop: Stop = openStop(limits.call_ms_max, also);
    let call: Call | undefined;
    try {
      breaker.enter();
      const others = running.get(server) ?? 0;
      if (others >= limits.in_flight_per_server_max) {
        throw new MandateError('limit.reached', 'Too many calls to this server are running.', NOT_RUN);
      }
      call = context.enter(task, stop);
      running.set(server, others + 1);
      const done = await work(call, stop);
      breaker.succeeded();
      return done;
    } catch (error) {
      if (isMandateError(error) && COUNTED.has(error.code) && call !== undefined) breaker.failed();
      // Revoked before it was used: whatever was opened for it must not outlive it.
      if (isMandateError(error) && error.code === 'permit.spent' && context.inFlight() <= 1) void endContext(context);
      throw error;
    } finally {
      if (call !== undefined) {
        call.leave();
        running.set(server, (running.get(server) ?? 1) - 1);
      }
      stop.dispose();
    }
  }

  async function checkDefinition(call: Call, link: Link, grant: PermitGrant): Promise<Checked> {
    if (grant.action.method !== 'tools/call' || grant.definition_digest === null) return UNCHECKED;
    const tools = await call.tools(link, grant.definition_age_ms_max);
    const offered = tools.get(grant.action.tool ?? '') ?? null;
    if (offered === null || hasher.sha256(canonicalJson(pinnedParts(offered))) !== grant.definition_digest) {
      return { kind: 'definition_changed', offered };
    }
    if (link.era === 'legacy') return UNCHECKED;
    const headers = paramHeadersOf(offered.inputSchema);
    if (!headers.ok)
      throw offProtocol(`The tool asks for headers in a way that is not allowed: ${headers.why}`, NOT_RUN);
    return { kind: 'same', param_headers: paramHeaderValues(headers.headers, argumentsOf(grant.action)) };
  }

  function contextFor(server: Server, grant: PermitGrant): Context {
    if (closed) throw stopped('ended', false);
    if (grant.task === null) {
      const look = newContext(server, grant, () => undefined);
      looks.add(look);
      return look;
    }
    const key = JSON.stringify([server.id, server.version, connector.contextOf(server, grant)]);
    const known = contexts.get(key);
    if (known !== undefined) return known;
    if (contexts.size >= limits.contexts_max) {
      throw new MandateError('limit.reached', 'Too many connections to servers are open.', NOT_RUN);
    }
    const context = newContext(server, grant, () => void endContext(context));
    contexts.set(key, context);
    return context;
  }

  function newContext(server: Server, grant: PermitGrant, onIdle: () => void): Context {
    const pauseBeforeOpen_ms = (): number => pauseAfter(breakerOf(server.id).failures());
    return openContext({ connector, clock, limits, pauseBeforeOpen_ms, onIdle }, server, grant);
  }

  /** Out of the map first, so that nothing new enters; then gone. */
  async function endContext(context: Context): Promise<void> {
    looks.delete(context);
    for (const [key, other] of contexts) if (other === context) contexts.delete(key);
    await context.end();
  }

  async function endAfter<T>(context: Context, work: Promise<T>): Promise<T> {
    try {
      return await work;
    } finally {
      await endContext(context);
    }
  }

  async function endWhere(matches: (context: Context) => boolean): Promise<void> {
    const matching = [...contexts.values(), ...looks].filter(matches);
    await Promise.all(matching.map(endContext));
  }

  async function endTask(task: TaskId): Promise<void> {
    // leaveTask cuts the task's calls; a context that other tasks of the agent share goes on.
    await endWhere((context) => context.tasks.has(task) && !context.leaveTask(task));
  }

  async function endServer(server: ServerId): Promise<void> {
    await endWhere((context) => context.server.id === server);
    breakers.delete(server);
    await connector.forget(server);
  }

  async function close(): Promise<void> {
    closed = true;
    await endWhere(() => true);
    await connector.close();
  }

  function breakerOf(server: ServerId): Breaker {
    const known = breakers.get(server) ?? openBreaker(clock, limits);
    breakers.set(server, known);
    return known;
  }

  return {
    send,
    listTools,
    endTask,
    endAgent: (agent) => endWhere((context) => context.agent === agent),
    endServer,
    stats() {
      const all = [...contexts.values(), ...looks];
      return { contexts: all.length, children: connector.children(), in_flight: sumOf(all) };
    },
    close,
  };
}

type Checked =
  | { readonly kind: 'same'; readonly param_headers: Readonly<Record<string, string>> }
  | { readonly kind: 'definition_changed'; readonly offered: ToolDefinition | null };

const UNCHECKED: Checked = { kind: 'same', param_headers: {} };
const NOT_RUN = { may_have_run: false };

/** What tells that a server is in trouble, and not that it disliked one request. */
const COUNTED: ReadonlySet<string> = new Set(['upstream.unreachable', 'upstream.timeout', 'server.command']);

/** After a first failure at once; then longer each time, so that a dying process is not started in a circle. */
function pauseAfter(failures: number): number {
  return failures < 2 ? 0 : Math.min(PAUSE_MS * 2 ** (failures - 2), PAUSE_MS_MAX);
}
const PAUSE_MS = 100;
const PAUSE_MS_MAX = 2_000;

/** Who cannot be told any longer does not wait any longer: the call ends, and no other call of the link notices. */
function listen(stop: Stop, tell: () => void): void {
  try {
    tell();
  } catch {
    stop.stop('ended');
  }
}

function sumOf(contexts: readonly Context[]): number {
  return contexts.reduce((sum, context) => sum + context.inFlight(), 0);
}

function assertFits(grant: PermitGrant, server: Server): void {
  if (grant.server !== server.id) throw new MandateError('internal', 'A permit was used at another server.', NOT_RUN);
  if ('_meta' in grant.action.params) throw new MandateError('internal', 'An action does not hold _meta.', NOT_RUN);
}

function toUpstreamAnswer(answer: LinkAnswer): UpstreamAnswer {
  const { bytes } = answer;
  if (answer.kind === 'result') return { kind: 'result', result: asJson(answer.result), bytes };
  const { code, message, data } = answer.error;
  // As in asJson: a raw number is the only thing Json does not name.
  return { kind: 'error', error: { code, message, ...(data === undefined ? {} : { data: data as Json }) }, bytes };
}
