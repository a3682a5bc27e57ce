// `POST /` runs one round, `POST /purge` one of purging, for hosts that call functions on a schedule.
import { databaseError } from '../../lib/http/database-error.ts';
import { ApiError } from '../../lib/http/errors.ts';
import type { Route } from '../../lib/http/route.ts';
import { BrokerAwayError } from '../../lib/queue/queue.ts';
import { isDatabaseUnavailable } from '../../lib/store/database.ts';
import { type DispatchDependencies, runOnce } from './dispatch-emails.ts';
import { publishDueDeliveries } from './dispatch-webhooks.ts';
import { type PurgeDependencies, purgeOnce } from './purge.ts';

/** 200 `{due, published, webhooks}`, the emails that were due, their ids and those of deliveries that were published; 503 when the database or the broker is away. */
export function createRoundRoute(dependencies: DispatchDependencies): Route {
  return {
    method: 'POST',
    path: '/',
    async handle() {
      const round = async () => ({
        ...(await runOnce(dependencies)),
        webhooks: await publishDueDeliveries(dependencies),
      });
      const body = await round().catch((error) => {
        if (isDatabaseUnavailable(error)) throw databaseError(error);
        if (error instanceof BrokerAwayError)
          throw new ApiError('unavailable', 'The broker cannot be reached.', { cause: error });
        throw error;
      });
      return { status: 200, body };
    },
  };
}

/** 200 `{contents, emails, webhook_deliveries, idempotency_keys, revoked_tokens}`, the rows deleted; 503 when the database is away. */
export function createPurgeRoute(dependencies: PurgeDependencies): Route {
  return {
    method: 'POST',
    path: '/purge',
    async handle({ stopping }) {
      const purged = await purgeOnce(dependencies, stopping).catch((error) => {
        throw databaseError(error);
      });
      return { status: 200, body: purged };
    },
  };
}
