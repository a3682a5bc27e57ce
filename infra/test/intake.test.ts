// What comes back, on the real services: return paths, reports by SMTP and over HTTP, and what they make of emails.
import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
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
      INTAKE_MESSAGE_BYTES: '3000000',
      INTAKE_SMTP_CONNECTIONS_PER_ADDRESS: '30',
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
    const bounces = () => told.filter(({ type, data }) => type === 'email.bounced' && data.email_id === id);
    await eventually(async () => bounces().length > 0);
    expect(bounces()).toHaveLength(1);
    expect(bounces()[0]?.data).toMatchObject({
      bounce: { type: 'Permanent', message: expect.stringContaining('no such user') },
    });
    expect(bounces()[0]?.data.attempt).toBeUndefined();
    const again = await ground.api.send({ from: 'shop@example.com', to: [to], subject: 'Again', text: 'Hi' });
    expect(await json(again)).toMatchObject({ status: 'suppressed' });
    const { reason } = await json(
      await fetch(`${ground.api.functions.manage.url}/suppressions/${encodeURIComponent(to)}`, {
        headers: { authorization: `Bearer ${ground.api.token}` },
      }),
    );
    expect(reason).toBe('hard_bounce');
  });

  it('counts once, however often and in whatever order reports come, also at the same time', async () => {
    const { id, to, received } = await sent();
    const path = received?.from ?? '';
    const delayed = dsn([to], { action: 'delayed', status: '4.4.1' });
    const delivered = dsn([to], { action: 'delivered', status: '2.0.0', diagnostic: '250 ok' });
    const all = [arf(to), delivered, delayed, arf(to), delayed, delivered, arf(to), delivered, delayed];
    expect(await Promise.all(all.map((message) => deliver([path], message)))).toEqual(Array(9).fill(250));
    expect(await read(id)).toMatchObject({ status: 'complained', last_event: 'complained' });
    expect((await eventsOf(id)).toSorted()).toEqual(['complained', 'delayed', 'delivered', 'sent']);
    await eventually(async () => toldOf(id).length >= 5);
    expect(toldOf(id).toSorted()).toEqual([
      ...['email.accepted', 'email.complained', 'email.delayed', 'email.delivered', 'email.sent'],
    ]);
  });

  it('of one of several recipients is an event at once; the email is where the least of them is', async () => {
    const others = ['one@example.com', 'two@example.com'];
    const { id, received } = await sent({ to: others });
    const path = received?.from ?? '';
    await deliver([path], dsn(['one@example.com'], { status: '5.2.2', diagnostic: '552 5.2.2 mailbox full' }));
    expect(await read(id)).toMatchObject({ status: 'sent', recipients: [{ status: 'bounced' }, { status: 'sent' }] });
    await deliver([path], dsn(['two@example.com'], { status: '5.2.2', diagnostic: '552 5.2.2 mailbox full' }));
    expect((await read(id)).status).toBe('bounced');
    // Neither says that the address takes no mail.
    const again = await ground.api.send({ from: 'shop@example.com', to: others, subject: 'Again', text: 'Hi' });
    expect((await json(again)).status).toBe('queued');
  });

  it('that comes before its worker has recorded `sent` is kept, and counts then', async () => {
    let answered = 0;
    ground.smtp.behave({
      slowMs: 1_500,
      onMessage: (raw) => {
        if (!raw.includes('Subject: Early')) return;
        const id = /^Message-ID: <([^@]+)@/m.exec(raw)?.[1] ?? '';
        const to = /^To: (.*)$/m.exec(raw)?.[1]?.trim() ?? '';
        for (let times = 0; times < 3; times += 1)
          void deliver([returnPaths.addressOf(id)], dsn([to])).then((code) => {
            if (code === 250) answered += 1;
          });
      },
    });
    const { id } = await sent({ subject: 'Early' }, 'bounced');
    expect(answered).toBe(3);
    expect(await read(id)).toMatchObject({ status: 'bounced', attempts: 1, due_at: null });
    expect(await eventsOf(id)).toEqual(['sent', 'bounced']);
  });
});

