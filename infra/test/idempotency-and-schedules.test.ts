// One email a request, at the time asked for, or not at all: idempotency keys, schedules, expiry, cancel, Prefer: wait.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseEmailRequest } from '../../functions/send/email-request.ts';
import { toNewEmail } from '../../functions/send/new-email.ts';
import { continueTrace } from '../../lib/process/trace.ts';
import { insertEmails } from '../../lib/store/emails/accept.ts';
import type { Acceptance } from '../../lib/store/emails/acceptance.ts';
import type { TestDatabase } from './database.ts';
import { type Api, brokerUrl, eventually, json, startFunction } from './functions.ts';
import type { TestSmtpServer } from './smtp-server.ts';
import { startWholeApi, type WholeApi } from './whole-api.ts';

let ground: WholeApi;
let database: TestDatabase;
let smtp: TestSmtpServer;
let api: Api;
const settings = { DISPATCH_INTERVAL_SECONDS: '0.1', RETRY_BASE_SECONDS: '60' };

beforeAll(async () => {
  ground = await startWholeApi({ settings });
  ({ database, smtp, api } = ground);
});
afterAll(async () => {
  await ground?.stop();
});

const good = { from: 'a@example.com', to: 'b@example.com', subject: 'Hello', text: 'Hi' };
const inSeconds = (seconds: number) => new Date(Date.now() + seconds * 1000).toISOString();
const status = (id: string) => api.read(`/emails/${id}`).then((email) => email.status);
const untilStatus = (id: string, wanted: string) => eventually(async () => (await status(id)) === wanted);
const cancel = (id: string) =>
  fetch(`${api.functions.send.url}/emails/${id}/cancel`, {
    method: 'POST',
    headers: { authorization: `Bearer ${api.token}` },
  });
const emailsWith = (subject: string) => database.sql`select id, status from emails where subject = ${subject}`;

