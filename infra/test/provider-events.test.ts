// Events of providers on the real services: each ends an email as it says. Amazon SNS, whose certificate is asked for, is answered for by a hook of Node.
import { execFileSync } from 'node:child_process';
import { createHmac, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually, type Json, json } from './functions.ts';
import { startWholeApi, type WholeApi } from './whole-api.ts';

const topic = 'arn:aws:sns:us-east-1:123456789012:bounces';
const region = 'https://sns.us-east-1.amazonaws.com';
const secrets = {
  INTAKE_POSTMARK_SECRET: randomBytes(24).toString('base64url'),
  INTAKE_MAILGUN_SIGNING_KEY: randomBytes(24).toString('base64url'),
  INTAKE_RESEND_SECRET: `whsec_${randomBytes(24).toString('base64')}`,
};
const sendgrid = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const directory = mkdtempSync(join(tmpdir(), 'events-'));
const file = (name: string) => join(directory, name);

let ground: WholeApi;
let intake: string;

beforeAll(async () => {
  const request = [
    'req',
    '-x509',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-days',
    '2',
    '-keyout',
    'sns.key',
    '-out',
    'sns.pem',
  ];
  execFileSync('openssl', [...request, '-subj', '/CN=sns.amazonaws.com'], { cwd: directory, stdio: 'pipe' });
  // What is asked of SNS is noted; all else goes where it did.
  writeFileSync(
    file('sns.mjs'),
    `import { appendFileSync, readFileSync } from 'node:fs';
    const others = globalThis.fetch;
    globalThis.fetch = async (url, options) => {
      if (new URL(url).host !== '${new URL(region).host}') return others(url, options);
      appendFileSync(${JSON.stringify(file('asked'))}, url + '\\n');
      return new Response(readFileSync(${JSON.stringify(file('sns.pem'))}));
    };`,
  );
  ground = await startWholeApi({
    also: ['manage', 'intake'],
    settings: {
      ...secrets,
      NODE_OPTIONS: `--import ${file('sns.mjs')}`,
      INTAKE_SES_TOPICS: topic,
      INTAKE_SENDGRID_PUBLIC_KEY: sendgrid.publicKey.export({ format: 'der', type: 'spki' }).toString('base64'),
      ID_HEADERS: 'X-PM-Metadata-email-id',
    },
  });
  intake = ground.api.functions.intake.url;
}, 120_000);
afterAll(async () => {
  await ground?.stop();
  rmSync(directory, { recursive: true });
});

let count = 0;
async function sent(): Promise<{ id: string; to: string }> {
  const to = `receiver${++count}@example.com`;
  const answer = await ground.api.send({ from: 'shop@example.com', to, subject: 'Hello', text: 'Hi' });
  const { id } = await json(answer);
  await eventually(async () => (await read(id)).status === 'sent');
  return { id, to };
}
const read = (id: string): Promise<Json> => ground.api.read(`/emails/${id}`);

function post(name: string, body: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${intake}/intake/${name}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body,
  });
}

const inSeconds = () => String(Math.floor(Date.now() / 1000));

function ses(event: object, over: Record<string, string> = {}): Promise<Response> {
  const message: Record<string, string> = {
    Type: 'Notification',
    MessageId: 'm1',
    TopicArn: topic,
    Message: JSON.stringify(event),
    Timestamp: new Date().toISOString(),
    SignatureVersion: '2',
    SigningCertURL: `${region}/SimpleNotificationService-0123.pem`,
    ...over,
  };
  const names = ['Message', 'MessageId', 'SubscribeURL', 'Timestamp', 'Token', 'TopicArn', 'Type'];
  const text = names.map((name) => (message[name] === undefined ? '' : `${name}\n${message[name]}\n`)).join('');
  const Signature = sign('sha256', Buffer.from(text), readFileSync(file('sns.key'))).toString('base64');
  return post('ses', JSON.stringify({ Signature, ...message }), { 'content-type': 'text/plain; charset=UTF-8' });
}

