import type { ApiApp, ApiDeps } from './deps.ts';

const NO_POLICY = 'No policy set is in force, so everything is denied.';

/** For load balancers and scrapers: no credential, our own host names only. */
export function health(app: ApiApp, deps: ApiDeps): void {
  app.get('/healthz', (c) => c.json({ status: 'ok' }));

  app.get('/readyz', (c) => {
    const { faults, snapshot_age_ms } = deps.readiness();
    const policy = deps.policy.current();
    const why = policy === null ? [...new Set([...faults, NO_POLICY])] : faults;
    const body = {
      ready: why.length === 0,
      why,
      profile: deps.config.profile,
      policy_serial: policy?.ref.serial ?? null,
      snapshot_age_ms,
      version: deps.version,
    };
    return c.json(body, why.length === 0 ? 200 : 503);
  });

  app.get('/metrics', async (c) => {
    const { text, contentType } = await deps.metrics.expose();
    return c.body(text, 200, { 'content-type': contentType });
  });
}
