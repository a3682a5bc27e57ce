// Settings of the notify function.
import * as v from 'valibot';
import { webhookTargetSettings } from '../../lib/http/webhook-target.ts';
import { commonSettings, integer, seconds, url } from '../../lib/process/settings.ts';
import { databaseSettings } from '../../lib/store/settings.ts';
import { specifiedWaits } from './retry-schedule.ts';

const waitsMessage = 'must be numbers of seconds, separated by spaces, as in 5 300 1800';

export const NotifySettings = v.object({
  ...commonSettings,
  ...databaseSettings,
  ...webhookTargetSettings,
  /** Leave unset on a host that pushes CloudEvents; then no queue is consumed. */
  AMQP_URL: v.optional(url('amqp', 'amqps')),
  /** How long an endpoint may take to answer, all in all. Less than the 25 s that a process has to end. */
  WEBHOOK_TIMEOUT_SECONDS: v.optional(seconds(0.1, 20), '15'),
  /** Requests that one process has under way at once. */
  WEBHOOK_REQUESTS: v.optional(integer(1, 10_000), '500'),
  /** Waits between attempts, in seconds; after the last of them a delivery has failed. */
  WEBHOOK_RETRY_SECONDS: v.optional(
    v.pipe(
      v.string(),
      v.regex(/^\s*\d{1,7}(\.\d{1,3})?([\s,]+\d{1,7}(\.\d{1,3})?){0,99}\s*$/, waitsMessage),
      v.transform((text) =>
        text
          .trim()
          .split(/[\s,]+/)
          .map((wait) => Number(wait) * 1000),
      ),
    ),
    specifiedWaits.join(' '),
  ),
});
