/** The control API on a real socket, over the fixture organisation with the shipped policies. */
import { request as httpRequest, type IncomingMessage } from 'node:http';
import type { TestContext } from 'node:test';
import { getRequestListener } from '@hono/node-server';
import type { Role } from '../core/actor.ts';
import type { Credential, CredentialKind } from '../core/credential.ts';
import { SESSION_COOKIE } from '../core/session-cookie.ts';
import { actorId } from '../core/ids.ts';
import { plusMs } from '../core/instant.ts';
import type { JsonObject } from '../core/json.ts';
import { authorize } from '../govern/authorize.ts';
import { openAuthorizeFixture, type AuthorizeFixture } from '../govern/authorize.fixture.ts';
import { ADMIN_TOKEN } from '../govern/control.fixture.ts';
import { allowedNames, listenOn } from '../doors/http/listen.ts';
import { announceTo } from '../govern/announce.ts';
import { openFeed } from '../govern/feed.ts';
import type { Approval } from '../core/approval.ts';
import type { ToolDefinition } from '../core/tool.ts';
import { formToken } from '../standards/http-request/form-token.ts';
import { openControlApi } from './app.ts';
import { API_FORM, type ApiDeps } from './deps.ts';
import { openMetrics } from './metrics.ts';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
  /** Empty when the answer is not JSON. */
  readonly json: JsonObject;
}

export interface Ask {
  readonly bearer?: string | undefined;
  readonly cookie?: string | undefined;
  readonly body?: unknown;
  /** Instead of `body`: exactly these bytes. */
  readonly raw?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface ApiFixture extends AuthorizeFixture {
  readonly api: ApiDeps;
  readonly url: string;
  readonly operator: string;
  /** The bearer of the fixture's task. */
  readonly taskToken: string;
  readonly connectionKey: string;
  ask(method: string, path: string, how?: Ask): Promise<Answer>;
  /** A live session of this human. `cli_session` is a bearer, `session` a cookie. */
  session(
    human: string,
    kind?: 'cli_session' | 'session',
    steppedUp?: boolean,
  ): Promise<{ readonly secret: string; readonly credential: Credential }>;
  /** Headers and cookie with which our own pages send JSON. */
  fromOurPage(session: { readonly secret: string; readonly credential: Credential }): Ask;
  addHuman(id: string, roles: readonly Role[]): Promise<unknown>;
  /** Has the agent call something that is held. */
  hold(tool?: string, args?: JsonObject): Promise<Approval>;
  /** What the fake upstream offers when it is looked at. */
  offers: ToolDefinition[];
  readonly listed: string[];
  readonly faults: unknown[];
}

export async function openApiFixture(t: TestContext, agent = 'worker'): Promise<ApiFixture> {
  const fixture = await openAuthorizeFixture(agent);
  const { control } = fixture;
  const feed = openFeed();
  const faults: unknown[] = [];
  const announce = announceTo({ memory: fixture.deps.memory, cuts: [], feed });
  const listed: string[] = [];
  const offers: ToolDefinition[] = [];
  const listening = await listenOn('127.0.0.1:0');
  const { http, url } = listening;
  const api: ApiDeps = {
    ...fixture.deps,
    hasher: control.hasher,
    store: control.store,
    operatorHash: control.operatorHash,
    evidence: feed.follow(control.evidence),
    announce: (change, ended) => {
      control.announce(change, ended);
      announce(change, ended);
    },
    upstream: {
      send: async () => Promise.reject(new Error('nothing is sent in these tests')),
      listTools: async (_permit, server) => {
        listed.push(server.id);
        return offers;
      },
      endTask: async () => undefined,
      endAgent: async () => undefined,
      endServer: async () => undefined,
      stats: () => ({ contexts: 0, children: 2, in_flight: 0 }),
      close: async () => undefined,
    },
    config: { profile: 'same-user' },
    publicUrl: url,
    ...allowedNames(url, url),
    feed,
    readiness: () => ({ faults: [], snapshot_age_ms: 0 }),
    metrics: openMetrics(() => ({ snapshot_age_ms: 0, open_tasks: 1, pending_approvals: 0, stdio_children: 2 })),
    version: '0.0.0-test',
    report: (fault) => faults.push(fault),
  };
  const opened = openControlApi(api);
  const listener = getRequestListener((request) => opened.app.fetch(request), { overrideGlobalObjects: false });
  http.on('request', (request, response) => void listener(request, response));
  t.after(async () => {
    opened.close();
    http.closeAllConnections();
    await listening.close();
  });

  const issue = async (actor: string, kind: CredentialKind, prefix: string, more: Partial<Credential> = {}) => {
    const secret = control.random.secret(prefix);
    const now = control.clock.now();
    const credential: Credential = {
      id: control.random.id('crd'),
      kind,
      hash: control.hasher.sha256(secret),
      actor: actorId(actor),
      task: null,
      label: null,
      issued_by: null,
      created_at: now,
      expires_at: plusMs(now, 3_600_000),
      stepped_up_at: null,
      ended_at: null,
      ended_reason: null,
      version: 1,
      ...more,
    };
    await control.write({ noun: 'credential', value: credential });
    return { secret, credential };
  };
  const taskToken = await issue(agent, 'task_token', 'mdt', { task: fixture.task.id });
  const key = await issue(agent, 'connection_key', 'mdk', { label: 'a laptop' });

  return {
    ...fixture,
    api,
    url,
    operator: ADMIN_TOKEN,
    taskToken: taskToken.secret,
    connectionKey: key.secret,
    ask: (method, path, how = {}) => send(url, method, path, how),
    session: (human, kind = 'cli_session', steppedUp = true) =>
      issue(human, kind, kind === 'session' ? 'mds' : 'mdc', { stepped_up_at: steppedUp ? control.clock.now() : null }),
    fromOurPage: ({ secret, credential }) => ({
      cookie: `${SESSION_COOKIE}=${secret}`,
      headers: {
        origin: url,
        'sec-fetch-site': 'same-origin',
        'x-mandate-form': formToken(control.hasher, credential.id, API_FORM),
      },
    }),
    addHuman: (id, roles) => control.addHuman(id, roles),
    hold: async (tool = 'delete_file', args = { path: 'a.txt' }) => {
      const decided = await authorize(api, fixture.request(tool, args));
      if (decided.effect !== 'hold') throw new Error(`${tool} was not held but ${decided.effect}`);
      return decided.approval;
    },
    offers,
    listed,
    faults,
  };
}

function send(base: string, method: string, path: string, how: Ask): Promise<Answer> {
  const payload = how.raw ?? (how.body === undefined ? undefined : JSON.stringify(how.body));
  const headers: Record<string, string> = {
    ...(how.bearer === undefined ? {} : { authorization: `Bearer ${how.bearer}` }),
    ...(how.cookie === undefined ? {} : { cookie: how.cookie }),
    ...(payload === undefined
      ? {}
      : { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(payload)) }),
    ...how.headers,
  };
  return new Promise((resolve, reject) => {
    const asked = httpRequest(base + path, { method, headers, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8');
        const isJson = (response.headers['content-type'] ?? '').includes('json');
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          text,
          json: isJson ? (JSON.parse(text) as JsonObject) : {},
        }); // the API answers objects
      });
    });
    asked.on('error', reject);
    asked.end(payload);
  });
}
