// The relay function: puts on the queue what is due, and purges what is old. Wiring only.
import { openDatabase } from '../../lib/db.ts';
import { readSettings } from '../../lib/env.ts';
import { hostFunction } from '../../lib/host.ts';
import { createLog } from '../../lib/log.ts';
import { createMetrics } from '../../lib/metrics.ts';
import { connectQueue } from '../../lib/queue/queue.ts';
import { countDue } from './due-metrics.ts';
import { type PurgeDependencies, runPurge } from './purge.ts';
import { pauseAfterRound, type RelayDependencies } from './relay-due.ts';
import { pauseAfterWebhooks } from './relay-webhooks.ts';
import { createPurgeRoute, createRoundRoute } from './round-route.ts';
import { run } from './rounds.ts';
import { RelaySettings } from './settings.ts';

const settings = readSettings(RelaySettings, process.env);
const metrics = createMetrics('relay');
const log = createLog('relay', settings.LOG_LEVEL);
const sql = openDatabase(settings.DATABASE_URL, { connections: settings.DATABASE_CONNECTIONS, name: 'relay' });
const queue = await connectQueue(settings.AMQP_URL, log);

const intervalMs = settings.RELAY_INTERVAL_SECONDS * 1000;

const dependencies: RelayDependencies = {
  sql,
  queue,
  policy: {
    publishGraceMs: settings.PUBLISH_GRACE_SECONDS * 1000,
    giveUpAfterMs: settings.GIVE_UP_AFTER_SECONDS * 1000,
  },
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

countDue(metrics, sql);

const stopping = new AbortController();
let running: Promise<unknown> = Promise.resolve();

const hosted = hostFunction({
  name: 'relay',
  log,
  metrics,
  maxBodyBytes: 64_000,
  routes: [createRoundRoute(dependencies), createPurgeRoute(purge)],
  ready: { database: () => sql`select 1`, broker: () => queue.check() },
  start: () => {
    running = Promise.all([
      run({ round: () => pauseAfterRound(dependencies, intervalMs), intervalMs, sql, log }, stopping.signal),
      run({ round: () => pauseAfterWebhooks(dependencies, intervalMs), intervalMs, sql, log }, stopping.signal),
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

export const relay = hosted.handler;
hosted.listenIfMain(import.meta.url, settings);
