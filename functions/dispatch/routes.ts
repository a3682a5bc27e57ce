// The routes of the dispatch function, for hosts that call functions on a schedule: `POST /` runs one round, `POST /purge` one of purging.
import { ApiError } from '../../lib/http/errors.ts';
import type { Reply, Request } from '../../lib/http/exchange.ts';
import { declare } from '../../lib/http/route.ts';
import { BrokerAwayError } from '../../lib/queue/queue.ts';
import { type DispatchDependencies, runUntilProven } from './dispatch-emails.ts';
import { type DispatchWebhooksDependencies, publishDueDeliveries } from './dispatch-webhooks.ts';
import { fillOnce } from './fill-queues.ts';
import { type PurgeDependencies, purgeOnce } from './purge.ts';

interface Dependencies {
  dispatch: DispatchDependencies & DispatchWebhooksDependencies;
  purge: PurgeDependencies;
}

/** Emails of a lane that wait for a place on the queue and get one in a call: a schedule may call once a minute. */
const mostPlaced = 5_000;

const route = declare<never, undefined, Dependencies>();

export const dispatchRoutes = {
  dispatch: route({ method: 'POST', path: '/', handle: dispatchDue }),
  // A timer of Azure Functions calls the function by its name.
  invoke: route({ method: 'POST', path: '/dispatch', handle: dispatchDue }),
  purge: route({ method: 'POST', path: '/purge', handle: purgeOld }),
};

/** 200 `{due, published, webhooks}`: counts of due emails, published email ids and published delivery ids; 503 without database or broker. */
async function dispatchDue(_request: Request, { dispatch }: Dependencies): Promise<Reply> {
  try {
    const emails = await runUntilProven(dispatch);
    emails.published += await fillOnce(dispatch, mostPlaced);
    return { status: 200, body: { ...emails, webhooks: await publishDueDeliveries(dispatch) } };
  } catch (error) {
    if (!(error instanceof BrokerAwayError)) throw error;
    throw new ApiError('unavailable', 'The broker cannot be reached.', { cause: error });
  }
}

/** 200 `{contents, emails, webhook_deliveries, idempotency_keys, revoked_tokens}`, the rows deleted. */
async function purgeOld({ stopping }: Request, { purge }: Dependencies): Promise<Reply> {
  return { status: 200, body: await purgeOnce(purge, stopping) };
}