const bounceOf = (id: string, to: string) => ({
  notificationType: 'Bounce',
  mail: { source: 'shop@example.com', headers: [{ name: 'Message-ID', value: `<${id}@example.com>` }] },
  bounce: {
    ...{ bounceType: 'Permanent', bounceSubType: 'General', timestamp: new Date().toISOString() },
    bouncedRecipients: [{ emailAddress: to, status: '5.1.1', diagnosticCode: 'smtp; 550 5.1.1 no such user' }],
  },
});

describe('Amazon SES', () => {
  it('a subscription is confirmed, and a bounce ends an email, once; its recipient is suppressed', async () => {
    const SubscribeURL = `${region}/?Action=ConfirmSubscription&TopicArn=${topic}&Token=t`;
    const confirmation = await ses({}, { Type: 'SubscriptionConfirmation', Message: 'x', Token: 't', SubscribeURL });
    expect(confirmation.status).toBe(200);
    const { id, to } = await sent();
    for (const expected of [{ recorded: 1 }, { repeated: 1 }])
      expect(await json(await ses(bounceOf(id, to)))).toMatchObject({ object: 'intake', ...expected });
    const email = await read(id);
    expect(email).toMatchObject({
      status: 'bounced',
      recipients: [{ email: to, status: 'bounced', enhanced_code: '5.1.1' }],
    });
    expect(email.events.filter(({ type }: Json) => type === 'bounced')).toEqual([
      expect.objectContaining({ recipient: to, source: 'ses', code: 550, hard: true }),
    ]);
    const again = await ground.api.send({ from: 'shop@example.com', to, subject: 'Again', text: 'Hi' });
    expect((await json(again)).status).toBe('suppressed');
    const asked = readFileSync(file('asked'), 'utf8').trim().split('\n');
    expect(asked.map((each) => new URL(each).pathname)).toEqual(['/SimpleNotificationService-0123.pem', '/']);
  });

  it('a bounce of another topic, or that was changed, is refused and counted', async () => {
    const { id, to } = await sent();
    for (const over of [{ TopicArn: `${topic}2` }, { Signature: 'AAAA' }] as Record<string, string>[]) {
      const answer = await ses(bounceOf(id, to), over);
      expect([answer.status, answer.headers.get('content-type')]).toEqual([403, 'application/problem+json']);
      expect(await json(answer)).toMatchObject({ name: 'invalid_signature' });
    }
    expect((await read(id)).status).toBe('sent');
    const metrics = await (await fetch(`${intake}/metrics`)).text();
    for (const reason of ['topic', 'signature'])
      expect(metrics).toMatch(new RegExp(`intake_events_refused_total\\{source="ses",reason="${reason}".*\\} 1`));
  });

  it('a bounce of an email that is not known is answered as others are', async () => {
    const answer = await ses(bounceOf('01890000-0000-7000-8000-000000000001', 'a@example.com'));
    expect([answer.status, await json(answer)]).toEqual([
      200,
      expect.objectContaining({ unknown_email: 1, recorded: 0 }),
    ]);
  });

  it('while the database is away, it is told to send again', async () => {
    const { id, to } = await sent();
    const { sql } = ground.database;
    await sql.unsafe(`
      create function refuse() returns trigger language plpgsql as $$ begin raise 'away for a test' using errcode = '57P01'; end $$;
      create trigger refuse before insert on email_reports for each row execute function refuse()`);
    const answer = await ses(bounceOf(id, to));
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '1']);
    await sql.unsafe('drop trigger refuse on email_reports');
    expect(await json(await ses(bounceOf(id, to)))).toMatchObject({ recorded: 1 });
  });
});

