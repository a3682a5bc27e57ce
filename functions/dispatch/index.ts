// The dispatch function: puts ids of due emails and deliveries on the queues, and purges old rows. Wiring only.

import { hostFunction } from '../../lib/http/host.ts';
import { createLog } from '../../lib/process/log.ts';
import { createMetrics } from '../../lib/process/metrics.ts';
import { readSettings } from '../../lib/process/settings.ts';
import { connectQueue } from '../../lib/queue/queue.ts';
import { checkDatabase, openDatabase } from '../../lib/store/database.ts';
import { type DispatchDependencies, pauseAfterRound } from './dispatch-emails.ts';
import { type DispatchWebhooksDependencies, pauseAfterWebhooks } from './dispatch-webhooks.ts';
import { countDue } from './due-metrics.ts';
import { beginFilling, fillQueues } from './fill-queues.ts';
import { type PurgeDependencies, runPurge } from './purge.ts';
import { createRecovery } from './recovery.ts';
import { run } from './rounds.ts';
import { dispatchRoutes } from './routes.ts';
import { DispatchSettings } from './settings.ts';

const settings = readSettings(DispatchSettings, process.env);
const metrics = createMetrics('dispatch');
const log = createLog('dispatch', settings.LOG_LEVEL);
const sql = openDatabase(settings.DATABASE_URL, {
  connections: settings.DATABASE_CONNECTIONS,
  name: 'dispatch',
  pooler: settings.DATABASE_POOLER,
  log,
  metrics,
});
const queue = await connectQueue(settings.AMQP_URL, log);

const intervalMs = settings.DISPATCH_INTERVAL_SECONDS * 1000;

const dispatching: DispatchDependencies & DispatchWebhooksDependencies = {
  sql,
  queue,
  policy: {
    publishGraceMs: settings.PUBLISH_GRACE_SECONDS * 1000,
    giveUpAfterMs: settings.GIVE_UP_AFTER_SECONDS * 1000,
  },
  recovery: { emails: createRecovery(), webhooks: createRecovery() },
  log,
};
const purge: PurgeDependencies = {
  sql,
  policy: {
    contentsAfterMs: settings.PURGE_CONTENTS_AFTER_SECONDS * 1000,
    emailsAfterMs: settings.PURGE_EMAILS_AFTER_SECONDS * 1000,
  },
  log,
};

countDue(metrics, sql, queue);

const filling = beginFilling();
const stopping = new AbortController();
let running: Promise<unknown> = Promise.resolve();

const hosted = hostFunction({
  name: 'dispatch',
  log,
  metrics,
  maxBodyBytes: 64_000,
  routes: dispatchRoutes,
  dependencies: { dispatch: dispatching, purge },
  ready: {
    database: () => checkDatabase(sql),
    broker: () => queue.check(),
    queues: () => queue.checkQueues('transactional', 'bulk', 'webhooks'),
  },
  start: () => {
    running = Promise.all([
      run({ round: () => pauseAfterRound(dispatching, intervalMs), intervalMs, log }, stopping.signal),
      run({ round: () => fillQueues(dispatching, filling, intervalMs), intervalMs, log }, stopping.signal),
      run({ round: () => pauseAfterWebhooks(dispatching, intervalMs), intervalMs, log }, stopping.signal),
      runPurge(purge, settings.PURGE_INTERVAL_SECONDS * 1000, stopping.signal),
    ]);
  },
  close: async () => {
    stopping.abort();
    await running;
    await queue.close();
    await sql.end();
  },
});

export const dispatch = hosted.handler;
hosted.listenIfMain(import.meta.url, settings);
