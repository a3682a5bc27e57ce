// A round of dispatch over webhook deliveries: puts the ids of those that are due on the queue.

import type { Log } from '../../lib/process/log.ts';
import type { Queue } from '../../lib/queue/queue.ts';
import { isDatabaseUnavailable, type Sql } from '../../lib/store/database.ts';
import { takeDueDeliveries, touchEndedClaim } from '../../lib/store/webhooks/due.ts';
import { provingPauseMs, type Recovery } from './recovery.ts';

export interface DispatchWebhooksDependencies {
  sql: Sql;
  queue: Queue;
  policy: { publishGraceMs: number };
  recovery: { webhooks: Recovery };
  log: Log;
}

/** Pause after a round that found deliveries. It is short, because a round takes only a few of each endpoint. */
const soonMs = 50;

/** One round. Resolves with how many ids the broker confirmed. Any number may run at once: each locks its own rows. */
export async function publishDueDeliveries(dependencies: DispatchWebhooksDependencies): Promise<number> {
  const { sql, queue, policy, log } = dependencies;
  const recovery = dependencies.recovery.webhooks;
  // Without the broker, nothing can be published, and changed rows would only wait longer.
  await queue.check();
  const take = async () => {
    const endedForMs = await recovery.prove(() => touchEndedClaim(sql));
    return takeDueDeliveries(sql, policy.publishGraceMs, endedForMs);
  };
  const due = await take().catch((error) => {
    if (isDatabaseUnavailable(error)) recovery.failed();
    throw error;
  });
  const published = await Promise.allSettled(
    due.map(({ id, client_id }) => queue.publish('webhooks', id, null, client_id)),
  );
  const count = published.filter(({ status }) => status === 'fulfilled').length;
  if (due.length > 0) log.info('round of webhooks', { due: due.length, published: count });
  return count;
}

/** Pause before the next round. */
export async function pauseAfterWebhooks(
  dependencies: DispatchWebhooksDependencies,
  intervalMs: number,
): Promise<number> {
  const published = await publishDueDeliveries(dependencies);
  if (published > 0) return Math.min(soonMs, intervalMs);
  return dependencies.recovery.webhooks.isProving() ? Math.min(provingPauseMs, intervalMs) : intervalMs;
}