describe('an attempt whose outcome nobody knows', () => {
  it.each([
    ['bounced', {}, 'bounced'],
    ['delayed', { action: 'delayed', status: '4.4.1' }, 'sent'],
    ['delivered', { action: 'delivered', status: '2.0.0', diagnostic: '250 ok' }, 'delivered'],
  ])('is settled by a report, and the next attempt is called back: %s', async (_, said, status) => {
    ground.smtp.behave({ drop: 'after_final_dot' });
    const { id, to } = await sent({}, 'deferred');
    expect((await read(id)).due_at).not.toBeNull();
    ground.smtp.behave({});
    expect(await deliver([returnPaths.addressOf(id)], dsn([to], said))).toBe(250);
    expect(await read(id)).toMatchObject({ status, due_at: null, attempts: 1 });
    await ground.database.sql`update emails set due_at = now() where id = ${id} and due_at is not null`;
    expect(ground.smtp.received.some(({ raw }) => raw.includes(id))).toBe(false);
  });

  it('and that is not tried again is settled, too', async () => {
    ground.smtp.behave({ drop: 'after_final_dot' });
    const { id, to } = await sent({ delivery: 'at_most_once' }, 'unknown');
    await handIn(dsn([to], { action: 'delivered', status: '2.0.0', messageId: `<${id}@example.com>` }));
    expect(await read(id)).toMatchObject({ status: 'delivered' });
    await eventually(async () => toldOf(id).includes('email.delivered'));
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

  it('needs a scope of its own, which no client has that was not given it', async () => {
    expect((await handIn('x', '', ground.api.token)).status).toBe(403);
    expect((await handIn('x', '', 'none')).status).toBe(401);
    const scopes = await ground.database.sql`select scopes from clients where client_id = 'myawesomeapp'`;
    expect(scopes).toEqual([{ scopes: ['basic', 'email'] }]);
    const made = await fetch(`${ground.api.functions.manage.url}/api-keys`, {
      method: 'POST',
      headers: { authorization: `Bearer ${ground.api.token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ name: 'x', scopes: ['intake:write'] }),
    });
    expect(made.status).toBe(422);
  });

  it('may be larger than what is kept of it, and not larger than may come', async () => {
    const { id, to } = await sent();
    const large = dsn([to], { messageId: `<${id}@example.com>` }) + 'x'.repeat(2_000_000);
    expect(await json(await handIn(large))).toMatchObject({ recorded: 1 });
    expect((await handIn('x'.repeat(3_000_001))).status).toBe(413);
  });
});

/** A dialogue with the listener, line by line; resolves with the replies when it ends. */
function talk(lines: readonly string[]): Promise<string[]> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    const replies: string[] = [];
    let rest = '';
    let next = 0;
    socket.setEncoding('latin1').on('error', reject);
    socket.on('data', (text: string) => {
      const found = (rest + text).split('\r\n');
      rest = found.pop() ?? '';
      for (const line of found) {
        if (line[3] === '-') continue;
        replies.push(line);
        const say = lines[next++];
        if (say === undefined) socket.end('QUIT\r\n');
        else if (!socket.writableEnded) socket.write(`${say}\r\n`);
      }
    });
    socket.on('close', () => resolve(replies));
  });
}
const codes = (replies: string[]) => replies.map((line) => line.slice(0, 3));
const metric = async (labels: string) => {
  const text = await (await fetch(`${ground.api.functions.intake.url}/metrics`)).text();
  const line = text.split('\n').find((each) => labels.split(' ').every((label) => each.includes(label)));
  return Number(line?.split(' ').at(-1) ?? 0);
};

describe('nothing changes', () => {
  let before: unknown;
  let mails = 0;
  const state = () => ground.database.sql`
    select (select jsonb_agg(to_jsonb(emails) order by id) from emails) as emails,
           (select count(*) from email_events) as events, (select count(*) from suppressions) as suppressions,
           (select count(*) from email_reports) as reports`;
  async function unchanged(work: () => Promise<unknown>) {
    before = await state();
    mails = ground.smtp.received.length;
    const result = await work();
    expect(await state()).toEqual(before);
    expect(ground.smtp.received).toHaveLength(mails);
    return result;
  }

  it('by a mac that is forged, or of another email; neither is taken', async () => {
    const { id, to } = await sent();
    const { id: other } = await sent();
    const mixed = `${returnPaths.addressOf(id).slice(0, 29)}${returnPaths.addressOf(other).slice(29)}`;
    const otherSecret = createReturnPaths(host, ['x'.repeat(32)]).addressOf(id);
    await unchanged(async () => {
      for (const path of [mixed, otherSecret, `b-${'a'.repeat(26)}-${'a'.repeat(24)}@${host}`])
        expect(await deliver([path], dsn([to]))).toBe(550);
      const query = `?to=${encodeURIComponent(mixed)}`;
      const answer = await handIn(dsn([to], { messageId: `<${id}@example.com>` }), query);
      expect(await json(answer)).toMatchObject({ kind: 'foreign', recorded: 0 });
    });
  });

  it('by a report to the return path of one email that tells of another', async () => {
    const { id, to } = await sent();
    const { received } = await sent();
    const foreign = await metric('intake_messages_total kind="foreign" source="smtp"');
    await unchanged(async () => {
      const message = dsn([to], { messageId: `<${id}@example.com>` });
      expect(await deliver([received?.from ?? ''], message)).toBe(250);
    });
    expect(await metric('intake_messages_total kind="foreign" source="smtp"')).toBe(foreign + 1);
  });

  it('by a report of 10,000 recipients to whom the email did not go', async () => {
    const { id } = await sent({ to: ['x1@example.com', 'x2@example.com'] });
    const many = dsn(Array.from({ length: 10_000 }, (_, index) => `nobody${index}@example.net`));
    await unchanged(() => deliver([returnPaths.addressOf(id)], many));
  });

  it('by attempts to relay; whoever goes on is cut off', async () => {
    const rcpt = (index: number) => `RCPT TO:<somebody${index}@example.org>`;
    const tries = Array.from({ length: 20 }, (_, index) => rcpt(index));
    const replies = (await unchanged(() => talk(['EHLO x', 'MAIL FROM:<>', ...tries]))) as string[];
    expect(codes(replies)).toEqual(['220', '250', '250', ...Array(9).fill('550'), '421']);
    expect(replies[3]).toContain('5.1.1');
    const outside = ['EHLO x', 'AUTH PLAIN AGEAYg==', 'VRFY <shop@example.com>', 'EXPN all', 'DATA', 'QUIT'];
    const others = (await unchanged(() => talk(outside))) as string[];
    expect(codes(others)).toEqual(['220', '250', '500', '252', '500', '503', '221']);
  });

  it('by automatic replies, bounces of bounces and mail of people: they are taken, and nothing is sent back', async () => {
    const { id, to } = await sent();
    const path = returnPaths.addressOf(id);
    const vacation = `From: ${to}\r\nSubject: Out of office\r\nAuto-Submitted: auto-replied\r\n\r\nI am away.\r\n`;
    const person = `From: ${to}\r\nSubject: Re: Hello\r\n\r\nThank you!\r\n`;
    const bounceOfBounce = dsn([`MAILER-DAEMON@${host}`], { messageId: '<20260131.1@relay.example.net>' }).replace(
      'To: someone@example.com',
      `To: MAILER-DAEMON@${host}`,
    );
    await unchanged(async () => {
      expect(await deliver([path], vacation, to)).toBe(250);
      expect(await deliver([path], person, to)).toBe(250);
      expect(await deliver([path], bounceOfBounce)).toBe(250);
    });
  });

  it('by a MIME bomb, which costs no more than another message', async () => {
    const { id } = await sent();
    const nested = Array.from(
      { length: 10_000 },
      (_, depth) => `--b${depth}\r\nContent-Type: multipart/mixed; boundary=b${depth + 1}\r\n\r\n`,
    );
    const flat = Array.from(
      { length: 20_000 },
      () => '--b0\r\nContent-Type: message/delivery-status\r\n\r\nx: y\r\n\r\n',
    );
    for (const parts of [nested, flat]) {
      const bomb = `Content-Type: multipart/report; boundary=b0\r\n\r\n${parts.join('')}`;
      await unchanged(() => deliver([returnPaths.addressOf(id)], bomb));
    }
  });

  it('by a message without an end, which is cut off', async () => {
    const { id } = await sent();
    const refused = await metric('intake_refused_total reason="too_large"');
    const bytes = (await unchanged(
      () =>
        new Promise((resolve) => {
          const socket = connect(port, '127.0.0.1');
          let said = 0;
          let written = 0;
          const line = Buffer.alloc(100_000, 'x\r\n');
          const push = () => {
            // 1 GB, if nobody stops it.
            while (written < 1_000_000_000 && !socket.destroyed) {
              written += line.length;
              if (!socket.write(line)) return;
            }
          };
          const commands = ['EHLO x', 'MAIL FROM:<>', `RCPT TO:<${returnPaths.addressOf(id)}>`, 'DATA'];
          socket.on('data', (text) => {
            if (/^250-/m.test(String(text)) && !/^250 /m.test(String(text))) return;
            const next = commands[said++];
            if (next !== undefined) socket.write(`${next}\r\n`);
            else if (said === commands.length + 1) {
              socket.on('drain', push);
              push();
            }
          });
          socket.on('error', () => {});
          socket.on('close', () => resolve(written));
        }),
    )) as number;
    expect(bytes).toBeLessThan(100_000_000);
    expect(await metric('intake_refused_total reason="too_large"')).toBe(refused + 1);
  });

  it('by more connections than one address may have', async () => {
    const sockets = Array.from({ length: 35 }, () => connect(port, '127.0.0.1'));
    const greetings = await Promise.all(
      sockets.map(
        (socket) =>
          new Promise<string>((resolve) => {
            socket.once('data', (text) => resolve(String(text).slice(0, 3)));
            socket.once('error', () => resolve(''));
          }),
      ),
    );
    expect(greetings.filter((code) => code === '220')).toHaveLength(30);
    expect(greetings.filter((code) => code === '421')).toHaveLength(5);
    for (const socket of sockets) socket.destroy();
    await eventually(async () => (await metric('email_api_intake_connections{')) === 0);
    const { id, to } = await sent();
    expect(await deliver([returnPaths.addressOf(id)], dsn([to]))).toBe(250);
  });
});

it('the statistics say how many came back', async () => {
  const stats = await ground.api.read('/stats');
  expect(stats.late_bounces).toBeGreaterThan(2);
  expect(stats.complaints).toBe(2);
  expect(stats.statuses).toMatchObject({ complained: 2 });
  expect(stats.late_bounce_rate).toBeGreaterThan(0);
  expect(stats.complaint_rate).toBeGreaterThan(0);
});

describe('while the database is away', () => {
  it('a report is answered 451, and taken when it is back', async () => {
    const { id, to } = await sent();
    const { sql } = ground.database;
    await sql.unsafe(`
      create function refuse() returns trigger language plpgsql as $$ begin raise 'away for a test' using errcode = '57P01'; end $$;
      create trigger refuse before insert on email_reports for each row execute function refuse()`);
    expect(await deliver([returnPaths.addressOf(id)], dsn([to]))).toBe(451);
    expect((await handIn(dsn([to], { messageId: `<${id}@example.com>` }))).status).toBe(503);
    await sql.unsafe('drop trigger refuse on email_reports');
    expect((await read(id)).status).toBe('sent');
    expect(await deliver([returnPaths.addressOf(id)], dsn([to]))).toBe(250);
    expect((await read(id)).status).toBe('bounced');
  });
});

it('is told in logs without addresses and secrets', () => {
  const lines = JSON.stringify(ground.api.functions.intake.lines);
  expect(lines).not.toContain(secret);
  expect(lines).not.toMatch(/receiver\d+@example/);
});
