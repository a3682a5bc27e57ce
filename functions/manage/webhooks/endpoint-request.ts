// What the webhook routes take.
import * as v from 'valibot';
import { pageParameters } from '../../../lib/http/query.ts';
import { missing, Time } from '../../../lib/http/request-body.ts';
import { boundedList, text, wholeNumber } from '../../../lib/http/size-limits.ts';
import { strictObject } from '../../../lib/http/strict-object.ts';
import { webhookEvents } from '../../../lib/store/webhooks/webhook.ts';

const maxUrl = 2_000;
/** How long an earlier secret may go on signing. 7 days. */
const mostKeepSeconds = 604_800;
/** 24 h. */
const keepSeconds = 86_400;
const mostReplayed = 1_000;

/** Checks that depend on settings are in lib/http/webhook-target.ts. */
const EndpointUrl = v.pipe(
  text(maxUrl),
  v.check((given) => URL.canParse(given) && given.isWellFormed(), 'must be a URL such as https://example.com/hook'),
  // Normalised, so that one URL has one spelling.
  v.transform((given) => new URL(given).href),
  v.maxLength(maxUrl, `may have ${maxUrl} characters at most`),
);

const Events = v.pipe(
  boundedList(v.picklist(webhookEvents, `must be one of ${webhookEvents.join(', ')}`), webhookEvents.length),
  v.minLength(1, 'must name at least one event'),
  v.transform((events) => [...new Set(events)]),
);

/** `whsec_`, 86 digits, 2 for padding. */
const maxSecret = 94;
const secretForm = /^whsec_([A-Za-z0-9+/]{32,86}={0,2})$/;
const secretMessage = 'must be whsec_ and 24 to 64 random bytes in base64';
/** Standard Webhooks, "Signature scheme". */
const Secret = v.pipe(
  text(maxSecret, secretMessage),
  v.metadata({ pattern: secretForm.source }),
  v.check((given) => {
    const base64 = secretForm.exec(given)?.[1] ?? '';
    const bytes = Buffer.from(base64, 'base64');
    return bytes.length >= 24 && bytes.length <= 64 && bytes.toString('base64') === base64;
  }, secretMessage),
);

/** A URL goes by either name; the second is Resend's. */
const urls = { url: v.optional(EndpointUrl), endpoint: v.optional(EndpointUrl) };

/** Body of `POST /webhooks`. */
export const CreateWebhookRequest = v.pipe(
  strictObject({
    ...urls,
    events: v.optional(Events, ['*']),
    /** A secret that the endpoint already knows; without it, we generate one. */
    secret: v.optional(Secret),
  }),
  v.rawTransform(({ dataset: { value }, addIssue, NEVER }) => {
    const { url, endpoint, ...others } = value;
    const given = url ?? endpoint;
    const message = given === undefined ? missing('url') : notTogether('endpoint');
    if (given !== undefined && (url === undefined || endpoint === undefined)) return { url: given, ...others };
    addIssue({ message, path: [{ type: 'object', origin: 'value', input: value, key: 'url', value: url }] });
    return NEVER;
  }),
);

/** Some SDKs repeat it in the body. */
const SameId = v.optional(text(36));

/** Body of `PATCH /webhooks/{id}`: fields that are missing stay as they are. */
export const ChangeWebhookRequest = v.pipe(
  strictObject({
    id: SameId,
    webhook_id: SameId,
    ...urls,
    events: v.optional(Events),
    disabled: v.optional(v.boolean('must be true or false')),
    /** Resend's name for it. */
    status: v.optional(v.picklist(['enabled', 'disabled'], 'must be enabled or disabled')),
  }),
  v.rawTransform(({ dataset: { value }, addIssue, NEVER }) => {
    const { url, endpoint, disabled, status, events, ...named } = value;
    const refuse = (key: string, other: string) =>
      addIssue({
        message: notTogether(other),
        path: [{ type: 'object', origin: 'value', input: value, key, value: value[key as keyof typeof value] }],
      });
    if (url !== undefined && endpoint !== undefined) refuse('url', 'endpoint');
    else if (disabled !== undefined && status !== undefined) refuse('disabled', 'status');
    else {
      const isDisabled = status === undefined ? disabled : status === 'disabled';
      return { named, change: { url: url ?? endpoint, events, disabled: isDisabled } };
    }
    return NEVER;
  }),
);

function notTogether(other: string): string {
  return `must not be given together with ${other}`;
}

/** Query of `GET /webhooks`: there are never more than a page. */
export const ListWebhooksQuery = v.strictObject(pageParameters('webhook'));

/** Body of `POST /webhooks/{id}/rotate-secret`. */
export const RotateSecretRequest = strictObject({
  secret: v.optional(Secret),
  /** How long the earlier secrets go on signing beside it. */
  keep_seconds: v.optional(wholeNumber(0, mostKeepSeconds, 'of seconds '), keepSeconds),
});

/** Body of `POST /webhooks/{id}/deliveries/replay`. */
export const ReplayDeliveriesRequest = strictObject({
  since: Time,
  until: v.optional(Time),
  limit: v.optional(wholeNumber(1, mostReplayed), mostReplayed),
});
