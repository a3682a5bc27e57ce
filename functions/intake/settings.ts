// Settings of the intake function.
import * as v from 'valibot';
import { accessTokenSettings } from '../../lib/auth/settings.ts';
import { returnPathSettings } from '../../lib/mail/return-path.ts';
import { commonSettings, integer, seconds } from '../../lib/process/settings.ts';
import { databaseSettings } from '../../lib/store/settings.ts';

const pem = v.pipe(
  v.string(),
  v.check((text) => text.includes('-----BEGIN '), 'must be in PEM; INTAKE_TLS_…_FILE names a file of it'),
);

export const IntakeSettings = v.object({
  ...commonSettings,
  ...databaseSettings,
  ...accessTokenSettings,
  ...returnPathSettings,
  /** Port on which reports are taken by SMTP, 25 on the host that the MX record of RETURN_PATH_HOST names; not set: on none. */
  INTAKE_SMTP_PORT: v.optional(integer(1, 65_535)),
  /** For STARTTLS: certificate and key, in PEM. Without them it is not offered. */
  INTAKE_TLS_CERT: v.optional(pem),
  INTAKE_TLS_KEY: v.optional(pem),
  /** Connections at once. Each keeps up to MAX_REPORT_BYTES. */
  INTAKE_SMTP_CONNECTIONS: v.optional(integer(1, 10_000), '100'),
  /** Of these, how many one address may have. */
  INTAKE_SMTP_CONNECTIONS_PER_ADDRESS: v.optional(integer(1, 10_000), '20'),
  /** How long the other side may be silent. */
  INTAKE_SMTP_TIMEOUT_SECONDS: v.optional(seconds(1, 3_600), '60'),
  /** How long a connection may last. */
  INTAKE_SMTP_SESSION_SECONDS: v.optional(seconds(1, 3_600), '600'),
  /** Largest message that is taken. */
  INTAKE_MESSAGE_BYTES: v.optional(integer(1_000, 100_000_000), '25000000'),
  /** How much of one is kept and read; what is behind that, mostly the message that came back, is passed over. */
  MAX_REPORT_BYTES: v.optional(integer(1_000, 10_000_000), '524288'),
});
