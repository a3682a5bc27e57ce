// Settings of the notify function.
import { isIP } from 'node:net';
import * as v from 'valibot';
import { webhookTargetSettings } from '../../lib/http/webhook-target.ts';
import { commonSettings, integer, seconds, url } from '../../lib/process/settings.ts';
import { databaseSettings } from '../../lib/store/settings.ts';
import { specifiedWaits } from './retry-schedule.ts';

const waitsMessage = 'must be numbers of seconds, separated by spaces, as in 5 300 1800';

const nameServers = v.pipe(
  v.string(),
  v.transform((text) => text.split(/[\s,]+/).filter((server) => server !== '')),
  v.check(
    (servers) => servers.length > 0 && servers.every(isNameServer),
    'must be addresses, perhaps with ports, separated by spaces, as in 192.0.2.53 [2001:db8::53]:5353',
  ),
);

/** An address, perhaps with a port. */
function isNameServer(text: string): boolean {
  if (isIP(text) !== 0) return true;
  const [, bracketed, plain] = /^(?:\[([0-9a-f:.]{2,45})\]|([0-9.]{7,15})):\d{1,5}$/i.exec(text) ?? [];
  return isIP(bracketed ?? plain ?? '') !== 0;
}

export const NotifySettings = v.object({
  ...commonSettings,
  ...databaseSettings,
  ...webhookTargetSettings,
  /** Leave unset on a host that pushes messages; then no queue is consumed. */
  AMQP_URL: v.optional(url('amqp', 'amqps')),
  /** How long an endpoint may take to answer, all in all. Less than the 25 s that a process has to end. */
  WEBHOOK_TIMEOUT_SECONDS: v.optional(seconds(0.1, 20), '15'),
  /** Name servers that are asked for the hosts of endpoints, as in 192.0.2.53 or [2001:db8::53]:5353; those of the system, where not set. */
  DNS_SERVERS: v.optional(nameServers),
  /** Requests that one process has under way at once; one client holds no more of them than it leaves free. */
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
