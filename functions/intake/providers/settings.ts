// Settings of the providers whose events are taken, and the providers that they make.
import * as v from 'valibot';
import type { Log } from '../../../lib/process/log.ts';
import { seconds } from '../../../lib/process/settings.ts';
import { createMailgun } from './mailgun.ts';
import { createPostmark } from './postmark.ts';
import type { Provider, ProviderName } from './provider.ts';
import { createResend, resendKey } from './resend.ts';
import { createSendgrid, sendgridKey } from './sendgrid.ts';
import { createSes } from './ses.ts';
import { hostOfTopic } from './sns-hosts.ts';

const leastSecret = 20;
/** While one takes the place of another. */
const mostSecrets = 10;

function words(isGood: (word: string) => boolean, what: string) {
  return v.pipe(
    v.string(),
    v.transform((text) => text.split(/[\s,]+/).filter(Boolean)),
    v.check(
      (all) => all.length > 0 && all.length <= mostSecrets && all.every(isGood),
      `must be 1 to ${mostSecrets} ${what}, separated by spaces`,
    ),
  );
}

const secrets = words((word) => word.length >= leastSecret, `secrets of at least ${leastSecret} characters`);

/** Without its setting, the route of a provider is not there. */
export const providerSettings = {
  /** Topics of Amazon SNS whose messages are taken, and whose subscriptions are confirmed. */
  INTAKE_SES_TOPICS: v.optional(words((word) => hostOfTopic(word) !== undefined, 'ARNs of topics')),
  /** The password of HTTP Basic, or the header X-Intake-Secret, that Postmark is told to send. */
  INTAKE_POSTMARK_SECRET: v.optional(secrets),
  /** The HTTP webhook signing key of Mailgun. */
  INTAKE_MAILGUN_SIGNING_KEY: v.optional(secrets),
  /** The verification key of SendGrid's signed event webhook. */
  INTAKE_SENDGRID_PUBLIC_KEY: v.optional(
    v.pipe(
      v.string(),
      v.transform((text) => sendgridKey(text)),
      v.custom<NonNullable<ReturnType<typeof sendgridKey>>>(
        (key) => key !== undefined,
        'must be a public key of P-256',
      ),
    ),
  ),
  /** The signing secret of Resend's webhook. */
  INTAKE_RESEND_SECRET: v.optional(
    v.pipe(
      words((word) => resendKey(word) !== undefined, 'secrets such as whsec_…'),
      v.transform((all) => all.flatMap((word) => resendKey(word) ?? [])),
    ),
  ),
  /** How old a signature of Mailgun, SendGrid and Resend may be. */
  INTAKE_EVENT_SECONDS: v.optional(seconds(1, 86_400), '300'),
};

type ProviderSettings = v.InferOutput<v.ObjectSchema<typeof providerSettings, undefined>>;

export function providersOf(settings: ProviderSettings, log: Log): Partial<Record<ProviderName, Provider>> {
  const {
    INTAKE_SES_TOPICS: topics,
    INTAKE_POSTMARK_SECRET: postmark,
    INTAKE_MAILGUN_SIGNING_KEY: mailgun,
    INTAKE_SENDGRID_PUBLIC_KEY: sendgrid,
    INTAKE_RESEND_SECRET: resend,
  } = settings;
  const mostAgeMs = settings.INTAKE_EVENT_SECONDS * 1000;
  return {
    ...(topics && { ses: createSes({ topics, log }) }),
    ...(postmark && { postmark: createPostmark(postmark) }),
    ...(mailgun && { mailgun: createMailgun({ keys: mailgun, mostAgeMs }) }),
    ...(sendgrid && { sendgrid: createSendgrid({ key: sendgrid, mostAgeMs }) }),
    ...(resend && { resend: createResend({ keys: resend, mostAgeMs }) }),
  };
}
