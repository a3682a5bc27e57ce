import { describe, expect, it } from 'vitest';
import { readReport } from './read-report.ts';

const read = (text: string) => readReport(Buffer.from(text.replaceAll('\n', '\r\n')));
const parts = (head: string, ...all: string[]) =>
  `${head}\nMIME-Version: 1.0\nContent-Type: multipart/report; report-type=delivery-status;\n boundary="=_b"\n\nThis is MIME.\n${all.map((part) => `--=_b\n${part}\n`).join('')}--=_b--\n`;
const from = 'From: MAILER-DAEMON@mx.example.com\nTo: b@example.com\nSubject: Undelivered Mail Returned to Sender';
const words = 'Content-Type: text/plain\n\nSorry.\n';
const status = (fields: string, type = 'message/delivery-status') =>
  `Content-Type: ${type}\n\nReporting-MTA: dns; mx.example.com\nOriginal-Envelope-Id: QQ+2B314\n\n${fields}\n`;
const returned = 'Content-Type: text/rfc822-headers\n\nMessage-ID: <1@example.com>\nTo: a@example.test\nX-Ours: 7\n';
const failed =
  'Final-Recipient: rfc822; a@example.test\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 User unknown';

describe('a delivery report (RFC 3464)', () => {
  it('says what became of each recipient, and of which email', () => {
    const report = read(
      parts(
        from,
        words,
        status(
          `${failed}\n\nOriginal-Recipient: rfc822;c+2B1@example.test\nFinal-Recipient: rfc822;d@example.test\nAction: delayed\nStatus: 4.4.1\nDiagnostic-Code: smtp; 421 busy\n\nFinal-Recipient: rfc822;e@example.test\nAction: relayed\nStatus: 2.0.0`,
        ),
        returned,
      ),
    );
    expect(report).toMatchObject({
      kind: 'bounce',
      feedback_type: null,
      recipients: [
        {
          recipient: 'a@example.test',
          original_recipient: null,
          outcome: 'bounced',
          enhanced_code: '5.1.1',
          code: 550,
          hard: true,
          category: 'address',
          text: '550 5.1.1 User unknown',
        },
        {
          recipient: 'd@example.test',
          original_recipient: 'c+1@example.test',
          outcome: 'delayed',
          code: 421,
          hard: false,
        },
        { recipient: 'e@example.test', outcome: 'relayed', enhanced_code: '2.0.0', category: null, hard: false },
      ],
      email: { message_ids: ['<1@example.com>'], envelope_id: 'QQ+314' },
    });
    expect(report.email.fields.get('x-ours')).toEqual(['7']);
  });

  it.each([
    ['failed', '5.0.0', 'bounce'],
    ['delayed', '4.0.0', 'delay'],
    ['delivered', '2.0.0', 'delivery'],
    ['expanded', '2.0.0', 'delivery'],
    ['', '2.1.5', 'delivery'],
    ['', '5.1.1', 'bounce'],
    ['expired', '', 'bounce'],
    ['Failed (permanent)', '4.4.7', 'bounce'],
  ])('with action "%s" and status "%s" is of kind %s', (action, code, kind) => {
    expect(
      read(parts(from, status(`Final-Recipient: rfc822;a@example.test\nAction: ${action}\nStatus: ${code}`))).kind,
    ).toBe(kind);
  });

  it.each([
    ['as text', parts(from, words, status(failed, 'text/plain'), returned)],
    ['as a file', parts(from, words, status(failed, 'application/octet-stream; name=ATT1.dat'), returned)],
    [
      'in base64',
      parts(
        from,
        words,
        `Content-Type: message/delivery-status\nContent-Transfer-Encoding: base64\n\n${Buffer.from(`Reporting-MTA: dns; x\n\n${failed}\n`).toString('base64')}`,
      ),
    ],
    ['cut off', parts(from, words, status(failed)).split('--=_b--')[0] ?? ''],
    ['with a boundary that is not declared', parts(from, words, status(failed)).replace(';\n boundary="=_b"', '')],
    ['without its first group', parts(from, `Content-Type: message/delivery-status\n\n${failed}`)],
    ['with an empty line in its group', parts(from, status(failed.replace('\nStatus', '\n\nStatus')))],
    ['with an address in brackets', parts(from, status(failed.replace('a@example.test', '<a@example.test>')))],
    [
      'in a part of a part',
      `${from}\nContent-Type: multipart/mixed; boundary=o\n\n--o\n${parts('X: 1', words, status(failed))}\n--o--\n`,
    ],
    [
      'in one that a gateway wrapped',
      `${from}\nContent-Type: multipart/mixed; boundary=o\n\n--o\n${words}\n--o\nContent-Type: message/rfc822\n\n${parts(from, words, status(failed))}\n--o--\n`,
    ],
    ['in a mailbox file', `From MAILER-DAEMON Thu Apr 29 23:34:45 2021\n${parts(from, words, status(failed))}`],
  ])('is read %s', (_how, message) => {
    expect(read(message)).toMatchObject({
      kind: 'bounce',
      recipients: [{ recipient: 'a@example.test', enhanced_code: '5.1.1' }],
    });
    expect(read(message).recipients).toHaveLength(1);
  });

  it('names a recipient once; a failure is the last word', () => {
    const delayed = failed.replace('failed', 'delayed').replaceAll('5.1.1', '4.1.1');
    expect(read(parts(from, status(`${delayed}\n\n${failed}\n\n${delayed}`))).recipients).toMatchObject([
      { outcome: 'bounced' },
    ]);
  });
});

