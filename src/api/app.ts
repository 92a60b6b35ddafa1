import { OpenAPIHono } from '@hono/zod-openapi';
import type { Hono } from 'hono';
import { MandateError } from '../core/errors.ts';
import { agents } from './agents.ts';
import { approvals } from './approvals.ts';
import { credentials } from './credentials.ts';
import { decide } from './decide.ts';
import { decisions } from './decisions.ts';
import type { ApiApp, ApiDeps, ApiEnv } from './deps.ts';
import { environments } from './environments.ts';
import { events } from './events.ts';
import { evidence } from './evidence.ts';
import { guardCaller, guardHost, guardOrigin } from './guard.ts';
import { health } from './health.ts';
import { humans } from './humans.ts';
import { nodes } from './nodes.ts';
import { policy } from './policy.ts';
import { problemOf, problemResponse } from './problem.ts';
import { revocations } from './revocations.ts';
import { servers } from './servers.ts';
import { OPEN_ROUTES, sessions } from './sessions.ts';
import { limitBody, strictBody } from './strict-body.ts';
import { tasks } from './tasks.ts';
import { tools } from './tools.ts';
import { transitions } from './transitions.ts';
import { workloads } from './workloads.ts';

export type { ApiDeps } from './deps.ts';

export interface Api {
  /** To be mounted at `/`: it answers `/v1/…`, `/healthz`, `/readyz` and `/metrics`. */
  readonly app: Hono<ApiEnv>;
  /** Ends every event stream. */
  close(): void;
}

/** The control API. Its description stands at `/v1/openapi.json` and is made from the schemas that check requests. */
export function openControlApi(deps: ApiDeps): Api {
  const app: ApiApp = new OpenAPIHono<ApiEnv>({
    defaultHook: (result) => {
      if (!result.success) throw invalid(result.error.issues);
    },
  });

  app.onError((fault, c) => {
    if (problemOf(fault).status >= 500) deps.report(fault);
    return problemResponse(c, fault);
  });
  for (const path of ['/healthz', '/readyz', '/metrics', '/v1/*']) app.use(path, guardHost(deps), HEADERS);
  app.use(
    '/v1/*',
    guardOrigin(deps),
    limitBody,
    guardCaller(deps, [...OPEN_ROUTES, 'GET /v1/openapi.json']),
    strictBody,
  );

  health(app, deps);
  for (const noun of [
    sessions,
    humans,
    agents,
    workloads,
    transitions,
    credentials,
    servers,
    tools,
    tasks,
    approvals,
    decisions,
    evidence,
    decide,
    revocations,
    environments,
    nodes,
    policy,
  ]) {
    noun(app, deps);
  }
  const streams = events(app, deps);
  description(app, deps.version);
  app.all('/v1/*', () => {
    throw new MandateError('not_found', 'The API has no such route.');
  });
  return { app, close: () => streams.close() };
}

/** Nothing the API answers is a page, nor to be kept. */
const HEADERS: Parameters<ApiApp['use']>[1] = async (c, next) => {
  await next();
  c.header('cache-control', 'no-store');
  c.header('x-content-type-options', 'nosniff');
  c.header('referrer-policy', 'no-referrer');
  c.header('content-security-policy', "default-src 'none'; frame-ancestors 'none'");
};

function description(app: ApiApp, version: string): void {
  app.openAPIRegistry.registerComponent('securitySchemes', 'bearer', { type: 'http', scheme: 'bearer' });
  app.get('/v1/openapi.json', (c) =>
    c.json(
      app.getOpenAPI31Document({
        openapi: '3.1.0',
        info: { title: 'Mandate control API', version, license: { name: 'Apache-2.0' } },
        security: [{ bearer: [] }],
      }),
    ),
  );
}

interface Issue {
  readonly code: string;
  readonly message: string;
  readonly path: readonly PropertyKey[];
  readonly keys?: readonly string[];
}

/**
 * Names one field that is wrong; a value is never repeated. A field that is not known comes first: where one is misspelt,
 * that another is missing says less.
 */
function invalid(issues: readonly object[]): MandateError {
  const all = issues as readonly Issue[]; // zod's issues; only unrecognized_keys has `keys`
  const first = all.find((issue) => issue.code === 'unrecognized_keys') ?? all[0];
  if (first === undefined) return new MandateError('input.invalid');
  const path = [...first.path, ...(first.keys?.slice(0, 1) ?? [])].map(String);
  const at = path.map((part) => `/${part.slice(0, 100).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
  const what = first.keys === undefined ? first.message : 'is not a known field';
  return new MandateError('input.invalid', `${at === '' ? 'The request' : at}: ${what}.`, { at });
}
