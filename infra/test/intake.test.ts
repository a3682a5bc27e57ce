// What comes back, on the real services: return paths, reports by SMTP and over HTTP, and what they make of emails.
import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:net';
import SMTPConnection from 'nodemailer/lib/smtp-connection';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createReturnPaths } from '../../lib/mail/return-path.ts';
import { freePort } from '../local/ports.ts';
import { admin, eventually, getToken, type Json, json } from './functions.ts';
import type { Received } from './smtp-server.ts';
import { startWholeApi, type WholeApi } from './whole-api.ts';

const host = 'bounce.example.com';
const secret = randomBytes(24).toString('base64url');
const returnPaths = createReturnPaths(host, [secret]);
/** What endpoints were told. */
const told: { type: string; data: Json }[] = [];
const endpoint = createServer((request, response) => {
  let body = '';
  request.on('data', (chunk) => {
    body += chunk;
  });
  request.on('end', () => {
    told.push(JSON.parse(body));
    response.end();
  });
});

let ground: WholeApi;
let port: number;
let operator: string;

beforeAll(async () => {
  port = await freePort();
  await new Promise<void>((resolve) => endpoint.listen(0, '127.0.0.1', resolve));
  ground = await startWholeApi({
    also: ['manage', 'notify', 'intake'],
    settings: {
      RETURN_PATH_HOST: host,
      RETURN_PATH_SECRET: `${secret} ${'o'.repeat(32)}`,
      INTAKE_SMTP_PORT: String(port),
      WEBHOOK_ALLOWED_ADDRESSES: '127.0.0.0/8',
      RETRY_BASE_SECONDS: '600',
    },
  });
  const { api, database } = ground;
  const clientSecret = 'operator-secret-operator-secret';
  admin(database.url, 'client', 'ensure', '--demo', 'mailserver', '--secret', clientSecret, '--scope', 'intake:write');
  operator = await getToken(api.functions.token.url, {
    client_id: 'mailserver',
    client_secret: clientSecret,
    scope: 'intake:write',
  });
  const url = `http://127.0.0.1:${(endpoint.address() as AddressInfo).port}/hook`;
  const created = await fetch(`${api.functions.manage.url}/webhooks`, {
    method: 'POST',
    headers: { authorization: `Bearer ${api.token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ url, events: ['*'] }),
  });
  expect(created.status).toBe(201);
}, 120_000);
afterAll(async () => {
  await ground?.stop();
  endpoint.close();
});
beforeEach(() => ground.smtp.behave({}));

let count = 0;
/** Sends an email and waits until it is at this status. */
async function sent(
  more: object = {},
  status = 'sent',
): Promise<{ id: string; to: string; received: Received | undefined }> {
  count += 1;
  const to = `receiver${count}@example.com`;
  const answer = await ground.api.send({ from: 'shop@example.com', to: [to], subject: 'Hello', text: 'Hi', ...more });
  const { id } = await json(answer);
  await eventually(async () => (await ground.api.read(`/emails/${id}`)).status === status);
  return { id, to, received: ground.smtp.received.find(({ raw }) => raw.includes(id)) };
}

interface Said {
  action?: string;
  status?: string;
  diagnostic?: string;
  messageId?: string;
}

/** A report in the form of RFC 3464. */
function dsn(
  recipients: string[],
  { action = 'failed', status = '5.1.1', diagnostic = '550 5.1.1 no such user', messageId }: Said = {},
) {
  return [
    'From: MAILER-DAEMON@relay.example.net',
    'To: someone@example.com',
    'Subject: Undelivered Mail Returned to Sender',
    'Auto-Submitted: auto-replied',
    'MIME-Version: 1.0',
    'Content-Type: multipart/report; report-type=delivery-status; boundary="b1"',
    '',
    '--b1',
    'Content-Type: text/plain',
    '',
    'It was not delivered.',
    '--b1',
    'Content-Type: message/delivery-status',
    '',
    'Reporting-MTA: dns; relay.example.net',
    '',
    ...recipients.flatMap((recipient) => [
      `Final-Recipient: rfc822; ${recipient}`,
      `Action: ${action}`,
      `Status: ${status}`,
      `Diagnostic-Code: smtp; ${diagnostic}`,
      '',
    ]),
    ...(messageId
      ? ['--b1', 'Content-Type: text/rfc822-headers', '', `Message-ID: ${messageId}`, 'Subject: Hello', '']
      : []),
    '--b1--',
    '',
  ].join('\r\n');
}

const arf = (recipient: string) =>
  [
    'From: <abuse@provider.example.net>',
    'Subject: FW: Hello',
    'MIME-Version: 1.0',
    'Content-Type: multipart/report; report-type=feedback-report; boundary="b2"',
    '',
    '--b2',
    'Content-Type: text/plain',
    '',
    'This is an email abuse report.',
    '--b2',
    'Content-Type: message/feedback-report',
    '',
    'Feedback-Type: abuse',
    'User-Agent: SomeGenerator/1.0',
    'Version: 1',
    `Original-Rcpt-To: <${recipient}>`,
    '',
    '--b2--',
    '',
  ].join('\r\n');

/** Hands a message over by SMTP; resolves with the code of the reply, or that of the refusal. */
async function deliver(to: string[], message: string, from = ''): Promise<number> {
  const smtp = new SMTPConnection({ host: '127.0.0.1', port, ignoreTLS: true });
  smtp.on('error', () => {});
  try {
    await new Promise<void>((resolve, reject) => {
      smtp.once('error', reject);
      smtp.connect((error) => (error ? reject(error) : resolve()));
    });
    return await new Promise<number>((resolve) => {
      smtp.send({ from, to }, message, (error, info) => {
        resolve(error ? (error.responseCode ?? 0) : Number(info.response.slice(0, 3)));
      });
    });
  } finally {
    smtp.close();
  }
}

async function handIn(message: string | Buffer, query = '', token = operator): Promise<Response> {
  return fetch(`${ground.api.functions.intake.url}/intake/message${query}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'message/rfc822' },
    body: message as never,
  });
}

const read = (id: string): Promise<Json> => ground.api.read(`/emails/${id}`);
const eventsOf = async (id: string) => (await read(id)).events.map(({ type }: Json) => type).slice(2);
const toldOf = (id: string) => told.filter(({ data }) => data.email_id === id).map(({ type }) => type);

describe('an email', () => {
  it('has a return path with a mac, and the Message-ID that it had', async () => {
    const { id, received } = await sent();
    expect(received?.from).toBe(returnPaths.addressOf(id));
    expect(received?.raw).toContain(`Message-ID: <${id}@example.com>`);
    expect((await read(id)).from).toBe('shop@example.com');
  });
});

describe('a report by SMTP', () => {
  it('of a bounce is an event, a status, a suppression, and told to webhooks, once', async () => {
    const { id, to, received } = await sent();
    for (let times = 0; times < 3; times += 1) expect(await deliver([received?.from ?? ''], dsn([to]))).toBe(250);
    const email = await read(id);
    expect(email).toMatchObject({ status: 'bounced', last_event: 'bounced' });
    expect(email.recipients).toEqual([
      {
        email: to,
        status: 'bounced',
        code: 550,
        enhanced_code: '5.1.1',
        reply: expect.stringContaining('no such user'),
      },
    ]);
    expect(await eventsOf(id)).toEqual(['sent', 'bounced']);
    expect(email.events.at(-1)).toMatchObject({ recipient: to, source: 'smtp', code: 550, hard: true });
    await eventually(async () => toldOf(id).includes('email.bounced'));
    expect(toldOf(id).filter((type) => type === 'email.bounced')).toHaveLength(1);
    const again = await ground.api.send({ from: 'shop@example.com', to: [to], subject: 'Again', text: 'Hi' });
    expect(await json(again)).toMatchObject({ status: 'suppressed' });
  });
});

describe('a report over HTTP', () => {
  it('is found by the Message-ID of the email', async () => {
    const { id, to } = await sent();
    const messageId = `<${id}@example.com>`;
    const answer = await handIn(dsn([to], { action: 'delayed', status: '4.4.1', messageId }));
    expect([answer.status, await json(answer)]).toEqual([200, expect.objectContaining({ kind: 'delay', recorded: 1 })]);
    expect(await read(id)).toMatchObject({ status: 'sent' });
    expect(await eventsOf(id)).toEqual(['sent', 'delayed']);
    await handIn(arf(to), `?to=${encodeURIComponent(returnPaths.addressOf(id))}`);
    expect(await read(id)).toMatchObject({ status: 'complained', last_event: 'complained' });
  });

  it('needs a scope of its own', async () => {
    expect((await handIn('x', '', ground.api.token)).status).toBe(403);
  });
});
