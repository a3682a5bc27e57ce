// The backlog of dispatch as metrics, read from the table when they are scraped.

import { gauge, type Metrics } from '../../lib/process/metrics.ts';
import type { Queue } from '../../lib/queue/queue.ts';
import type { Sql } from '../../lib/store/database.ts';
import { measureBacklog } from '../../lib/store/emails/due.ts';
import { countWaiting } from '../../lib/store/emails/waiting.ts';
import { measureDueDeliveries } from '../../lib/store/webhooks/due.ts';

export function countDue(metrics: Metrics, sql: Sql, queue: Queue): void {
  gauge(
    metrics,
    'emails_waiting',
    'Emails that wait for a place on the queue, as their client has many (counted up to 100,000), by lane.',
    ['lane'],
    async () => (await countWaiting(sql)).map(({ lane, waiting }) => ({ labels: { lane }, value: waiting })),
  );
  gauge(metrics, 'queue_messages', 'Messages that wait on a queue, by queue.', ['queue'], () =>
    Promise.all(
      (['transactional', 'bulk', 'webhooks'] as const).map(async (name) => ({
        labels: { queue: name },
        value: await queue.depth(name),
      })),
    ),
  );
  gauge(
    metrics,
    'emails_due',
    'Emails whose due_at has passed (counted up to 100,000), by status.',
    ['status'],
    async () => (await measureBacklog(sql)).map(({ status, due }) => ({ labels: { status }, value: due })),
  );
  gauge(
    metrics,
    'emails_due_oldest_seconds',
    'How long the longest due email has been due, by status.',
    ['status'],
    async () => (await measureBacklog(sql)).map(({ status, oldest_s }) => ({ labels: { status }, value: oldest_s })),
  );
  gauge(
    metrics,
    'webhook_deliveries_due_oldest_seconds',
    'How long the longest due webhook delivery has been due.',
    [],
    async () => [{ labels: {}, value: (await measureDueDeliveries(sql)).oldest_s }],
  );
}
