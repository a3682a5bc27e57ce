// Settings of the dispatch function.
import * as v from 'valibot';
import { commonSettings, seconds, url } from '../../lib/process/settings.ts';
import { databaseSettings } from '../../lib/store/settings.ts';

export const DispatchSettings = v.object({
  ...commonSettings,
  ...databaseSettings,
  AMQP_URL: url('amqp', 'amqps'),
  /** Pause between two rounds, if the last one left nothing to do. */
  DISPATCH_INTERVAL_SECONDS: v.optional(seconds(0.05, 3_600), '1'),
  /** How long an id may be on its way to a worker before it is published again. */
  PUBLISH_GRACE_SECONDS: v.optional(seconds(0.1, 3_600), '30'),
  /** Age at which an email that could not be delivered is given up as failed. */
  GIVE_UP_AFTER_SECONDS: v.optional(seconds(1, 2_592_000), '172800'),
  /** Pause between two rounds of purging. */
  PURGE_INTERVAL_SECONDS: v.optional(seconds(0.05, 86_400), '300'),
  /** After its end, an email's contents are kept this long, so that it can be replayed; 0: for ever. 30 days. */
  PURGE_CONTENTS_AFTER_SECONDS: v.optional(seconds(0, 999_999_999), '2592000'),
  /** After its end, an email is kept this long, with its events; 0: for ever. 365 days. */
  PURGE_EMAILS_AFTER_SECONDS: v.optional(seconds(0, 999_999_999), '31536000'),
});
