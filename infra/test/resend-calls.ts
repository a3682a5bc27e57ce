// What of Resend's API is supported: calls of its Node SDK. resend-calls.test.ts runs each, and the table of infra/guides/resend.md is made of it.

/** A call, and what there is to know of it. */
export const supported = {
  'emails.send': 'attachments by `path` are refused: no file and no address is read for a caller',
  'emails.create': 'the same under another name',
  'emails.get': '`last_event` follows the status: `opened` and `clicked` are never said',
  'emails.list': 'with `limit`, `after` and `before`',
  'emails.update': 'times as ISO 8601 or in English words',
  'emails.cancel': '',
  'batch.send': 'with `batchValidation` and `idempotencyKey`; also with attachments and schedules',
  'batch.create': 'the same under another name',
  'apiKeys.create': 'with the rights of scopes',
  'apiKeys.list': '',
  'apiKeys.update': '',
  'apiKeys.remove': '',
  'suppressions.add': '',
  'suppressions.get': 'by address or id',
  'suppressions.list': 'in the order of the addresses; with `origin`, `limit`, `after` and `before`',
  'suppressions.remove': 'by address or id',
  'suppressions.batch.add': '',
  'suppressions.batch.remove': '',
  'templates.create':
    'Liquid, with `{{{NAME}}}` for `{{ NAME }}` (escaped in HTML); without `from` and `replyTo`, which each email gives',
  'templates.get': '`variables` is a list where the client told of them',
  'templates.list': '',
  'templates.update': 'makes a version that is used at once',
  'templates.publish': 'changes nothing: there are no drafts',
  'templates.duplicate': '',
  'templates.remove': '',
  'webhooks.create':
    'events of emails; `email.delivered` comes when a relay took the email, or, where a provider tells of deliveries, with these; `email.opened`, `email.clicked` and `email.received` never do',
  'webhooks.get': 'without the secret, which is shown once',
  'webhooks.list': '',
  'webhooks.update': '',
  'webhooks.remove': '',
  'webhooks.rotateSigningSecret': 'the earlier secret signs beside the new one for a day',
  'webhooks.verify': 'with `svix-…` or `webhook-…` headers',
} as const satisfies Record<string, string>;

/** Calls and whole parts of the SDK that there are not, and what there is instead. */
export const unsupported: Record<string, string> = {
  'emails.share': '`GET /emails/{id}/source`',
  'emails.metrics': '`GET /stats`',
  'emails.attachments': '`attachments` of `emails.get`, without their bytes',
  'emails.receiving': 'no email is received here',
  'webhooks.events': '`GET /webhooks/{id}/deliveries`',
  audiences: '',
  automations: '',
  broadcasts: '`batch.send` in the lane `bulk`',
  contactProperties: '',
  contacts: '',
  domains: 'DKIM keys and senders, by the operator',
  events: '',
  inboxes: '',
  logs: '`GET /emails/{id}/events`',
  oauthGrants: '',
  segments: '',
  topics: '`unsubscribe` of an email',
  usage: '`GET /stats`',
};

export function supportTable(): string {
  return [
    '| call | supported | to know |',
    '| --- | --- | --- |',
    ...Object.entries(supported).map(([call, note]) => `| \`${call}\` | yes | ${note} |`),
    ...Object.entries(unsupported).map(([call, instead]) => `| \`${call}\` | no | ${instead} |`),
  ].join('\n');
}