describe('others', () => {
  const calls: Record<string, (id: string, to: string) => Promise<Response>> = {
    postmark: (id, to) => {
      const raw = ground.smtp.received.find((each) => each.raw.includes(id))?.raw ?? '';
      const given = /^X-PM-Metadata-email-id: (.*)$/m.exec(raw)?.[1]?.trim();
      const event = { RecordType: 'Delivery', Recipient: to, DeliveredAt: new Date(), Metadata: { 'email-id': given } };
      return post('postmark', JSON.stringify(event), { 'x-intake-secret': secrets.INTAKE_POSTMARK_SECRET });
    },
    mailgun: (id, to) => {
      const [timestamp, token] = [inSeconds(), randomBytes(25).toString('hex')];
      const hmac = createHmac('sha256', secrets.INTAKE_MAILGUN_SIGNING_KEY).update(timestamp + token);
      const event = { event: 'delivered', recipient: to, message: { headers: { 'message-id': `${id}@example.com` } } };
      return post(
        'mailgun',
        JSON.stringify({ signature: { timestamp, token, signature: hmac.digest('hex') }, 'event-data': event }),
      );
    },
    sendgrid: (id, to) => {
      const timestamp = inSeconds();
      const body = JSON.stringify([{ event: 'delivered', email: to, 'smtp-id': `<${id}@example.com>` }]);
      return post('sendgrid', body, {
        'x-twilio-email-event-webhook-timestamp': timestamp,
        'x-twilio-email-event-webhook-signature': sign(
          'sha256',
          Buffer.from(timestamp + body),
          sendgrid.privateKey,
        ).toString('base64'),
      });
    },
    resend: (id, to) => {
      const body = JSON.stringify({ type: 'email.delivered', data: { message_id: `<${id}@example.com>`, to: [to] } });
      const at = new Date();
      return post('resend', body, {
        'svix-id': 'msg_1',
        'svix-timestamp': String(Math.floor(at.getTime() / 1000)),
        'svix-signature': new Webhook(secrets.INTAKE_RESEND_SECRET).sign('msg_1', at, body),
      });
    },
  };

  it.each(Object.entries(calls))('%s: a delivery makes an email delivered', async (source, call) => {
    const { id, to } = await sent();
    const answer = await call(id, to);
    expect([answer.status, await json(answer)]).toEqual([200, expect.objectContaining({ recorded: 1 })]);
    const { status, events } = await read(id);
    expect([status, events.at(-1)]).toEqual(['delivered', expect.objectContaining({ type: 'delivered', source })]);
  });

  it.each(Object.keys(calls))('%s: what proves nothing is refused, and what is too large is not read', async (name) => {
    for (const body of ['{}', '[]']) expect((await post(name, body)).status).toBe(403);
    expect((await post(name, 'x'.repeat(1_000_001))).status).toBe(413);
    expect((await post(name, 'x'.repeat(300_000))).status).toBe(name === 'sendgrid' ? 403 : 413);
    expect((await post(name, 'a=b', { 'content-type': 'application/x-www-form-urlencoded' })).status).toBe(415);
  });
});

it('a batch of SendGrid may have more events than are recorded at once', async () => {
  const { id, to } = await sent();
  const timestamp = inSeconds();
  const stranger = { event: 'delivered', email: 'a@example.com', 'smtp-id': '<x@example.com>' };
  const own = { event: 'delivered', email: to, 'smtp-id': `<${id}@example.com>` };
  const body = JSON.stringify([...Array(2_500).fill(stranger), own]);
  const signature = sign('sha256', Buffer.from(timestamp + body), sendgrid.privateKey).toString('base64');
  const answer = await post('sendgrid', body, {
    'x-twilio-email-event-webhook-timestamp': timestamp,
    'x-twilio-email-event-webhook-signature': signature,
  });
  expect(await json(answer)).toMatchObject({ recorded: 1, unknown_email: 2_500 });
});

it('logs tell of no secret', () => {
  const lines = JSON.stringify(ground.api.functions.intake.lines);
  for (const secret of Object.values(secrets)) expect(lines).not.toContain(secret);
  expect(lines).not.toMatch(/receiver\d+@example/);
});