describe('Idempotency-Key', () => {
  it('gives 200 concurrent requests one email and one answer', async () => {
    const body = { ...good, subject: 'once' };
    const responses = await Promise.all(
      Array.from({ length: 200 }, () => api.send(body, { 'idempotency-key': 'order-7' })),
    );
    const answers = await Promise.all(responses.map(json));
    expect(new Set(responses.map((response) => response.status))).toEqual(new Set([202]));
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(responses.filter(({ headers }) => headers.get('idempotency-replayed') === 'true')).toHaveLength(199);
    expect(await emailsWith('once')).toHaveLength(1);
  });

  it('gives two requests one email when they come to be stored in one group', async () => {
    const request = (fingerprint: string): Acceptance => ({
      client_id: 'myawesomeapp',
      idempotency: { key: 'same', fingerprint },
      emails: [
        toNewEmail(
          { ...parseEmailRequest(good, new Date()), subject: 'grouped', template: undefined },
          continueTrace(undefined),
        ),
      ],
    });
    const [first, again, other] = await insertEmails(database.sql, [request('a'), request('a'), request('b')], 60_000);
    const [stored] = await emailsWith('grouped');
    expect(first).toMatchObject({ outcome: 'stored', emails: [{ id: stored?.id, status: 'queued' }] });
    const earlier = { outcome: 'earlier', email_ids: [stored?.id], fingerprint: 'a', status: 'queued' };
    expect([again, other]).toMatchObject([earlier, earlier]);
    expect(await emailsWith('grouped')).toHaveLength(1);
  });

  it('is taken bare or quoted, whatever the order of fields', async () => {
    const first = await json(await api.send({ ...good, subject: 'quoted' }, { 'idempotency-key': 'k1' }));
    const { subject, ...rest } = { ...good, subject: 'quoted' };
    const again = await api.send(JSON.stringify({ subject, ...rest }, null, 2), { 'idempotency-key': '"k1"' });
    expect((await json(again)).id).toBe(first.id);
  });

  it('refuses another body with the same key, and a key that is none', async () => {
    await api.send({ ...good, subject: 'first' }, { 'idempotency-key': 'k2' });
    const other = await api.send({ ...good, subject: 'second' }, { 'idempotency-key': 'k2' });
    expect({ status: other.status, name: (await json(other)).name }).toEqual({
      status: 409,
      name: 'invalid_idempotent_request',
    });
    const empty = await api.send(good, { 'idempotency-key': '""' });
    expect({ status: empty.status, name: (await json(empty)).name }).toEqual({
      status: 400,
      name: 'invalid_idempotency_key',
    });
    expect(await emailsWith('second')).toHaveLength(0);
  });

  it('is not used up by a request that was refused', async () => {
    expect((await api.send({ ...good, subject: 7 }, { 'idempotency-key': 'k3' })).status).toBe(422);
    expect((await api.send({ ...good, subject: 'better' }, { 'idempotency-key': 'k3' })).status).toBe(202);
  });

  it('answers as before though the request would be faulty by now, and refuses what never had its effect', async () => {
    const body = { ...good, subject: 'late', expires_at: inSeconds(4) };
    const batch = [{ ...body, subject: 'late batch' }];
    const sendBatch = (key: string) =>
      fetch(`${api.functions.send.url}/send/batch`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${api.token}`,
          'content-type': 'application/json',
          'idempotency-key': key,
        },
        body: JSON.stringify(batch),
      });
    const first = await json(await api.send(body, { 'idempotency-key': 'late' }));
    const firstBatch = await json(await sendBatch('late-batch'));
    expect(firstBatch.data).toHaveLength(1);
    await eventually(async () => (await api.send(body)).status === 422);

    const again = await api.send(body, { 'idempotency-key': 'late' });
    expect([again.status, again.headers.get('idempotency-replayed')]).toEqual([202, 'true']);
    expect(await json(again)).toEqual(first);
    expect(await json(await sendBatch('late-batch'))).toEqual(firstBatch);
    const other = { ...body, subject: 'another' };
    expect((await api.send(other, { 'idempotency-key': 'late' })).status).toBe(422);
  });

  it('survives a kill between commit and answer: repeated, it is the same email', async () => {
    // The client waits for the outcome, which is slow to come: the row is committed, the answer is not out when the kill comes.
    const body = { ...good, subject: 'killed' };
    let reply = () => {};
    smtp.behave({ hold: new Promise<void>((resolve) => (reply = resolve)) });
    const lost = api.send(body, { 'idempotency-key': 'k4', prefer: 'wait=30' }).catch((error) => error as Error);
    const [row] = await eventually(async () => {
      const rows = await emailsWith('killed');
      return rows.length > 0 && rows;
    });
    await api.functions.send.kill();
    expect(await lost).toBeInstanceOf(Error);
    reply();
    smtp.behave({});

    const port = Number(new URL(api.functions.send.url).port);
    const common = { DATABASE_URL: database.url, AMQP_URL: brokerUrl() };
    const jwks = `${api.functions.token.url}/.well-known/jwks.json`;
    api.functions.send = await startFunction('send', { ...common, JWKS_URL: jwks }, { port });
    const again = await api.send(body, { 'idempotency-key': 'k4' });
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    expect((await json(again)).id).toBe(row?.id);
    expect(await emailsWith('killed')).toHaveLength(1);
  });
});

describe('schedules', () => {
  it('delivers at the time asked for, not before', async () => {
    const scheduled_at = inSeconds(4);
    const answer = await json(await api.send({ ...good, subject: 'later', scheduled_at }));
    expect(answer.status).toBe('scheduled');
    await untilStatus(answer.id, 'sent');
    const email = await api.read(`/emails/${answer.id}`);
    expect(email.events.map(({ type }: { type: string }) => type)).toEqual(['accepted', 'queued', 'attempt', 'sent']);
    expect(email.events[1].reason).toBe('scheduled_time');
    expect(Date.parse(email.events[2].at)).toBeGreaterThanOrEqual(Date.parse(scheduled_at));
  });

  it('cancels a scheduled email; too late, it says the status', async () => {
    const { id } = await json(await api.send({ ...good, subject: 'never', scheduled_at: inSeconds(3_600) }));
    const canceled = await cancel(id);
    expect({ status: canceled.status, body: await json(canceled) }).toEqual({
      status: 200,
      body: { object: 'email', id, status: 'canceled' },
    });
    expect((await cancel(id)).status).toBe(200);
    expect((await api.read(`/emails/${id}`)).last_event).toBe('canceled');

    const { id: sent } = await json(await api.send(good));
    await untilStatus(sent, 'sent');
    const late = await cancel(sent);
    expect(late.status).toBe(409);
    expect((await json(late)).detail).toContain('sent');
    expect((await cancel('01890000-0000-7000-8000-000000000000')).status).toBe(404);
  });

  it('gives one outcome to a cancel that races the worker', async () => {
    const ids = await Promise.all(
      Array.from({ length: 30 }, async () => (await json(await api.send({ ...good, to: 'race@example.com' }))).id),
    );
    const canceled = await Promise.all(ids.map(async (id) => (await cancel(id)).status));
    for (const [index, id] of ids.entries()) await untilStatus(id, canceled[index] === 200 ? 'canceled' : 'sent');
    const delivered = smtp.received.filter(({ to }) => to.includes('race@example.com'));
    expect(delivered).toHaveLength(canceled.filter((code) => code === 409).length);
  });

  it('expires what could not be delivered in time', async () => {
    smtp.behave({ answerData: [451, '4.3.0 later'] });
    const { id } = await json(await api.send({ ...good, expires_at: inSeconds(4) }));
    await untilStatus(id, 'deferred');
    smtp.behave({});
    await untilStatus(id, 'expired');
    const email = await api.read(`/emails/${id}`);
    expect(email.events.map(({ type }: { type: string }) => type)).toEqual([
      'accepted',
      'attempt',
      'deferred',
      'expired',
    ]);
  });
});

describe('Prefer: wait', () => {
  it('answers 200 with the outcome when it is there in time', async () => {
    const response = await api.send(good, { prefer: 'wait=30' });
    expect(response.status).toBe(200);
    expect(response.headers.get('preference-applied')).toBe('wait=30');
    expect(await json(response)).toMatchObject({ status: 'sent', attempts: 1, last_reply: '250 2.0.0 taken' });
  });

  it('answers 202 with the present status when it is not', async () => {
    smtp.behave({ answerData: [451, '4.3.0 later'] });
    const response = await api.send(good, { prefer: 'wait=1' });
    smtp.behave({});
    expect(response.status).toBe(202);
    expect(await json(response)).toMatchObject({ status: 'deferred', last_reply: '451 4.3.0 later' });
  });
});

describe('at_most_once', () => {
  it('ends as unknown when the connection drops after the final dot, and is not tried again', async () => {
    smtp.behave({ drop: 'after_final_dot' });
    const { id } = await json(await api.send({ ...good, delivery: 'at_most_once' }));
    await untilStatus(id, 'unknown');
    smtp.behave({});
    const email = await api.read(`/emails/${id}`);
    expect(email.events.map(({ type }: { type: string }) => type)).toEqual(['accepted', 'attempt', 'unknown']);
    expect(email.due_at).toBeNull();
  });

  it('is tried again when the connection drops before that', async () => {
    // More than socket buffers hold: handed over in part only when the connection goes.
    smtp.behave({ drop: 'in_data' });
    const { id } = await json(await api.send({ ...good, text: 'x'.repeat(9_000_000), delivery: 'at_most_once' }));
    await untilStatus(id, 'deferred');
    smtp.behave({});
  });
});
