import { realpathSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { resolve } from 'node:path';
import { getRequestListener } from '@hono/node-server';
import { Hono } from 'hono';
import { pino, type Logger } from 'pino';
import { openDataDir } from './adapters/data-dir/open.ts';
import { openSqliteEvidence } from './adapters/evidence/sqlite.ts';
import { readPolicyFolder, SHIPPED_POLICIES } from './adapters/policy-files/read-policy-folder.ts';
import { openSqliteStore } from './adapters/stores/sqlite.ts';
import { systemClock } from './adapters/system/clock.ts';
import { systemHasher, type PassphraseCost } from './adapters/system/hasher.ts';
import { systemRandom } from './adapters/system/random.ts';
import { openTaskMemory } from './adapters/task-memory/memory.ts';
import { installationOf } from './adapters/upstream/marker.ts';
import { openUpstream } from './adapters/upstream/open.ts';
import { reapLeftBehind } from './adapters/upstream/reap-left-behind.ts';
import { openControlApi } from './api/app.ts';
import type { ApiDeps } from './api/deps.ts';
import { measured, openMetrics, type GaugeReadings } from './api/metrics.ts';
import { httpStatus } from './api/problem.ts';
import { environmentsOf, type Config } from './config.ts';
import type { Role } from './core/actor.ts';
import { approvalState } from './core/approval.ts';
import type { Caller } from './core/caller.ts';
import { ORG_ID } from './core/organisation.ts';
import type { Instant } from './core/instant.ts';
import { signInUrl } from './core/page-url.ts';
import { isOpen } from './core/task.ts';
import { allowedNames, listenOn } from './doors/http/listen.ts';
import { openPages } from './doors/pages/app.ts';
import { callMsMax } from './enforce/mcp/limits.ts';
import { mcpServerOf } from './enforce/mcp/mcp-path.ts';
import { openMcpEnforcement } from './enforce/mcp/enforcement.ts';
import { actAs } from './govern/act-as.ts';
import { announceTo, type Cut } from './govern/announce.ts';
import { authenticate } from './govern/authenticate.ts';
import { endRestored } from './govern/end-restored.ts';
import { expireDue } from './govern/expire.ts';
import { openFeed } from './govern/feed.ts';
import { firstRunLink } from './govern/first-run.ts';
import { oneAtATime, type Control } from './govern/make-change.ts';
import { policyInForce } from './govern/policy-in-force.ts';
import { publishFiles } from './govern/publish-policy.ts';
import { recover } from './govern/recover.ts';
import { registerHuman } from './govern/register-human.ts';
import { openSnapshot, type Ended, type Snapshot } from './govern/snapshot.ts';
import type { Upstream } from './ports/upstream.ts';

export interface ServeOptions {
  /** The data directory; made when it is missing. */
  readonly data: string;
  readonly config: Config;
  /** Instead of the configured port; 0 takes a free one. */
  readonly port?: number;
  readonly log: 'json' | 'quiet';
  readonly version: string;
  /** How dear a passphrase is to guess; lower in tests alone. No file or flag sets it. */
  readonly passphrase_cost?: PassphraseCost;
}

export interface Served {
  readonly url: string;
  /** For the programs of whoever started this process; also in the data directory. */
  readonly operatorToken: string;
  /** Makes the first administrator; null when there is one. */
  readonly firstRunLink: string | null;
  /** For the sample organisation, whose people this program plays; reachable from inside the process only. */
  readonly people: SamplePeople;
  /** Resolves when everything is closed; rejects with the fault that made the process stop. */
  readonly closed: Promise<void>;
  close(): Promise<void>;
}

export interface SamplePeople {
  /** Registers a human who may answer approvals. @returns the secret of their sign-in link */
  invite(human: { readonly id: string; readonly name: string; readonly roles: readonly Role[] }): Promise<string>;
  /** A bearer with which one of them asks for tasks, and approves nothing. */
  actAs(human: string): Promise<string>;
}

const MANDATE: Caller = { kind: 'mandate' };
const EXPIRE_EVERY_MS = 5_000;
const HEARTBEAT_EVERY_MS = 5_000;
/** Opens everything, in the order in which one part needs another, and closes it in reverse. */
export async function serve(options: ServeOptions): Promise<Served> {
  const closers: (() => Promise<void> | void)[] = [];
  const closeAll = async (): Promise<void> => {
    for (const close of closers.splice(0).reverse()) await close();
  };
  try {
    return await start(options, closers, closeAll);
  } catch (error) {
    await closeAll();
    throw error;
  }
}

async function start(
  options: ServeOptions,
  closers: (() => Promise<void> | void)[],
  closeAll: () => Promise<void>,
): Promise<Served> {
  const { config } = options;
  const log = pino(
    { level: options.log === 'quiet' ? 'silent' : 'info', base: null, timestamp: pino.stdTimeFunctions.isoTime },
    pino.destination({ fd: 2, sync: true }),
  );
  const data = openDataDir(options.data);
  closers.push(() => data.close());

  const clock = systemClock();
  const random = systemRandom(clock);
  const hasher = systemHasher(data.digestKey, options.passphrase_cost);
  const store = openSqliteStore({ file: data.storeFile, org_id: ORG_ID });
  closers.push(() => store.close());

  // Not in the data directory: server processes begin here, and what lies there is not for them.
  const left = { installation: installationOf(data.nodeId, realpathSync(data.path)), scratch_dir: resolve(tmpdir()) };
  await reapLeftBehind(left);
  const upstream = openUpstream({
    hasher,
    clock,
    version: options.version,
    ...left,
    run_as: config.upstream.run_as,
    ...(config.upstream.commands === undefined ? {} : { commands: config.upstream.commands }),
    inherited: { PATH: process.env['PATH'] ?? '', LANG: process.env['LANG'] ?? 'C.UTF-8' },
    limits: {
      call_ms_max: config.upstream.timeout_s * 1000,
      answer_bytes_max: config.upstream.result_bytes_max,
      children_max: config.upstream.children_max,
    },
  });
  closers.push(() => upstream.close());

  const stopped = Promise.withResolvers<void>();
  const written = await openSqliteEvidence({
    file: data.evidenceFile,
    org_id: ORG_ID,
    node: data.nodeId,
    incarnation: data.incarnation,
    sealKey: data.sealKey,
    onFailure: (fault) => {
      // Nothing may run without evidence: stop, and start again from what is on the disk.
      log.fatal({ event: 'evidence_failed', code: fault.code }, fault.message);
      stopped.reject(fault);
    },
  });
  closers.push(() => written.close());
  const feed = openFeed();

  const snapshot = await openSnapshot(store, environmentsOf(config), clock.now());
  const memory = openTaskMemory();
  const metrics = openMetrics(() => readings(snapshot, upstream, clock.now()));
  const evidence = feed.follow(measured(written, clock, metrics));
  for (const task of snapshot.openTasks()) memory.load(task.id, { calls: await evidence.allowedCalls(task.id) });

  const policy = policyInForce(snapshot, (fault) =>
    log.error({ event: 'policy_invalid', code: fault.code }, fault.message),
  );

  const cuts: Cut[] = [];
  const control: Control = {
    snapshot,
    changes: store.changes,
    evidence,
    clock,
    random,
    node: data.nodeId,
    exclusively: oneAtATime(),
    announce: announceTo({ memory, cuts, feed }),
  };
  cuts.push((ended) => cutUpstream(upstream, ended, log));

  if (data.restored !== null) {
    // The world went on since the backup: what was live in it ends, on the record, before anything is served.
    await endRestored(control, { ...data.restored, now_incarnation: data.incarnation });
    data.finishRestore();
  }
  const recovered = await recover(control, clock.now());
  if (recovered.unknown > 0)
    log.warn(
      { event: 'outcomes_unknown', count: recovered.unknown },
      'Calls that were under way when the last process stopped have an unknown outcome.',
    );
  const files = [
    ...(await readPolicyFolder(SHIPPED_POLICIES)),
    ...(config.policies === undefined ? [] : await readPolicyFolder(config.policies)),
  ];
  await publishFiles(
    { ...control, hasher },
    { caller: MANDATE, files, reason: 'The packs of this version and the files of the configured folder.' },
  );

  const listening = await listenOn(config.listen, options.port);
  closers.push(() => listening.close());
  const { http, url } = listening;
  const publicUrl = (config.public_url ?? url).replace(/\/$/, '');
  const { hosts, origins } = allowedNames(publicUrl, url);
  const operatorHash = hasher.sha256(data.operatorToken);
  const bearer = (secret: string): Caller => authenticate({ snapshot, hasher, clock, operatorHash }, secret);

  const performDeps = {
    ...control,
    hasher,
    memory,
    policy,
    upstream,
    report: (fault: unknown) =>
      log.error({ event: 'fault', err: fault }, 'A request met a fault inside and is refused.'),
  };
  const mcp = openMcpEnforcement({
    ...performDeps,
    authenticate: bearer,
    hosts,
    origins,
    publicUrl,
    limits: { call_ms_max: callMsMax(config.upstream.timeout_s * 1000) },
    log,
    version: options.version,
  });
  closers.push(() => mcp.close());
  cuts.unshift((ended) => mcp.cut(ended));

  let evidenceFault: string | null = null;
  stopped.promise.catch((fault: unknown) => {
    evidenceFault = String(fault);
  });
  const apiDeps: ApiDeps = {
    ...performDeps,
    store,
    operatorHash,
    config,
    publicUrl,
    hosts,
    origins,
    streamsOf: (agent) => mcp.streamsOf(agent),
    feed,
    metrics,
    version: options.version,
    readiness: () => ({
      faults: [
        ...(evidenceFault === null ? [] : [evidenceFault]),
        ...(policy.current() === null ? ['No policy set is in force, so everything is denied.'] : []),
      ],
      snapshot_age_ms: 0,
    }),
  };
  const api = openControlApi(apiDeps);
  closers.push(() => api.close());
  const pages = openPages({ ...apiDeps, httpStatus });
  const site = new Hono().route('/', pages).route('/', api.app);
  const listener = getRequestListener((request, env) => site.fetch(request, env), { overrideGlobalObjects: false });
  http.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const server = mcpServerOf(request.url ?? '/');
    if (server === undefined) void listener(request, response);
    else mcp.handle(request, response, server);
  });

  every(EXPIRE_EVERY_MS, closers, () => expireDue(control, { now: clock.now() }), log);
  const started_at = clock.now();
  const beat = (): Promise<void> =>
    store.nodes.beat({
      id: data.nodeId,
      started_at,
      heartbeat_at: clock.now(),
      policy_serial: snapshot.policySet()?.serial ?? 0,
      change_seq: snapshot.seq(),
      version: options.version,
    });
  await beat();
  every(HEARTBEAT_EVERY_MS, closers, beat, log);

  const link = await firstRunLink({ ...control, hasher });
  log.info({ event: 'listening', url, profile: config.profile, version: options.version }, 'Mandate is listening.');

  const people: SamplePeople = {
    invite: async (human) =>
      (await registerHuman({ ...control, hasher }, { caller: MANDATE, ...human })).sign_in_secret,
    actAs: (human) => actAs({ ...control, hasher }, { caller: MANDATE, human, reason: 'Sample organisation.' }),
  };
  let closing: Promise<void> | null = null;
  const close = (): Promise<void> => {
    closing ??= closeAll().then(() => stopped.resolve());
    return closing;
  };
  return {
    url,
    operatorToken: data.operatorToken,
    firstRunLink: link === null ? null : signInUrl(publicUrl, link),
    people,
    closed: stopped.promise,
    close,
  };
}