describe('hard is said', () => {
  const hard = (text: string, code = '5.0.0') =>
    read(
      parts(
        from,
        status(
          `Final-Recipient: rfc822; a@example.test\nAction: failed\nStatus: ${code}\nDiagnostic-Code: smtp; ${text}`,
        ),
      ),
    ).recipients[0]?.hard;

  it.each([
    ['550 5.1.1 User unknown', true],
    ['550 User unknown (in reply to RCPT TO command)', true],
    ['550 User unknown (in reply to end of DATA command)', false],
    ['550 User unknown', false],
    ['554 5.7.1 Message rejected as spam', false],
    ['552 5.2.2 Mailbox full', false],
    ['550 5.2.1 The account is disabled', false],
    ['550 5.7.1 Relaying denied', false],
    ['450 4.1.1 User unknown', false],
    ['550 5.7.26 Unauthenticated email is not accepted', false],
  ])('of "%s": %s', (text, expected) => {
    expect(hard(text)).toBe(expected);
  });

  it.each([
    ['192.0.2.1 does not like recipient.\nRemote host said: 550 User unknown', true],
    ['192.0.2.1 failed after I sent the message.\nRemote host said: 550 User unknown', false],
    ['host mx.example.test: SMTP error after end of data: 550 User unknown', false],
    [">>> DATA\n<<< 554 delivery error: dd This user doesn't have an example.test account", true],
    ['>>> RCPT TO:<a@example.test>\n<<< 550 User unknown\n>>> DATA\n<<< 503 No recipient', true],
    ['>>> DATA\n<<< 550 User unknown', false],
  ])('in words, by what was refused: %s: %s', (text, expected) => {
    const message = `From: MAILER-DAEMON@mx.example.com\nSubject: failure notice\n\n<a@example.test>:\n${text}\n`;
    expect(read(message).recipients[0]?.hard).toBe(expected);
  });

  it('never of a delay', () => {
    const delayed = status(
      'Final-Recipient: rfc822; a@example.test\nAction: delayed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 User unknown',
    );
    expect(read(parts(from, delayed)).recipients).toMatchObject([{ outcome: 'delayed', hard: false }]);
  });
});

