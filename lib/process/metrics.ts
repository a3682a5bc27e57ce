// Metrics of a process in Prometheus' text format: those that every function has, and helpers to add more.
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

export type Metrics = Registry;

/** Buckets in seconds: from a warm local answer to the longest wait. */
const durations = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
/** From an email that is delivered at once to one that was retried for two days. */
const ages = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 15, 60, 300, 1_800, 7_200, 28_800, 86_400, 172_800];
const sizes = [1, 2, 5, 10, 20, 50, 100, 200, 500];

/** A registry whose samples carry the function's name, with CPU, memory and event loop of the process. */
export function createMetrics(functionName: string): Metrics {
  const registry = new Registry();
  registry.setDefaultLabels({ function: functionName });
  collectDefaultMetrics({ register: registry });
  return registry;
}

export function requestMetric(registry: Metrics) {
  return new Histogram({
    name: 'http_request_duration_seconds',
    help: 'Requests answered, by route and status, and how long each took.',
    labelNames: ['method', 'route', 'status'],
    buckets: durations,
    registers: [registry],
  });
}

/** How many items go together in one write. */
export function batchMetric(registry: Metrics) {
  return new Histogram({
    name: 'batch_items',
    help: 'Items that went together in one write, by what is written.',
    labelNames: ['batch'],
    buckets: sizes,
    registers: [registry],
  });
}

export function counter<Label extends string>(registry: Metrics, name: string, help: string, labelNames: Label[] = []) {
  return new Counter({ name, help, labelNames, registers: [registry] });
}

export function durationMetric<Label extends string>(
  registry: Metrics,
  name: string,
  help: string,
  labelNames: Label[] = [],
) {
  return new Histogram({ name, help, labelNames, buckets: durations, registers: [registry] });
}

export function ageMetric(registry: Metrics, name: string, help: string) {
  return new Histogram({ name, help, buckets: ages, registers: [registry] });
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
    name,
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
