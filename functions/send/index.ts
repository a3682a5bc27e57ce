// The send function: accepts emails. Wiring only.

import pLimit from 'p-limit';
import { createAccessCheck } from '../../lib/auth/access.ts';
import { hostFunction } from '../../lib/http/host.ts';
import { createWork } from '../../lib/http/work.ts';
import { createBatcher } from '../../lib/process/batch.ts';
import { createLog } from '../../lib/process/log.ts';
import { batchMetric, counter, createMetrics } from '../../lib/process/metrics.ts';
import { readSettings } from '../../lib/process/settings.ts';
import { maxIds } from '../../lib/queue/grouped.ts';
import { connectQueue } from '../../lib/queue/queue.ts';
import { mayRelayHeaders } from '../../lib/store/clients/clients.ts';
import { checkDatabase, isDatabaseUnavailable, openDatabase } from '../../lib/store/database.ts';
import { insertEmails } from '../../lib/store/emails/accept.ts';
import { type Acceptance, bytesOf } from '../../lib/store/emails/acceptance.ts';
import { hasAttachments } from '../../lib/store/emails/attachments.ts';
import { readStatuses } from '../../lib/store/emails/read.ts';
import { createQueueShare } from './queue-share.ts';
import { createWriter } from './render-emails.ts';
import { sendRoutes } from './routes.ts';
import { SendSettings } from './settings.ts';
import { createTemplates } from './template-cache.ts';

const settings = readSettings(SendSettings, process.env);
const metrics = createMetrics('send');
const batches = batchMetric(metrics);
const accepted = counter(metrics, 'emails_accepted_total', 'Emails accepted, by the status they began with.', [
  'lane',
  'status',
]);
const log = createLog('send', settings.LOG_LEVEL);
const sql = openDatabase(settings.DATABASE_URL, {
  connections: settings.DATABASE_CONNECTIONS,
  name: 'send',
  pooler: settings.DATABASE_POOLER,
  log,
  metrics,
});
const publishGraceMs = settings.PUBLISH_GRACE_SECONDS * 1000;
const queue = await connectQueue(settings.AMQP_URL, log);

/**
 * Batches that are parsed and written at once; the others wait as raw bytes. These fill the two statements under way, and the next
 * two are prepared meanwhile. More would only fill the memory with emails that wait.
 */
const batchesAtOnce = 16;

/** Most emails of one statement: more would not make an email cheaper, and would make the statement slow. */
const mostEmails = 500;

/** Bytes of large emails of one statement. */
const mostBytes = 4_000_000;
/** A request with more than this does not hold up small ones: it goes to the database beside them. */
const largeBytes = 65_536;

const inGroups = (batch: string) => ({
  maxItems: 100,
  // A group is one statement: a few large bodies or batches fill it.
  weight: {
    of: (acceptance: Acceptance) => Math.max(bytesOf(acceptance) / mostBytes, acceptance.emails.length / mostEmails),
    max: 1,
  },
  writesAtOnce: 2,
  failsAll: isDatabaseUnavailable,
  onGroup: (items: number) => batches.observe({ batch }, items),
});
const insert = (acceptances: Acceptance[]) => insertEmails(sql, acceptances, publishGraceMs);
const storeSmall = createBatcher(insert, inGroups('accept'));
const storeLarge = createBatcher(insert, inGroups('accept_large'));
const isLarge = (acceptance: Acceptance) => acceptance.emails.some(hasAttachments) || bytesOf(acceptance) > largeBytes;
const store = (acceptance: Acceptance) => (isLarge(acceptance) ? storeLarge : storeSmall)(acceptance);
const work = createWork({ program: new URL('./thread.mjs', import.meta.url) });
const readStatus = createBatcher((ids: string[]) => readStatuses(sql, ids), {
  maxItems: 1_000,
  failsAll: isDatabaseUnavailable,
});

const hosted = hostFunction({
  name: 'send',
  log,
  metrics,
  maxBodyBytes: settings.MAX_BODY_BYTES,
  routes: sendRoutes,
  dependencies: {
    store,
    work,
    writeEmails: createWriter(createTemplates(sql), (clientId) => mayRelayHeaders(sql, clientId), work, {
      maxCharacters: settings.MAX_BODY_BYTES,
      timeZone: settings.TEMPLATE_TIME_ZONE,
    }),
    readStatus,
    batchTurns: pLimit(batchesAtOnce),
    publish: queue.publish,
    places: createQueueShare({ depth: queue.depth, idsPerMessage: maxIds }),
    publishGraceMs,
    countAccepted: (lane, status) => accepted.inc({ lane, status }),
    sql,
    log,
  },
  authenticate: createAccessCheck({
    issuer: settings.ISSUER,
    audience: settings.TOKEN_AUDIENCE ?? settings.ISSUER,
    jwksUrl: settings.JWKS_URL,
    sql,
    metrics,
  }),
  // The broker is missing here because emails are accepted without it.
  ready: { database: () => checkDatabase(sql) },
  close: async () => {
    await queue.close();
    await sql.end();
  },
});

export const send = hosted.handler;
hosted.listenIfMain(import.meta.url, settings);