describe('a complaint', () => {
  const feedback = (fields: string, head = 'To: a@example.test') =>
    read(
      parts(
        'From: fbl@example.com\nSubject: FW: Hello',
        words,
        `Content-Type: message/feedback-report\n\n${fields}\n`,
        `Content-Type: message/rfc822\n\n${head}\nMessage-ID: <1@example.com>\n\nHello\n`,
      ),
    );

  it.each(['abuse', 'fraud', 'opt-out', 'opt-out-list', 'virus', 'other', 'something'])(
    'is of its recipient: %s',
    (type) => {
      expect(
        feedback(`Feedback-Type: ${type}\nOriginal-Rcpt-To: <c@example.test>\nOriginal-Rcpt-To: d@example.test`),
      ).toMatchObject({
        kind: 'complaint',
        feedback_type: type,
        recipients: [
          { recipient: 'c@example.test', outcome: 'complained', hard: false, category: 'complaint' },
          { recipient: 'd@example.test', outcome: 'complained' },
        ],
        email: { message_ids: ['<1@example.com>'] },
      });
    },
  );

  it.each(['not-spam', 'auth-failure', 'dmarc'])('%s is none: nothing happened to the recipient', (type) => {
    expect(feedback(`Feedback-Type: ${type}\nOriginal-Rcpt-To: c@example.test`).recipients).toMatchObject([
      { outcome: 'none', category: null },
    ]);
  });

  it.each([
    ['to whom the email was', 'To: A <a@example.test>\nDelivered-To: c@example.test', ['a@example.test']],
    ['whom Hotmail names', 'X-HmXmrOriginalRecipient: c@example.test\nTo: a@example.test', ['c@example.test']],
    ['nobody, where all is hidden', 'To: undisclosed-recipients:;', []],
  ])('says who complains: %s', (_what, head, expected) => {
    expect(feedback('Feedback-Type: abuse', head).recipients.map(({ recipient }) => recipient)).toEqual(expected);
  });

  it('of Hotmail has no report but the email', () => {
    const message = `From: staff@hotmail.example\nSubject: complaint about message from 192.0.2.1\nContent-Type: multipart/mixed; boundary=o\n\n--o\nContent-Type: message/rfc822\n\nX-HmXmrOriginalRecipient: <a@example.test>\nMessage-ID: <1@example.com>\n\nHello\n--o--\n`;
    expect(read(message)).toMatchObject({
      kind: 'complaint',
      feedback_type: 'abuse',
      recipients: [{ recipient: 'a@example.test' }],
    });
  });
});

it.each(['Feedback-Type: abuse', 'X-HmXmrOriginalRecipient: c@example.test'])(
  'is no complaint if it is a delivery report: %s in the returned head',
  (field) => {
    expect(read(parts(from, words, status(failed), `${returned}${field}\n`))).toMatchObject({
      kind: 'bounce',
      recipients: [{ recipient: 'a@example.test' }],
    });
  },
);

describe('an automatic reply', () => {
  it.each([
    'Auto-Submitted: auto-replied\nSubject: Re: Hello',
    'Auto-Submitted: auto-replied (vacation)\nSubject: Hello',
    'X-Autoreply: yes\nSubject: Hello',
    'Precedence: auto_reply\nSubject: Hello',
    'Subject: Out of Office: Hello',
    'Subject: Automatische Antwort: Hallo',
    'Subject: =?utf-8?B?6Ieq5YuV5b+c562U?=',
    'X-Auto-Response-Suppress: All\nIn-Reply-To: <1@example.com>\nSubject: Hello',
  ])('%s', (head) => {
    expect(
      read(
        `From: A <a@example.test>\n${head}\n\nI am away until Monday. Write to c@example.test, as a mail to me may not be delivered to me.\n`,
      ),
    ).toMatchObject({
      kind: 'auto_reply',
      recipients: [],
    });
  });

  it('is a receipt, too', () => {
    const receipt =
      'Content-Type: message/disposition-notification\n\nFinal-Recipient: rfc822; a@example.test\nDisposition: manual-action/MDN-sent-manually; displayed\n';
    expect(read(parts('From: a@example.test\nSubject: Read: Hello', words, receipt))).toMatchObject({
      kind: 'auto_reply',
      recipients: [],
    });
  });

  it.each([
    'From: A <a@example.test>\nSubject: Re: Hello\n\nThank you.\n',
    'Subject: Weekly news\nPrecedence: bulk\n\nNews for a@example.test\n',
    '',
    '\n\n\n',
    'no head at all',
  ])('is not what says nothing: %j', (message) => {
    expect(read(message)).toMatchObject({ kind: 'unreadable', recipients: [] });
  });
});

