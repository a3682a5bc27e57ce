// The consume function: delivers emails. Wiring only.

import { ApiError } from '../../lib/http/errors.ts';
import { hostFunction } from '../../lib/http/host.ts';
import { createWork } from '../../lib/http/work.ts';
import { returnPathsOf } from '../../lib/mail/return-path.ts';
import { createBatcher, foundFor } from '../../lib/process/batch.ts';
import { createFairTurns } from '../../lib/process/fair-turns.ts';
import { createLog } from '../../lib/process/log.ts';
import { batchMetric, createMetrics } from '../../lib/process/metrics.ts';
import { readSettings } from '../../lib/process/settings.ts';
import { createConsumer } from '../../lib/queue/consumer.ts';
import { createPushRoutes, mostPushedBytes } from '../../lib/queue/push-routes.ts';
import { connectQueue } from '../../lib/queue/queue.ts';
import { checkDatabase, isDatabaseUnavailable, openDatabase, untilDatabaseIsBack } from '../../lib/store/database.ts';
import { findActiveKeys } from '../../lib/store/dkim-keys/dkim-keys.ts';
import { storedAttachments } from '../../lib/store/emails/attachments.ts';
import { claimEmails, markDataStarted, readContents, renewLeases } from '../../lib/store/emails/claim.ts';
import { type Transition, transitionEmails } from '../../lib/store/emails/transition-emails.ts';
import { type DeliverDependencies, deliver } from './deliver.ts';
import { createKeyLookup } from './dkim-lookup.ts';
import { createLeases } from './leases.ts';
import { createMemory } from './memory.ts';
import { createDeliveryMetrics } from './metrics.ts';
import { createRelays } from './relays.ts';
import { ConsumeSettings, emailsPerConnection } from './settings.ts';
import { createSmtpRelay } from './smtp-relay.ts';

const settings = readSettings(ConsumeSettings, process.env);
const metrics = createMetrics('consume');
const batches = batchMetric(metrics);
const log = createLog('consume', settings.LOG_LEVEL);
const sql = openDatabase(settings.DATABASE_URL, {
  connections: settings.DATABASE_CONNECTIONS,
  name: 'consume',
  pooler: settings.DATABASE_POOLER,
  log,
  metrics,
});
/** Renewals have connections of their own, so that they never wait behind statements with large contents. */
const leaseSql = openDatabase(settings.DATABASE_URL, {
  connections: 1,
  name: 'consume leases',
  pooler: settings.DATABASE_POOLER,
});
const leaseMs = settings.LEASE_SECONDS * 1000;
/** Of each lane. */
const emailsAtOnce = settings.SMTP_CONNECTIONS * emailsPerConnection;
/** Messages from the queue held at once, of up to twenty ids each. When this worker dies, unclaimed ids go to another at once. */
const prefetch = settings.SMTP_CONNECTIONS * 3;

/**
 * Long ones, each a row without contents, that wait for one of the connections they may have: others are taken meanwhile. More of them
 * are left to other workers, or for later.
 */
const mostLetGo = settings.SMTP_CONNECTIONS * 50;
/** For the text of long HTML. Who waits has a connection: one may wait for as long as others together take. */
const work = createWork({
  program: new URL('./thread.mjs', import.meta.url),
  threads: 1,
  waitMs: 120_000,
  heapMegabytes: 64,
});
/** A text that takes longer than this is left out. Long: a thread that is ended leaves the next one to begin cold, which on a busy machine takes seconds. */
const mostTextMs = 10_000;
const memory = createMemory(settings.CONTENT_MEMORY_BYTES);
/** Large contents are read one piece at a time: claims and recordings of other emails find the database, and this process, free between two. */
const readingTurns = createFairTurns({ atOnce: 1 });
const readInTurn = <Result>(id: string, query: () => Promise<Result>) =>
  readingTurns.run(id, () => untilDatabaseIsBack(query));

