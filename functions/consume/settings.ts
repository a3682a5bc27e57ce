// Settings of the consume function.
import * as v from 'valibot';
import { returnPathSettings } from '../../lib/mail/return-path.ts';
import { commonSettings, integer, seconds, url } from '../../lib/process/settings.ts';
import { databaseSettings } from '../../lib/store/settings.ts';
import { parseRelayUrls } from './relay-url.ts';

/**
 * Emails of a lane in work for each SMTP connection: while one is delivered, others are claimed or recorded, and larger groups share a
 * statement and a commit. Not more, because emails of a worker that dies wait until their leases end, and those that it has handed over
 * and not yet recorded are delivered again.
 */
export const emailsPerConnection = 8;

/** One URL or several, in order of preference. */
const relayUrls = v.pipe(
  v.string(),
  v.rawTransform(({ dataset, addIssue, NEVER }) => {
    const { relays, faults } = parseRelayUrls(dataset.value);
    for (const message of faults) addIssue({ message });
    return faults.length === 0 ? relays : NEVER;
  }),
);

export const ConsumeSettings = v.object({
  ...commonSettings,
  ...databaseSettings,
  ...returnPathSettings,
  /** Leave unset on a host that pushes messages; then no queue is consumed. */
  AMQP_URL: v.optional(url('amqp', 'amqps')),
  /** The SMTP relays in order of preference, as in smtps://user:password@smtp.example.com:465, separated by spaces or commas. */
  SMTP_URL: relayUrls,
  /** Connections to each relay that one process may hold; as many emails are delivered at once. */
  SMTP_CONNECTIONS: v.optional(integer(1, 1_000), '10'),
  /** Memory for the contents of large emails that are being delivered; the others of them wait in the database. */
  CONTENT_MEMORY_BYTES: v.optional(integer(1_000_000, 100_000_000_000), '64000000'),
  /** How long the relay may be silent, and half as long as after the end of the message. RFC 5321 §4.5.3.2 allows it minutes. */
  SMTP_TIMEOUT_SECONDS: v.optional(seconds(0.1, 3_600), '300'),
  /** After this many troubles in a row, a relay is left alone for a while. */
  SMTP_BREAKER_FAILURES: v.optional(integer(1, 1_000), '5'),
  /** How long it is left alone before one email is tried; doubled each time that fails. */
  SMTP_BREAKER_SECONDS: v.optional(seconds(0.1, 3_600), '30'),
  /** Longest time it is left alone. */
  SMTP_BREAKER_MAX_SECONDS: v.optional(seconds(0.1, 86_400), '600'),
  /** Length of a lease: a worker that does not renew it counts as dead, and its emails go to another. */
  LEASE_SECONDS: v.optional(seconds(0.5, 3_600), '60'),
  /** How long DKIM keys are cached, also that a domain has none. A change takes effect within this time. */
  DKIM_KEYS_SECONDS: v.optional(seconds(0.1, 3_600), '60'),
  /** Shortest wait between two attempts. Up to the longest, the wait equals the email's age. */
  RETRY_BASE_SECONDS: v.optional(seconds(0.1, 86_400), '30'),
  /** Longest wait between two attempts. */
  RETRY_MAX_SECONDS: v.optional(seconds(0.1, 86_400), '14400'),
  /** Age at which an email that could not be delivered is given up as failed. */
  GIVE_UP_AFTER_SECONDS: v.optional(seconds(1, 2_592_000), '172800'),
});
