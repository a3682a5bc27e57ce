// The official Node SDK of Resend, unmodified, with our gateway as its base URL and an access token as its key.
import { randomBytes } from 'node:crypto';
import { simpleParser } from 'mailparser';
import { Resend } from 'resend';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PublicFunction } from '../gateway/public-functions.ts';
import { type Gateway, startGateway } from '../local/gateway.ts';
import { freePort, loopback } from '../local/ports.ts';
import { createTestDatabase, type TestDatabase } from './database.ts';
import { type Api, eventually, type Json, json, startApi } from './functions.ts';
import { startSmtpServer, type TestSmtpServer } from './smtp-server.ts';

let database: TestDatabase;
let smtp: TestSmtpServer;
let api: Api;
let gateway: Gateway;
let baseUrl: string;
let resend: Resend;

beforeAll(async () => {
  database = await createTestDatabase();
  smtp = await startSmtpServer();
  api = await startApi({
    databaseUrl: database.url,
    smtpUrl: smtp.url,
    also: ['manage', 'intake', 'console'],
    settings: { DISPATCH_INTERVAL_SECONDS: '0.1' },
  });
  const portOf = (name: PublicFunction) => Number(new URL(api.functions[name].url).port);
  const port = await freePort();
  gateway = await startGateway({
    port,
    ports: {
      token: portOf('token'),
      send: portOf('send'),
      history: portOf('history'),
      manage: portOf('manage'),
      intake: portOf('intake'),
      console: portOf('console'),
    },
  });
  baseUrl = `http://${loopback}:${port}`;
  resend = new Resend(api.token, { baseUrl });
});
afterAll(async () => {
  await gateway?.stop();
  await api?.stop();
  await smtp?.stop();
  await database?.drop();
});

const email = { from: 'Shop <shop@example.com>', to: ['a@example.com'], subject: 'Your order', text: 'Thank you.' };
const inAnHour = () => new Date(Date.now() + 3_600_000).toISOString();

/** The answer of a call that must have gone well. */
async function ok<Data>(call: Promise<{ data: Data | null; error: unknown }>): Promise<Data> {
  const { data, error } = await call;
  expect(error).toBeNull();
  return data as Data;
}

const sent = (id: string) =>
  eventually(async () => {
    const found: Json = await ok(resend.emails.get(id));
    return found.last_event === 'sent' && found;
  });

describe('emails', () => {
  it('send and get: everything the SDK can say arrives', async () => {
    const content = randomBytes(1_000);
    const { id } = await ok(
      resend.emails.send({
        ...email,
        cc: 'c@example.com',
        bcc: ['d@example.com'],
        replyTo: 'help@example.com',
        html: '<p>Thank you. <img src="cid:logo"></p>',
        headers: { 'X-Order': '7' },
        tags: [{ name: 'campaign', value: 'spring' }],
        attachments: [
          { filename: 'logo.png', content, contentType: 'image/png', contentId: 'logo' },
          { filename: 'note.txt', content: Buffer.from('note').toString('base64') },
        ],
      }),
    );
    const found = await sent(id);
    expect(found).toMatchObject({
      object: 'email',
      id,
      from: email.from,
      to: email.to,
      cc: ['c@example.com'],
      bcc: ['d@example.com'],
      reply_to: ['help@example.com'],
      subject: email.subject,
      text: email.text,
      tags: [{ name: 'campaign', value: 'spring' }],
      created_at: expect.any(String),
      scheduled_at: null,
    });
    const message = smtp.received.find(({ raw }) => raw.includes(found.message_id));
    expect(message?.to).toEqual(['a@example.com', 'c@example.com', 'd@example.com']);
    const parsed = await simpleParser(message?.raw ?? '');
    expect(parsed.headers.get('x-order')).toBe('7');
    expect(parsed.attachments.map((attachment) => attachment.content)).toEqual([content, Buffer.from('note')]);
  });

  it('update and cancel a scheduled one', async () => {
    const { id } = await ok(resend.emails.send({ ...email, scheduledAt: inAnHour() }));
    const scheduledAt = new Date(Date.now() + 7_200_000).toISOString();
    expect(await ok(resend.emails.update({ id, scheduledAt }))).toMatchObject({ object: 'email', id });
    expect(await ok(resend.emails.get(id))).toMatchObject({ scheduled_at: scheduledAt, last_event: 'scheduled' });
    expect(await ok(resend.emails.cancel(id))).toMatchObject({ object: 'email', id });
    const { error } = await resend.emails.update({ id, scheduledAt });
    expect(error).toMatchObject({ statusCode: 409, name: 'conflict', message: expect.stringContaining('canceled') });
  });

  it('update to now delivers', async () => {
    const { id } = await ok(resend.emails.send({ ...email, scheduledAt: inAnHour() }));
    await ok(resend.emails.update({ id, scheduledAt: new Date().toISOString() }));
    const { events } = await sent(id);
    expect(events.map(({ type }: Json) => type)).toEqual(['accepted', 'rescheduled', 'queued', 'attempt', 'sent']);
  });

  it('update says what is wrong', async () => {
    const expires_at = inAnHour();
    const { id } = await json(await api.send({ ...email, scheduled_at: new Date(Date.now() + 60_000), expires_at }));
    for (const [scheduledAt, message] of [
      [new Date(Date.now() + 7_200_000).toISOString(), 'before expires_at'],
      ['soon', 'ISO 8601'],
      ['2099-01-01T00:00:00Z', 'a year ahead at most'],
    ] as const) {
      const { error } = await resend.emails.update({ id, scheduledAt });
      expect(error).toMatchObject({ statusCode: 422, message: expect.stringContaining(message) });
    }
    const { error } = await resend.emails.update({
      id: '01890000-0000-7000-8000-000000000000',
      scheduledAt: expires_at,
    });
    expect(error).toMatchObject({ statusCode: 404, name: 'not_found' });
  });

  it('send once under an idempotency key', async () => {
    const options = { idempotencyKey: 'order-7' };
    const first = await ok(resend.emails.send(email, options));
    expect(await ok(resend.emails.send(email, options))).toEqual(expect.objectContaining({ id: first.id }));
    const { error } = await resend.emails.send({ ...email, subject: 'Another' }, options);
    expect(error).toMatchObject({ statusCode: 409, name: 'invalid_idempotent_request' });
  });

  it('list', async () => {
    const page = await ok(resend.emails.list({ limit: 1 }));
    expect(page).toMatchObject({ object: 'list', has_more: true, data: [{ object: 'email' }] });
    const next = await ok(resend.emails.list({ limit: 1, after: page.data[0]?.id ?? '' }));
    expect(next.data[0]?.id).not.toBe(page.data[0]?.id);
  });
});