const relays = createRelays(
  settings.SMTP_URL.map((address) =>
    createSmtpRelay(address, {
      connections: settings.SMTP_CONNECTIONS,
      timeoutMs: settings.SMTP_TIMEOUT_SECONDS * 1000,
      memory,
    }),
  ),
  {
    failures: settings.SMTP_BREAKER_FAILURES,
    coolDownMs: settings.SMTP_BREAKER_SECONDS * 1000,
    maxCoolDownMs: settings.SMTP_BREAKER_MAX_SECONDS * 1000,
  },
  log,
);
const leases = createLeases({ leaseMs, renew: (claims) => renewLeases(leaseSql, claims, leaseMs), log });
const inGroups = (batch: string) => ({
  maxItems: emailsAtOnce * 2,
  // Waiting costs an email nothing while all connections are busy with others.
  gather: { items: settings.SMTP_CONNECTIONS * 2, ms: 10 },
  failsAll: isDatabaseUnavailable,
  onGroup: (items: number) => batches.observe({ batch }, items),
});

const dependencies: DeliverDependencies = {
  claim: createBatcher(async (ids: string[]) => {
    const askedAt = performance.now();
    const emails = foundFor(ids, await claimEmails(sql, ids, leaseMs));
    return emails.map((email) => email && { email, askedAt });
  }, inGroups('claim')),
  readContents: (id) => readInTurn(id, () => readContents(sql, id)),
  textOf: (html, holder) =>
    work<string | undefined>('textOfHtml', html, { holder, limitMs: mostTextMs }).catch((error) => {
      // Too many wait: it passes. Otherwise it takes too long, or cannot be read: the HTML says it all.
      if (error instanceof ApiError) throw error;
      return undefined;
    }),
  readAttachments: (id, attachments) => storedAttachments(sql, id, attachments, (query) => readInTurn(id, query)),
  idHeaders: settings.ID_HEADERS,
  keepClaim: leases.keep,
  markDataStarted: ({ id, attempts }) => markDataStarted(sql, id, attempts),
  findDkimKey: createKeyLookup({
    read: (domains) => findActiveKeys(sql, domains),
    keepMs: settings.DKIM_KEYS_SECONDS * 1000,
  }),
  record: createBatcher(async (transitions: Transition[]) => {
    const changed = await transitionEmails(sql, transitions);
    return transitions.map(({ id }) => changed.has(id));
  }, inGroups('record')),
  // By then, the lease of a worker that died would have passed to another.
  patienceMs: leaseMs,
  returnPaths: returnPathsOf(settings),
  relays,
  retry: {
    baseMs: settings.RETRY_BASE_SECONDS * 1000,
    maxMs: settings.RETRY_MAX_SECONDS * 1000,
    giveUpAfterMs: settings.GIVE_UP_AFTER_SECONDS * 1000,
  },
  metrics: createDeliveryMetrics(metrics, relays.states),
  log,
};
const deliverId = (id: string, letGo?: () => boolean) => deliver(id, dependencies, letGo);

const queue = settings.AMQP_URL === undefined ? undefined : await connectQueue(settings.AMQP_URL, log);
const consumer =
  queue &&
  createConsumer({
    queue,
    names: ['transactional', 'bulk'],
    prefetch,
    idsAtOnce: emailsAtOnce,
    deliver: deliverId,
    letGo: mostLetGo,
    log,
  });

const hosted = hostFunction({
  name: 'consume',
  log,
  metrics,
  maxBodyBytes: mostPushedBytes,
  routes: createPushRoutes({ what: 'email', name: 'consume', deliver: (id) => deliverId(id) }),
  dependencies: undefined,
  ready: {
    database: () => checkDatabase(sql),
    ...(queue && { broker: () => queue.check(), queues: () => queue.checkQueues('transactional', 'bulk') }),
  },
  start: () => void consumer?.start(),
  close: async () => {
    const stopped = consumer?.stop();
    // Emails that wait for a connection are handed back: with a slow relay, the process might be killed before their turn.
    relays.stop();
    await stopped;
    relays.close();
    leases.stop();
    await queue?.close();
    await Promise.all([sql.end(), leaseSql.end()]);
  },
});

export const consume = hosted.handler;
hosted.listenIfMain(import.meta.url, settings);
