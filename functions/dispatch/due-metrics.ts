// The backlog of dispatch as metrics, read from the table when they are scraped.

import { gauge, type Metrics } from '../../lib/process/metrics.ts';
import type { Sql } from '../../lib/store/database.ts';
import { measureBacklog } from '../../lib/store/emails/due.ts';
import { measureDueDeliveries } from '../../lib/store/webhooks/due.ts';

export function countDue(metrics: Metrics, sql: Sql): void {
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