describe('batch.send', () => {
  it('answers the ids in order, once under an idempotency key', async () => {
    const emails = Array.from({ length: 100 }, (_, n) => ({
      ...email,
      to: [`r${n}@example.com`],
      subject: `Nr. ${n}`,
    }));
    const [{ data }, again] = await Promise.all([
      ok(resend.batch.send(emails, { idempotencyKey: 'batch-7' })),
      ok(resend.batch.send(emails, { idempotencyKey: 'batch-7' })),
    ]);
    expect(data).toHaveLength(100);
    expect(again.data).toEqual(data);
    expect((await ok(resend.batch.send(emails, { idempotencyKey: 'batch-7' }))).data).toEqual(data);
    const rows = await database.sql`select id, subject from emails where subject like 'Nr. %'`;
    const subjects = new Map(rows.map((row) => [row.id, row.subject]));
    expect(data.map(({ id }) => subjects.get(id))).toEqual(emails.map(({ subject }) => subject));
    expect(rows).toHaveLength(100);
  });

  it('is all or nothing, every fault named by index', async () => {
    const subject = 'all or nothing';
    const faulty = { ...email, subject, to: ['nope'] };
    const { data, error } = await resend.batch.send([{ ...email, subject }, faulty, { ...email, subject, from: 'x' }]);
    expect(data).toBeNull();
    expect(error).toMatchObject({
      statusCode: 422,
      name: 'validation_error',
      errors: [{ path: '[1].to[0]' }, { path: '[2].from' }],
    });
    expect(await database.sql`select from emails where subject = ${subject}`).toHaveLength(0);
  });

  it('sends the good ones in permissive validation', async () => {
    const permissive = { batchValidation: 'permissive' } as const;
    const emails = [{ ...email, to: ['nope'] }, email, { ...email, to: [] }];
    const { data, errors } = await ok(resend.batch.send(emails, permissive));
    expect(errors.map(({ index }) => index)).toEqual([0, 2]);
    expect(errors[0]?.message).toContain('to[0] must be one email address');
    expect(data).toHaveLength(1);
    await sent(data[0]?.id ?? '');
    const none = await ok(resend.batch.send([{ ...email, to: ['nope'] }], permissive));
    expect(none).toMatchObject({ data: [], errors: [{ index: 0 }] });
  });

  it('takes attachments and schedules, as one email alone does', async () => {
    const attachments = [{ filename: 'a.txt', content: 'aGVsbG8=' }];
    const { data } = await ok(
      resend.batch.send([
        { ...email, attachments },
        { ...email, scheduledAt: inAnHour() },
      ] as never),
    );
    expect(await sent((data as Json)[0].id)).toMatchObject({ attachments: [{ filename: 'a.txt', size: 5 }] });
    expect(await ok(resend.emails.get((data as Json)[1].id))).toMatchObject({ status: 'scheduled' });
  });
});

describe('errors are the SDK’s own', () => {
  it.each([
    ['a field missing', { ...email, to: undefined }, 422, 'missing_required_field', 'to is required'],
    ['an address that is none', { ...email, to: ['nope'] }, 422, 'validation_error', 'to[0] must be'],
    [
      'a file of ours',
      { ...email, attachments: [{ path: '/etc/passwd' }] },
      422,
      'validation_error',
      'attachments[0].path',
    ],
    ['words that are no time', { ...email, scheduledAt: 'soon' }, 422, 'validation_error', 'scheduled_at must be'],
    ['a topic', { ...email, topicId: 't' }, 422, 'validation_error', 'topic_id is not a field'],
  ])('%s', async (_what, body, statusCode, name, message) => {
    const { data, error } = await resend.emails.send(body as never);
    expect(data).toBeNull();
    expect(error).toMatchObject({ statusCode, name, message: expect.stringContaining(message) });
  });

  it('a key that is none', async () => {
    const { error } = await new Resend('re_123', { baseUrl }).emails.send(email);
    expect(error).toMatchObject({ statusCode: 403, name: 'invalid_api_key' });
  });

  it('an email that is not there', async () => {
    const { error } = await resend.emails.get('nope');
    expect(error).toMatchObject({ statusCode: 404, name: 'not_found' });
  });
});
