// Settings of the send function.
import * as v from 'valibot';
import { accessTokenSettings } from '../../lib/auth/settings.ts';
import { mostBodyBytes } from '../../lib/http/size-limits.ts';
import { isTimeZone } from '../../lib/mail/templates/time-zones.ts';
import { commonSettings, integer, seconds, url } from '../../lib/process/settings.ts';
import { databaseSettings } from '../../lib/store/settings.ts';

export const SendSettings = v.object({
  ...commonSettings,
  ...databaseSettings,
  ...accessTokenSettings,
  AMQP_URL: url('amqp', 'amqps'),
  /** Largest request body, attachments included. */
  MAX_BODY_BYTES: v.optional(integer(1_000, mostBodyBytes), '40000000'),
  /** How long an id may be on its way to a worker before dispatch publishes it again. */
  PUBLISH_GRACE_SECONDS: v.optional(seconds(0.1, 3_600), '30'),
  /** Of the dates that templates write, whatever the host's is. */
  TEMPLATE_TIME_ZONE: v.optional(
    v.pipe(
      v.string(),
      v.check((given) => isTimeZone(given), 'must be a time zone such as Europe/Berlin'),
    ),
    'UTC',
  ),
});
