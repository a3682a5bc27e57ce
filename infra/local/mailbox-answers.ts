// Has the mailbox of local mode answer as mail servers do: mail to bounce@, delay@ or complaint@ brings a report back to the return path.
import { setTimeout as pause } from 'node:timers/promises';
import { createTransport } from 'nodemailer';

/** What there is to know of an email that came. */
export interface Arrived {
  /** Its envelope sender: the return path. */
  from: string;
  to: readonly string[];
  messageId: string | undefined;
}

interface Answer {
  subject: string;
  /** Media type and text of the part that programs read. */
  type: string;
  fields: (recipient: string) => string[];
}

const answers = new Map<string, Answer>([
  ['bounce', statusReport('failed', '5.1.1', '550 5.1.1 no such mailbox', 'Undelivered Mail Returned to Sender')],
  [
    'delay',
    statusReport('delayed', '4.4.1', '451 4.4.1 no answer from the host', 'Delayed Mail (still being retried)'),
  ],
  [
    'complaint',
    {
      subject: 'Complaint',
      type: 'message/feedback-report',
      fields: (recipient) => [
        'Feedback-Type: abuse',
        'User-Agent: mailbox/1',
        'Version: 1',
        `Original-Rcpt-To: <${recipient}>`,
      ],
    },
  ],
]);

function statusReport(action: string, status: string, diagnostic: string, subject: string): Answer {
  const fields = (recipient: string) => [
    'Reporting-MTA: dns; mailbox.example.test',
    '',
    `Final-Recipient: rfc822; ${recipient}`,
    `Action: ${action}`,
    `Status: ${status}`,
    `Diagnostic-Code: smtp; ${diagnostic}`,
  ];
  return { subject, type: 'message/delivery-status', fields };
}

/** The reports of an email, as they go on the wire; none where it went to none of these addresses. */
export function reportsOf({ to, messageId }: Arrived): string[] {
  return to.flatMap((recipient) => {
    const answer = answers.get(recipient.slice(0, recipient.lastIndexOf('@')).toLowerCase());
    if (answer === undefined) return [];
    const { subject, type, fields } = answer;
    const kind = type.slice('message/'.length);
    return [
      [
        'From: MAILER-DAEMON@mailbox.example.test',
        `Subject: ${subject}`,
        'Auto-Submitted: auto-replied',
        'MIME-Version: 1.0',
        `Content-Type: multipart/report; report-type=${kind}; boundary="part"`,
        '',
        '--part',
        'Content-Type: text/plain',
        '',
        `The mailbox of this machine answers like this to mail for ${recipient}.`,
        '--part',
        `Content-Type: ${type}`,
        '',
        ...fields(recipient),
        '',
        ...(messageId ? ['--part', 'Content-Type: text/rfc822-headers', '', `Message-ID: ${messageId}`, ''] : []),
        '--part--',
        '',
      ].join('\r\n'),
    ];
  });
}

/** The function that takes reports may be starting, or starting again. */
const mostTries = 30;
const pauseMs = 1_000;

/** Sends the reports of an email to its return path, with the null sender: nobody answers a report. */
export async function answer(arrived: Arrived, port: number): Promise<void> {
  const transport = createTransport({ host: '127.0.0.1', port, ignoreTLS: true });
  for (const raw of reportsOf(arrived)) {
    for (let tries = 1; tries <= mostTries; tries += 1) {
      const code = await transport.sendMail({ envelope: { from: '', to: arrived.from }, raw }).then(
        () => 250,
        ({ responseCode = 0 }) => Number(responseCode),
      );
      // Taken, or refused for good.
      if (code >= 500 || code === 250) break;
      await pause(pauseMs);
    }
  }
  transport.close();
}
