// The operations of the intake function: what came back, handed in by mail servers of the operator.
import * as v from 'valibot';
import type { Documentation } from '../operation.ts';
import { count, described, kind } from './fields.ts';

const Taken = v.pipe(
  v.strictObject({
    object: kind('intake'),
    kind: described(
      v.picklist(['bounce', 'delay', 'delivery', 'complaint', 'auto_reply', 'unreadable', 'foreign']),
      'What the message is; `foreign`: it came to the return path of another email than it tells of.',
    ),
    recorded: count('Recipients of whom something new was recorded.'),
    kept: count('The same of emails that are being sent: it counts when the attempt is recorded.'),
    repeated: count('Recipients of whom it had been reported before.'),
    unknown_email: count('What was said of an email that is not known here, or was never sent.'),
    unknown_recipient: count('What was said of somebody to whom the email did not go.'),
  }),
  v.title('TakenMessage'),
);

const report = [
  'From: MAILER-DAEMON@relay.example.net',
  'Subject: Undelivered Mail Returned to Sender',
  'Content-Type: multipart/report; report-type=delivery-status; boundary="b"',
  '',
  '--b',
  'Content-Type: message/delivery-status',
  '',
  'Reporting-MTA: dns; relay.example.net',
  '',
  'Final-Recipient: rfc822; a@example.com',
  'Action: failed',
  'Status: 5.1.1',
  '',
  '--b--',
  '',
].join('\n');

export const intakeDocs = {
  takeMessage: {
    tag: 'What comes back',
    summary: 'Hand in a message that came back',
    description:
      'A bounce, a delay, a delivery report or a complaint, as it came (RFC 5322). Which email it is about is told by `to`, if that is a return path of this API; without `to` by the envelope id or the Message-ID that the message names. Of what is handed in twice, the second time changes nothing. Automatic replies change nothing.',
    query: { to: 'The address that the message came to (`Delivered-To`).' },
    answers: {
      200: {
        description: 'It was read, and what it says is committed.',
        body: {
          'application/json': {
            schema: Taken,
            example: {
              object: 'intake',
              kind: 'bounce',
              ...{ recorded: 1, kept: 0, repeated: 0, unknown_email: 0, unknown_recipient: 0 },
            },
          },
        },
      },
    },
    examples: [{ summary: 'A bounce', message: report, status: 200 }],
  },
} satisfies Record<string, Documentation>;