function readings(snapshot: Snapshot, upstream: Upstream, now: Instant): GaugeReadings {
  return {
    snapshot_age_ms: 0,
    open_tasks: [...snapshot.openTasks()].filter((task) => isOpen(task, now)).length,
    pending_approvals: [...snapshot.liveApprovals()].filter((approval) => approvalState(approval, now) === 'pending')
      .length,
    stdio_children: upstream.stats().children,
  };
}

function cutUpstream(upstream: ReturnType<typeof openUpstream>, ended: Ended, log: Logger): void {
  const cutting = [
    ...ended.tasks.map((task) => upstream.endTask(task)),
    ...ended.agents.map((agent) => upstream.endAgent(agent)),
    ...ended.servers.map((server) => upstream.endServer(server)),
  ];
  for (const cut of cutting)
    cut.catch((error: unknown) => log.error({ event: 'cut_failed', err: error }, 'An upstream could not be closed.'));
}

/** Runs `work` again and again, never twice at once. A fault is logged: what it does can wait for the next time. */
function every(ms: number, closers: (() => Promise<void> | void)[], work: () => Promise<unknown>, log: Logger): void {
  let running: Promise<unknown> | null = null;
  const timer = setInterval(() => {
    running ??= work()
      .catch((error: unknown) => log.error({ event: 'timer_failed', err: error }, 'A periodic task failed.'))
      .finally(() => {
        running = null;
      });
  }, ms);
  closers.push(async () => {
    clearInterval(timer);
    await running;
  });
}
