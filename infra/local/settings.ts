// The settings of `npm start`.
import * as v from 'valibot';
import { parseRelayUrls } from '../../functions/consume/relay-url.ts';
import { logLevels } from '../../lib/process/log.ts';
import { integer, url } from '../../lib/process/settings.ts';

const port = integer(1, 65_535);

export const LocalSettings = v.object({
  /** The port of the API. */
  PORT: v.optional(port, '8080'),
  /** The port of the mailbox's page and of its `GET /email`. */
  MAILBOX_PORT: v.optional(port, '1080'),
  /** Each of these replaces a part, which is then not started. */
  DATABASE_URL: v.optional(url('postgres', 'postgresql')),
  AMQP_URL: v.optional(url('amqp', 'amqps')),
  SMTP_URL: v.optional(
    v.pipe(
      v.string(),
      v.check(
        (text) => parseRelayUrls(text).faults.length === 0,
        'must be smtp:// or smtps:// URLs, separated by spaces',
      ),
    ),
  ),
  /** What the functions write to `.local/logs`. */
  LOG_LEVEL: v.optional(v.picklist(logLevels, `must be one of ${logLevels.join(', ')}`), 'info'),
});

export type Settings = v.InferOutput<typeof LocalSettings>;
