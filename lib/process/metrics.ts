// Metrics of a process in Prometheus' text format: those that every function has, and helpers to add more.
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { buildInfo } from './build-info.ts';

export type Metrics = Registry;

/** Buckets in seconds: from a warm local answer to the longest wait. */
const durations = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
/** From an email that is delivered at once to one that was retried for two days. */
const ages = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 15, 60, 300, 1_800, 7_200, 28_800, 86_400, 172_800];
const sizes = [1, 2, 5, 10, 20, 50, 100, 200, 500];

/** What all of ours begin with. Those of any process keep the names that everybody's have (`process_…`, `nodejs_…`). */
const prefix = 'email_api_';

/** Gauges of prom-client whose names say that they were counters. Each is the sum of another one, by type. */
const misnamed = ['nodejs_active_resources_total', 'nodejs_active_handles_total', 'nodejs_active_requests_total'];

/** A registry whose samples carry the function's name, with the build, and CPU, memory and event loop of the process. */
export function createMetrics(functionName: string): Metrics {
  const registry = new Registry();
  registry.setDefaultLabels({ function: functionName });
  collectDefaultMetrics({ register: registry });
  for (const name of misnamed) registry.removeSingleMetric(name);
  const build = { ...buildInfo, node: process.version };
  gauge(registry, 'build_info', '1 for the build that is running.', ['version', 'commit', 'node'], () => [
    { labels: build, value: 1 },
  ]);
  return registry;
}

/** Up to 0.1 these had no prefix: for one release they are there under both names. */
const renamed = new Set([
  'batch_items',
  'email_claim_age_seconds',
  'emails_accepted_total',
  'emails_due',
  'emails_due_oldest_seconds',
  'emails_moved_total',
  'emails_waiting',
  'http_request_duration_seconds',
  'queue_messages',
  'smtp_attempt_duration_seconds',
  'smtp_relay_state',
  'webhook_attempt_duration_seconds',
  'webhook_deliveries_due_oldest_seconds',
]);

/** What `GET /metrics` answers. */
export async function metricsText(registry: Metrics): Promise<string> {
  const families = (await registry.metrics()).trimEnd().split('\n\n');
  const former = families.flatMap((family) => {
    const [, name = ''] = /^# HELP email_api_(\w+)/.exec(family) ?? [];
    return renamed.has(name) ? [family.replaceAll(/^(# (?:HELP|TYPE) )?email_api_/gm, '$1')] : [];
  });
  return `${[...families, ...former].join('\n\n')}\n`;
}

export function requestMetric(registry: Metrics) {
  return new Histogram({
    name: `${prefix}http_request_duration_seconds`,
    help: 'Requests answered, by route and status, and how long each took.',
    labelNames: ['method', 'route', 'status'],
    buckets: durations,
    registers: [registry],
  });
}

/** How many items go together in one write. */
export function batchMetric(registry: Metrics) {
  return new Histogram({
    name: `${prefix}batch_items`,
    help: 'Items that went together in one write, by what is written.',
    labelNames: ['batch'],
    buckets: sizes,
    registers: [registry],
  });
}

/** All names below get their prefix here. */
export function counter<Label extends string>(registry: Metrics, name: string, help: string, labelNames: Label[] = []) {
  return new Counter({ name: prefix + name, help, labelNames, registers: [registry] });
}

export function durationMetric<Label extends string>(
  registry: Metrics,
  name: string,
  help: string,
  labelNames: Label[] = [],
) {
  return new Histogram({ name: prefix + name, help, labelNames, buckets: durations, registers: [registry] });
}

export function ageMetric(registry: Metrics, name: string, help: string) {
  return new Histogram({ name: prefix + name, help, buckets: ages, registers: [registry] });
}

/** A gauge that is read when it is scraped; absent while `read` fails. */
export function gauge<Label extends string>(
  registry: Metrics,
  name: string,
  help: string,
  labelNames: Label[],
  read: () =>
    | Promise<{ labels: Record<Label, string>; value: number }[]>
    | { labels: Record<Label, string>; value: number }[],
) {
  return new Gauge({
    name: prefix + name,
    help,
    labelNames,
    registers: [registry],
    async collect() {
      this.reset();
      const samples = await Promise.resolve(read()).catch(() => []);
      for (const { labels, value } of samples) this.set(labels, value);
    },
  });
}