describe('a bounce in words', () => {
  const head = 'From: MAILER-DAEMON@mx.example.com\nTo: b@example.com\n';
  it.each([
    [
      'qmail',
      `${head}Subject: failure notice\n\nHi. This is the qmail-send program at mx.example.com.\n\n<a@example.test>:\n192.0.2.1 does not like recipient.\nRemote host said: 550 5.1.1 User unknown\nGiving up on 192.0.2.1.\n\n--- Below this line is a copy of the message.\n\nMessage-ID: <1@example.com>\nSubject: x\n`,
      '5.1.1',
      550,
      true,
    ],
    [
      'Exim',
      `${head}X-Failed-Recipients: a@example.test\nAuto-Submitted: auto-replied\nSubject: Mail delivery failed: returning message to sender\n\nA message that you sent could not be delivered. The following address(es) failed:\n\n  a@example.test\n    SMTP error from remote mail server after RCPT TO:<a@example.test>:\n    host mx.example.test [192.0.2.1]: 550 User unknown\n\n------ This is a copy of the message, including all the headers. ------\n\nMessage-ID: <1@example.com>\n`,
      null,
      550,
      true,
    ],
    [
      'sendmail',
      `${head}Subject: Returned mail: see transcript for details\n\n   ----- The following addresses had permanent fatal errors -----\n<a@example.test>\n    (reason: 552 5.2.2 Mailbox full)\n\n   ----- Transcript of session follows -----\n>>> RCPT To:<a@example.test>\n<<< 552 5.2.2 Mailbox full\n\n   ----- Original message follows -----\nMessage-ID: <1@example.com>\n`,
      '5.2.2',
      552,
      false,
    ],
    [
      'Exchange',
      `${head}Subject: Undeliverable: x\n\nYour message\n\n  To:      a@example.test\n  Subject: x\n\ndid not reach the following recipient(s):\n\na@example.test on Thu, 29 Apr 2010 00:00:00 -0000\n    The recipient name is not recognized\n\nMessage-ID: <1@example.com>\nFrom: b@example.com\nSubject: x\nDate: now\n`,
      null,
      null,
      true,
    ],
    [
      'Domino',
      `${head}Subject: DELIVERY FAILURE: User a not listed in Domino Directory\n\nYour message\n\n  Subject: x\n\nwas not delivered to:\n\n  a@example.test\n\nbecause:\n\n  User a (a@example.test) not listed in Domino Directory\n\n--- Original message ---\nMessage-ID: <1@example.com>\n`,
      null,
      null,
      true,
    ],
    [
      'a Japanese carrier',
      `From: no-reply@example.com\nSubject: Mail\nTo: b@example.com\n\nYour mail sent on: Thu, 29 Apr 2013 00:00:00 +0900\n     Could not be delivered to: <a@example.test>\n     As their mailbox is full.\n\n--- Original message ---\nMessage-ID: <1@example.com>\n`,
      null,
      null,
      false,
    ],
  ])('of %s', (_server, message, enhanced_code, code, hard) => {
    const report = read(message);
    expect(report).toMatchObject({
      kind: 'bounce',
      recipients: [{ recipient: 'a@example.test', enhanced_code, code, hard }],
    });
    expect(report.recipients).toHaveLength(1);
    expect(report.email.message_ids).toEqual(['<1@example.com>']);
  });

  it.each([
    [
      'Delivery Status Notification (Delay)',
      'Delivery to the following recipient has been delayed:\n\n  a@example.test\n',
      'delay',
    ],
    [
      'Warning: could not send message for past 4 hours',
      'Will keep trying\n\n<a@example.test>: Connection refused\n',
      'delay',
    ],
    [
      'Mail delivery failed',
      'This message was delayed, and is given up now\n\n<a@example.test>: Connection refused\n',
      'bounce',
    ],
    ['Delivery status', 'Delivery delayed, will be retried.\n\n<a@example.test>: Connection refused\n', 'delay'],
  ])('that is one or not: %s', (subject, text, kind) => {
    expect(read(`${head}Subject: ${subject}\n\n${text}`).kind).toBe(kind);
  });

  it.each([
    [
      'quoted-printable',
      'Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\n<a@exam=\nple.test>:=20\n550 Unbekannter Empf=C3=A4nger\n',
    ],
    [
      'base64',
      `Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: base64\n\n${Buffer.from('<a@example.test>:\n550 Unbekannter Empfänger\n').toString('base64')}\n`,
    ],
    [
      'ISO-2022-JP',
      'Content-Type: text/plain; charset=us-ascii\n\n<a@example.test>:\n550 \x1b$B%f!<%6$,8+$D$+$j$^$;$s\x1b(B\n',
    ],
    [
      'HTML',
      'Content-Type: text/html\n\n<html><style>b{}</style><p>&lt;a@example.test&gt;:<br>550 No such user</p></html>\n',
    ],
    [
      'a charset that nobody knows',
      'Content-Type: text/plain; charset=x-none\n\n<a@example.test>:\n550 No such user\n',
    ],
  ])('is decoded: %s', (_what, body) => {
    expect(read(`${head}Subject: failure notice\nMIME-Version: 1.0\n${body}`)).toMatchObject({
      kind: 'bounce',
      recipients: [{ recipient: 'a@example.test', hard: true, category: 'other' }],
    });
  });

  it('of Amazon SES is read as JSON', () => {
    const message = (content: object) =>
      `From: no-reply@sns.example.com\nSubject: AWS Notification Message\n\n${JSON.stringify(content)}\n\n--\nTo stop, click\n`;
    const mail = { messageId: 'x', commonHeaders: { messageId: '<1@example.com>' } };
    const bounced = {
      bouncedRecipients: [
        {
          emailAddress: 'a@example.test',
          status: '5.1.1',
          action: 'failed',
          diagnosticCode: 'smtp; 550 5.1.1 user unknown',
        },
      ],
    };
    expect(read(message({ notificationType: 'Bounce', mail, bounce: bounced }))).toMatchObject({
      kind: 'bounce',
      recipients: [{ recipient: 'a@example.test', hard: true, code: 550 }],
      email: { message_ids: ['<1@example.com>'] },
    });
    const complained = { complainedRecipients: [{ emailAddress: 'a@example.test' }], complaintFeedbackType: 'abuse' };
    expect(read(message({ notificationType: 'Complaint', mail, complaint: complained }))).toMatchObject({
      kind: 'complaint',
      feedback_type: 'abuse',
    });
    const delivered = { recipients: ['a@example.test'], smtpResponse: '250 2.6.0 ok' };
    expect(read(message({ notificationType: 'Delivery', mail, delivery: delivered }))).toMatchObject({
      kind: 'delivery',
      recipients: [{ outcome: 'delivered' }],
    });
    expect(read(message({ notificationType: 'Bounce', bounce: { bouncedRecipients: 7 } }))).toMatchObject({
      recipients: [],
    });
  });
});
