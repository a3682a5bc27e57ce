// The routes that every function has and the gateway does not pass on: is it up, is it ready, what does it count.

import { type Metrics, metricsText } from '../process/metrics.ts';
import type { Route } from './route.ts';

interface Asked {
  /** What `GET /readyz` asks, by name; a check that throws makes it 503. */
  ready: Record<string, () => Promise<unknown>>;
  metrics: Metrics;
}

export const commonPaths = { health: '/healthz', ready: '/readyz', metrics: '/metrics' };

/** `stopping` aborts when the process is told to end: it is not ready from then on. */
export function commonRoutes<Scope extends string, Client, Dependencies>(
  { ready, metrics }: Asked,
  stopping: AbortSignal,
): Route<Scope, Client, Dependencies>[] {
  return [
    { method: 'GET', path: commonPaths.health, handle: async () => ({ status: 200, body: { status: 'up' } }) },
    {
      method: 'GET',
      path: commonPaths.ready,
      async handle() {
        const names = Object.keys(ready);
        const results = await Promise.allSettled(Object.values(ready).map((check) => check()));
        const checks = Object.fromEntries(results.map(({ status }, index) => [names[index], status === 'fulfilled']));
        const isReady = !stopping.aborted && results.every(({ status }) => status === 'fulfilled');
        return { status: isReady ? 200 : 503, body: { status: isReady ? 'ready' : 'not ready', checks } };
      },
    },
    {
      method: 'GET',
      path: commonPaths.metrics,
      handle: async () => ({
        status: 200,
        headers: { 'content-type': metrics.contentType },
        body: await metricsText(metrics),
      }),
    },
  ];
}
