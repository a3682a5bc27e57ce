// The notify function: tells webhooks of events. Wiring only.

import { hostFunction } from '../../lib/http/host.ts';
import { createBatcher, foundFor } from '../../lib/process/batch.ts';
import { createLog } from '../../lib/process/log.ts';
import { batchMetric, createMetrics } from '../../lib/process/metrics.ts';
import { readSettings } from '../../lib/process/settings.ts';
import { createConsumer } from '../../lib/queue/consumer.ts';
import { createPushRoutes, mostPushedBytes } from '../../lib/queue/push-routes.ts';
import { connectQueue } from '../../lib/queue/queue.ts';
import { checkDatabase, isDatabaseUnavailable, openDatabase } from '../../lib/store/database.ts';
import { claimDeliveries } from '../../lib/store/webhooks/claim.ts';
import { createNotifyMetrics } from './metrics.ts';
import { type NotifyDependencies, notify as notifyOf } from './notify.ts';
import { post } from './post.ts';
import { recordSteps } from './record.ts';
import { createResolve } from './resolve.ts';
import { NotifySettings } from './settings.ts';

const settings = readSettings(NotifySettings, process.env);
const metrics = createMetrics('notify');
const batches = batchMetric(metrics);
const log = createLog('notify', settings.LOG_LEVEL);
const sql = openDatabase(settings.DATABASE_URL, {
  connections: settings.DATABASE_CONNECTIONS,
  name: 'notify',
  pooler: settings.DATABASE_POOLER,
  log,
  metrics,
});
const timeoutMs = settings.WEBHOOK_TIMEOUT_SECONDS * 1000;
/** Outlasts an attempt's timeout, with time for the steps before and after it, so that no lease needs renewal. */
const leaseMs = timeoutMs * 2 + 2_000;

const resolve = createResolve({ servers: settings.DNS_SERVERS });

const inGroups = (batch: string) => ({
  maxItems: 500,
  failsAll: isDatabaseUnavailable,
  onGroup: (items: number) => batches.observe({ batch }, items),
});

const dependencies: NotifyDependencies = {
  claim: createBatcher(
    async (ids: string[]) => foundFor(ids, await claimDeliveries(sql, ids, leaseMs)),
    inGroups('claim'),
  ),
  post: (url, headers, body) =>
    post(url, headers, body, { timeoutMs, allowed: settings.WEBHOOK_ALLOWED_ADDRESSES, resolve }),
  record: createBatcher((steps) => recordSteps(sql, steps, log), inGroups('record')),
  // The lease is not renewed meanwhile: the end must be stored before it is over, after a call that took as long as it may.
  patienceMs: timeoutMs / 2,
  waitsMs: settings.WEBHOOK_RETRY_SECONDS,
  metrics: createNotifyMetrics(metrics),
  log,
};
const notifyId = (id: string) => notifyOf(id, dependencies);

const queue = settings.AMQP_URL === undefined ? undefined : await connectQueue(settings.AMQP_URL, log);
const consumer =
  queue &&
  createConsumer({
    queue,
    names: ['webhooks'],
    // More than are under way, so that the messages of a client whose turn does not come leave room for those of others.
    prefetch: settings.WEBHOOK_REQUESTS * 4,
    idsAtOnce: settings.WEBHOOK_REQUESTS,
    leavesRoom: true,
    deliver: notifyId,
    log,
  });

const hosted = hostFunction({
  name: 'notify',
  log,
  metrics,
  maxBodyBytes: mostPushedBytes,
  routes: createPushRoutes({ what: 'delivery', name: 'notify', deliver: notifyId }),
  dependencies: undefined,
  ready: {
    database: () => checkDatabase(sql),
    ...(queue && { broker: () => queue.check(), queues: () => queue.checkQueues('webhooks') }),
  },
  start: () => void consumer?.start(),
  close: async () => {
    await consumer?.stop();
    await queue?.close();
    await sql.end();
  },
});

export const notify = hosted.handler;
hosted.listenIfMain(import.meta.url, settings);
