import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Effect } from '../core/decision.ts';
import type { Clock } from '../ports/clock.ts';
import type { EvidenceLog } from '../ports/evidence-log.ts';

/** What the enforcement points, the evidence log and the timers of `serve.ts` report. */
export interface Metrics {
  observeDecision(effect: Effect, seconds: number): void;
  observeEvidenceCommit(seconds: number): void;
  /** @param code of the closed list, e.g. `upstream.timeout` */
  countUpstreamError(code: string): void;
  /** The text of the Prometheus exposition format. */
  expose(): Promise<{ readonly text: string; readonly contentType: string }>;
}

/** Read when somebody scrapes. */
export interface GaugeReadings {
  readonly snapshot_age_ms: number;
  readonly open_tasks: number;
  readonly pending_approvals: number;
  readonly stdio_children: number;
}

/** Metrics in a registry of their own, so that two in one process (tests) do not meet. */
export function openMetrics(read: () => GaugeReadings): Metrics {
  const registry = new Registry();
  const registers = [registry];
  const decisions = new Counter({
    name: 'mandate_decisions_total',
    help: 'Decisions by effect.',
    labelNames: ['effect'],
    registers,
  });
  const latency = new Histogram({
    name: 'mandate_decision_seconds',
    help: 'From the request to its durable decision.',
    buckets: SECONDS,
    registers,
  });
  const commit = new Histogram({
    name: 'mandate_evidence_commit_seconds',
    help: 'From an append to its durability.',
    buckets: SECONDS,
    registers,
  });
  const upstream = new Counter({
    name: 'mandate_upstream_errors_total',
    help: 'Calls that a server failed, by code.',
    labelNames: ['code'],
    registers,
  });
  const gauge = (name: string, help: string, value: (now: GaugeReadings) => number): void => {
    const made: Gauge = new Gauge({ name, help, registers, collect: () => made.set(value(read())) });
  };
  gauge(
    'mandate_snapshot_age_seconds',
    'How old the state is that decisions read.',
    (now) => now.snapshot_age_ms / 1000,
  );
  gauge('mandate_open_tasks', 'Tasks that are open.', (now) => now.open_tasks);
  gauge('mandate_pending_approvals', 'Approvals that wait for an answer.', (now) => now.pending_approvals);
  gauge('mandate_stdio_children', 'Server processes that run.', (now) => now.stdio_children);
  for (const effect of ['allow', 'deny', 'hold']) decisions.inc({ effect }, 0);

  return {
    observeDecision(effect, seconds) {
      decisions.inc({ effect });
      latency.observe(seconds);
    },
    observeEvidenceCommit: (seconds) => commit.observe(seconds),
    countUpstreamError: (code) => upstream.inc({ code }),
    expose: async () => ({ text: await registry.metrics(), contentType: registry.contentType }),
  };
}

const SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];

/** The same log, measuring how long each record takes to be durable. */
export function measured(log: EvidenceLog, clock: Clock, metrics: Metrics): EvidenceLog {
  return {
    ...log,
    async append(record, facts) {
      const startedUs = clock.monotonicUs();
      const receipt = await log.append(record, facts);
      metrics.observeEvidenceCommit((clock.monotonicUs() - startedUs) / 1e6);
      if (record.kind === 'decision')
        metrics.observeDecision(record.effect as Effect, (record.latency_us + clock.monotonicUs() - startedUs) / 1e6); // a record's effect is one of EFFECTS
      if (record.kind === 'outcome' && record.code?.startsWith('upstream.') === true)
        metrics.countUpstreamError(record.code);
      return receipt;
    },
  };
}
