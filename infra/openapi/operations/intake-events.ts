// The operations for events of providers: no token, each call proves itself. The examples show their form; their signatures are of no time.
import * as v from 'valibot';
import type { Documentation, Example } from '../operation.ts';
import { exampleId } from '../operation.ts';
import { kind } from './fields.ts';
import { counts, exampleCounts } from './intake-counts.ts';

const Recorded = v.pipe(v.strictObject({ object: kind('intake'), ...counts }), v.title('RecordedEvents'));

const messageId = `<${exampleId}@example.com>`;

function eventsOf(provider: string, proof: string, setting: string, example: Omit<Example, 'summary' | 'status'>) {
  return {
    tag: 'What comes back',
    summary: `Take events of ${provider}`,
    description: `Called by ${provider}, not by clients. ${proof} What proves nothing is refused before anything is made of it. Events of emails that are not known here are counted, and answered like others. Only there where ${setting} is set.`,
    answers: {
      200: {
        description: 'What the events say is committed. What was reported before changes nothing.',
        body: { 'application/json': { schema: Recorded, example: { object: 'intake', ...exampleCounts } } },
      },
    },
    errors: ['invalid_signature', 'not_found', 'internal_server_error', 'unavailable'],
    examples: [{ summary: 'A bounce', ...example, status: 403 }],
  } as const satisfies Documentation;
}

const sesBounce = {
  notificationType: 'Bounce',
  mail: { source: 'shop@example.com', headers: [{ name: 'Message-ID', value: messageId }] },
  bounce: {
    bounceType: 'Permanent',
    bounceSubType: 'General',
    bouncedRecipients: [
      { emailAddress: 'a@example.com', status: '5.1.1', diagnosticCode: 'smtp; 550 5.1.1 no such user' },
    ],
    timestamp: '2026-01-31T12:00:00.000Z',
  },
};

export const intakeEventDocs = {
  takeSesEvents: eventsOf(
    'Amazon SES',
    'Amazon SNS signs its messages (SignatureVersion 1 or 2); the subscription of a topic is confirmed by itself.',
    '`INTAKE_SES_TOPICS`',
    {
      json: {
        Type: 'Notification',
        MessageId: '7c1d2c6e-2c0a-5a5c-9d2a-6f9a4c1b7e10',
        TopicArn: 'arn:aws:sns:us-east-1:123456789012:bounces',
        Message: JSON.stringify(sesBounce),
        Timestamp: '2026-01-31T12:00:00.000Z',
        SignatureVersion: '2',
        Signature: 'c2lnbmF0dXJl',
        SigningCertURL: 'https://sns.us-east-1.amazonaws.com/SimpleNotificationService-0123456789abcdef.pem',
      },
    },
  ),
  takePostmarkEvents: eventsOf(
    'Postmark',
    'It sends the secret as the password of HTTP Basic, or in the header `X-Intake-Secret`.',
    '`INTAKE_POSTMARK_SECRET`',
    {
      headers: { 'X-Intake-Secret': 'the-secret' },
      json: {
        RecordType: 'Bounce',
        Type: 'HardBounce',
        Email: 'a@example.com',
        Details: 'smtp;550 5.1.1 no such user',
        BouncedAt: '2026-01-31T12:00:00Z',
        Metadata: { 'email-id': exampleId },
      },
    },
  ),
  takeMailgunEvents: eventsOf(
    'Mailgun',
    'It signs a time and a token (HMAC-SHA256); a token counts for one body.',
    '`INTAKE_MAILGUN_SIGNING_KEY`',
    {
      json: {
        signature: { timestamp: '1769860800', token: 'e0b5477167110d68', signature: '12d99f5a15355c18' },
        'event-data': {
          event: 'failed',
          severity: 'permanent',
          recipient: 'a@example.com',
          timestamp: 1_769_860_800,
          message: { headers: { 'message-id': messageId.slice(1, -1) } },
          'delivery-status': { code: 550, message: '5.1.1 no such user' },
        },
      },
    },
  ),
  takeSendgridEvents: eventsOf(
    'Twilio SendGrid',
    'It signs a time and the body (ECDSA).',
    '`INTAKE_SENDGRID_PUBLIC_KEY`',
    {
      headers: {
        'X-Twilio-Email-Event-Webhook-Timestamp': '1769860800',
        'X-Twilio-Email-Event-Webhook-Signature': 'c2lnbmF0dXJl',
      },
      json: [
        {
          event: 'bounce',
          type: 'bounce',
          email: 'a@example.com',
          timestamp: 1_769_860_800,
          status: '5.1.1',
          reason: '550 5.1.1 no such user',
          'smtp-id': messageId,
        },
      ],
    },
  ),
  takeResendEvents: eventsOf(
    'Resend',
    'It signs the id, the time and the body (HMAC-SHA256, Svix).',
    '`INTAKE_RESEND_SECRET`',
    {
      headers: { 'svix-id': 'msg_1', 'svix-timestamp': '1769860800', 'svix-signature': 'v1,c2lnbmF0dXJl' },
      json: {
        type: 'email.bounced',
        created_at: '2026-01-31T12:00:00.000Z',
        data: {
          message_id: messageId,
          to: ['a@example.com'],
          bounce: { type: 'Permanent', subType: 'General', message: '550 5.1.1 no such user' },
        },
      },
    },
  ),
};
