// The operations of the intake function: what came back, handed in by mail servers of the operator; the events of providers are beside it.
import * as v from 'valibot';
import type { Documentation } from '../operation.ts';
import { described, kind } from './fields.ts';
import { counts, exampleCounts } from './intake-counts.ts';
import { intakeEventDocs } from './intake-events.ts';

const Taken = v.pipe(
  v.strictObject({
    object: kind('intake'),
    kind: described(
      v.picklist(['bounce', 'delay', 'delivery', 'complaint', 'auto_reply', 'unreadable', 'foreign']),
      'What the message is; `foreign`: it came to the return path of another email than it tells of.',
    ),
    ...counts,
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
              ...exampleCounts,
            },
          },
        },
      },
    },
    examples: [{ summary: 'A bounce', message: report, status: 200 }],
  },
  ...intakeEventDocs,
} satisfies Record<string, Documentation>;
