// Webhooks, whole: from the request that makes an endpoint to calls that a library of others verifies, with everything that breaks between.
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { admin, brokerUrl, eventually, getToken, type Json, json, startFunction } from './functions.ts';
import { startWholeApi, type WholeApi } from './whole-api.ts';

interface Call {
  id: string;
  headers: IncomingHttpHeaders;
  body: string;
  event: Json;
  response: ServerResponse;
}

const settings = {
  DISPATCH_INTERVAL_SECONDS: '0.1',
  PUBLISH_GRACE_SECONDS: '1',
  WEBHOOK_ALLOWED_ADDRESSES: '127.0.0.0/8',
  WEBHOOK_TIMEOUT_SECONDS: '3',
  // A schedule that no machine is too slow for: see `atItsLast`.
  WEBHOOK_RETRY_SECONDS: '0.2 0.3 0.5 0.5 1 1 600',
};
const email = {
  from: 'a@example.com',
  to: ['b@example.com'],
  subject: 'Hello',
  text: 'Hi',
  tags: ['welcome'],
  metadata: { order: '7' },
};

let ground: WholeApi;
let server: Server;
let base: string;
let calls: Call[];
/** How the server answers; 204 unless a test wants something else. */
let answer: (call: Call) => void;
const ok = ({ response }: Call) => void response.writeHead(204).end();

beforeAll(async () => {
  ground = await startWholeApi({ settings, also: ['manage', 'notify'] });
  server = createServer(async (request, response) => {
    const body = Buffer.concat(await request.toArray().catch(() => [])).toString();
    const { headers } = request;
    const call = { id: String(headers['webhook-id']), headers, body, event: JSON.parse(body), response };
    calls.push(call);
    answer(call);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  await ground?.stop();
  server?.closeAllConnections();
  server?.close();
});
beforeEach(async () => {
  await ground.database.sql`delete from webhooks`;
  calls = [];
  answer = ok;
});

async function manage(method: string, path: string, body?: unknown, token = ground.api.token) {
  const response = await fetch(ground.api.functions.manage.url + path, {
    method,
    headers: { authorization: `Bearer ${token}`, ...(body !== undefined && { 'content-type': 'application/json' }) },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  return {
    status: response.status,
    headers: response.headers,
    body: response.status === 204 ? undefined : await json(response),
  };
}
async function endpoint(over: object = {}): Promise<Json> {
  const made = await manage('POST', '/webhooks', { url: `${base}/hook`, ...over });
  expect(made).toMatchObject({ status: 201, body: { object: 'webhook', secret: expect.stringMatching(/^whsec_/) } });
  return made.body;
}
const send = async (body: object = email) => (await json(await ground.api.send(body))).id as string;
const deliveries = async (id: string, query = '') =>
  (await manage('GET', `/webhooks/${id}/deliveries${query}`)).body.data as Json[];
const untilCalls = (count: number) => eventually(async () => calls.length >= count && calls);
/** The one delivery of the endpoint, once it is as wanted. */
const untilDelivery = (id: string, wanted: object) =>
  eventually(async () => {
    const [delivery] = await deliveries(id);
    return delivery && Object.entries(wanted).every(([key, value]) => delivery[key] === value) && delivery;
  });
/** As if its deliveries had been tried for as long as the schedule says, after some attempts: the next one is the last. */
const atItsLast = (id: string, attempts = 2) =>
  eventually(
    async () =>
      (
        await ground.database.sql`
          update webhook_deliveries set wanted_at = wanted_at - interval '1 hour', due_at = now() + interval '100 milliseconds'
          where webhook_id = ${id} and status = 'pending' and attempts >= ${attempts} returning id`
      ).length === 1,
  );
const verified = (call: Call | undefined, secret: string) => {
  expect(call).toBeDefined();
  return new Webhook(secret).verify(call?.body ?? '', call?.headers as Record<string, string>) as Json;
};

describe('what an endpoint is told', () => {
  it('every step of an email, signed, once', async () => {
    const { id, secret } = await endpoint();
    const emailId = await send();
    await untilCalls(2);
    const told = calls.map((call) => verified(call, secret));
    const bySubject = {
      from: 'a@example.com',
      recipients: ['b@example.com'],
      subject: 'Hello',
      tags: [{ name: 'welcome', value: '' }],
    };
    expect(told.map(({ type }) => type).sort()).toEqual(['email.accepted', 'email.sent']);
    for (const { timestamp, data } of told) {
      expect(data).toMatchObject({ email_id: emailId, metadata: { order: '7' }, ...bySubject });
      expect(new Date(timestamp).toISOString()).toBe(timestamp);
    }
    const sent = told.find(({ type }) => type === 'email.sent');
    expect(sent.data.attempt).toMatchObject({ attempt: 1, code: 250, outcome: 'sent' });
    const events = (await ground.api.read(`/emails/${emailId}/events`)).data;
    expect(sent.timestamp).toBe(events.at(-1).at);

    expect(await untilDelivery(id, { type: 'email.sent', status: 'delivered' })).toMatchObject({
      object: 'webhook_delivery',
      ...{ id: calls.find(({ event }) => event.type === 'email.sent')?.id, email_id: emailId, attempts: 1 },
      ...{ last_status_code: 204, last_reason: null, next_attempt_at: null },
    });
    expect(calls).toHaveLength(2);
  });

  it('only what it asked for, only of its client, and nothing while it is disabled', async () => {
    admin(ground.database.url, 'client', 'ensure', '--demo', 'other', '--secret', 's', '--scope', 'basic email');
    const token = await getToken(ground.api.functions.token.url, {
      client_id: 'other',
      client_secret: 's',
      scope: 'basic email',
    });
    await manage('POST', '/webhooks', { url: `${base}/others` }, token);
    const disabled = await endpoint({ url: `${base}/disabled` });
    await manage('PATCH', `/webhooks/${disabled.id}`, { disabled: true });
    await endpoint({ url: `${base}/bounces`, events: ['email.bounced', 'email.attempt'] });
    ground.smtp.behave({ refuse: { 'gone@example.com': [550, '5.1.1 no such user'] } });
    await send();
    await send({ ...email, to: 'gone@example.com' });
    await untilCalls(3);
    ground.smtp.behave({});
    const [rows] = await ground.database.sql`select count(*)::int from webhook_deliveries`;
    expect(rows?.count).toBe(3);
    expect(calls.map(({ event }) => event.type).sort()).toEqual(['email.attempt', 'email.attempt', 'email.bounced']);
    const { data } = calls.find(({ event }) => event.type === 'email.bounced')?.event ?? {};
    expect(data.attempt).toMatchObject({ code: 550, enhanced_code: '5.1.1' });
  });

  it('nothing of a recipient that was erased, even if it is told only then', async () => {
    const { id } = await endpoint({ events: ['email.bounced'] });
    answer = ({ response }) => void response.writeHead(500).end();
    ground.smtp.behave({ refuse: { 'erased@example.com': [550, '5.1.1 <erased@example.com> no such user'] } });
    await send({ ...email, to: 'erased@example.com' });
    await atItsLast(id);
    await untilDelivery(id, { status: 'failed' });
    ground.smtp.behave({});
    expect(calls[0]?.body).toContain('erased@example.com');
    await fetch(`${ground.api.functions.send.url}/recipients/erase`, {
      method: 'POST',
      headers: { authorization: `Bearer ${ground.api.token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ recipient: 'erased@example.com' }),
    });
    await manage('PATCH', `/webhooks/${id}`, { disabled: false });
    calls = [];
    answer = ok;
    await manage('POST', `/webhooks/${id}/deliveries/replay`, { since: '2020-01-01T00:00:00Z' });
    const [call] = await untilCalls(1);
    expect(call?.body).not.toMatch(/gone@|Hello|order/);
    expect(call?.event).toMatchObject({
      type: 'email.bounced',
      data: { recipients: ['erased'], attempt: { code: 550 } },
    });
  });
});

describe('an endpoint in trouble', () => {
  it('is tried again: the same webhook-id and body, a timestamp of its own, until it is taken', async () => {
    const { id, secret } = await endpoint({ events: ['email.accepted'] });
    answer = (call) => (calls.length < 3 ? void call.response.writeHead(500).end('x'.repeat(100)) : ok(call));
    await send();
    await untilCalls(3);
    expect(await untilDelivery(id, { status: 'delivered' })).toMatchObject({ attempts: 3 });
    expect(new Set(calls.map((call) => `${call.id} ${call.body}`)).size).toBe(1);
    for (const call of calls) verified(call, secret);
    const times = calls.map(({ headers }) => Number(headers['webhook-timestamp']));
    expect(times[2]).toBeGreaterThanOrEqual(times[0] ?? Number.NaN);
    expect(Math.abs((times[2] ?? 0) - Date.now() / 1000)).toBeLessThan(120);
  });

  it('that takes nothing for as long as a delivery is tried is disabled, until its client enables it', async () => {
    const { id } = await endpoint({ events: ['email.accepted'] });
    answer = ({ response }) => void response.writeHead(307, { location: `${base}/elsewhere` }).end();
    await send();
    await atItsLast(id);
    const failed = await untilDelivery(id, { status: 'failed' });
    expect(failed).toMatchObject({
      last_status_code: 307,
      last_reason: expect.stringContaining('redirects are not followed'),
    });
    expect(failed.attempts).toBeGreaterThanOrEqual(3);
    expect(calls).toHaveLength(failed.attempts);
    expect((await manage('GET', `/webhooks/${id}`)).body.disabled_reason).toMatch(/^it took nothing from 20.*Z on$/);
    expect(await manage('POST', `/webhooks/${id}/deliveries/${failed.id}/replay`)).toMatchObject({ status: 409 });

    answer = ok;
    expect((await manage('PATCH', `/webhooks/${id}`, { disabled: false })).body).toMatchObject({
      disabled_at: null,
      disabled_reason: null,
    });
    expect(await manage('POST', `/webhooks/${id}/deliveries/${failed.id}/replay`)).toMatchObject({ status: 202 });
    expect(await untilDelivery(id, { status: 'delivered' })).toMatchObject({
      ...{ id: failed.id, attempts: failed.attempts + 1 },
    });
  });

  it('that answers 410 is disabled at once, and what waited for it is not delivered', async () => {
    const { id } = await endpoint({ events: ['email.accepted'] });
    await ground.api.functions.notify.stop();
    await send();
    await send();
    answer = ({ response }) => void response.writeHead(410).end();
    await startNotify({ WEBHOOK_REQUESTS: '1' });
    await eventually(async () => (await deliveries(id, '?status=failed')).length === 2);
    expect((await manage('GET', `/webhooks/${id}`)).body).toMatchObject({ disabled_reason: 'it answered 410 Gone' });
    expect(calls).toHaveLength(1);
    expect((await deliveries(id)).map(({ last_reason }) => last_reason).sort()).toEqual([
      'it answered 410',
      'the endpoint is disabled',
    ]);
    await ground.api.functions.notify.stop();
    await startNotify();
  });

  it.each([
    ['seconds', () => '2'],
    ['a date', () => new Date(Date.now() + 3_000).toUTCString()],
  ])('is left alone as Retry-After asks, in %s, with all its deliveries', async (_form, retryAfter) => {
    await endpoint({ events: ['email.accepted'] });
    const at: number[] = [];
    answer = (call) => {
      at.push(performance.now());
      if (at.length > 1) ok(call);
      else call.response.writeHead(429, { 'retry-after': retryAfter() }).end();
    };
    await send();
    await eventually(
      async () => (await ground.database.sql`select from webhooks where quiet_until is not null`).length === 1,
    );
    await send();
    await untilCalls(3);
    for (const later of at.slice(1)) expect(later - (at[0] ?? 0)).toBeGreaterThan(1_500);
  });

  it('that is slow to answer, or never stops answering, holds up nobody', async () => {
    const slow = await endpoint({ events: ['email.accepted'], url: `${base}/slow` });
    const endless = await endpoint({ events: ['email.accepted'], url: `${base}/endless` });
    const good = await endpoint({ events: ['email.accepted'], url: `${base}/good` });
    answer = (call) => {
      const path = call.response.req.url;
      if (path === '/good') ok(call);
      if (path !== '/endless') return;
      call.response.writeHead(200);
      const write = () =>
        void (
          call.response.destroyed ||
          (call.response.write(Buffer.alloc(65_536)) ? setImmediate(write) : call.response.once('drain', write))
        );
      write();
    };
    await send();
    await untilDelivery(good.id, { status: 'delivered' });
    await untilDelivery(endless.id, { status: 'delivered' });
    await atItsLast(slow.id, 1);
    expect(await untilDelivery(slow.id, { status: 'failed' })).toMatchObject({
      last_reason: 'no answer within 3 s',
      last_status_code: null,
    });
  });

  it('whose name leads to a private address, or to nobody, is told so', async () => {
    // Not in the allowed ranges: as anywhere, once DNS has changed.
    const { id } = await endpoint({ events: ['email.accepted'] });
    await ground.database.sql`update webhooks set url = 'https://ip6-localhost:1/' where id = ${id}`;
    const unknown = await endpoint({ events: ['email.accepted'], url: 'https://no-such-name.test/' });
    await send();
    const reason = async (webhook: string) =>
      eventually(async () => ((await deliveries(webhook))[0]?.last_reason as string | null | undefined) ?? undefined);
    expect(await reason(id)).toMatch(/not public|cannot be found/);
    expect(await reason(unknown.id)).toMatch(/cannot be found|no answer/);
  });
});

async function startNotify(over: Record<string, string> = {}): Promise<void> {
  const { database, api } = ground;
  const own = { DATABASE_URL: database.url, AMQP_URL: brokerUrl(), ...settings, ...over };
  api.functions.notify = await startFunction('notify', own);
}

describe('nothing is lost', () => {
  it('when the worker is killed in mid-delivery: it comes again, by a worker that the environment gives a proxy', async () => {
    const { id } = await endpoint({ events: ['email.accepted'] });
    answer = () => {};
    await send();
    await untilCalls(1);
    await ground.api.functions.notify.kill();
    expect(await deliveries(id)).toMatchObject([{ status: 'delivering', attempts: 1 }]);
    answer = ok;
    const proxy = 'http://127.0.0.1:1';
    await startNotify({ NODE_USE_ENV_PROXY: '1', HTTP_PROXY: proxy, http_proxy: proxy, HTTPS_PROXY: proxy });
    expect(await untilDelivery(id, { status: 'delivered' })).toMatchObject({ attempts: 2 });
    expect(new Set(calls.map((call) => call.id)).size).toBe(1);
  });

  it('when dispatch and notify are away while events happen, and ids are lost on the way', async () => {
    const { id } = await endpoint();
    await ground.api.functions.notify.stop();
    const { dispatch } = ground.api.functions;
    await dispatch.stop();
    const emails = await Promise.all(Array.from({ length: 20 }, () => send()));
    await eventually(
      async () => (await ground.database.sql`select from emails where finished_at is null`).length === 0,
    );
    expect((await ground.database.sql`select from webhook_deliveries where status = 'pending'`).length).toBe(40);
    // As if published and lost.
    await ground.database
      .sql`update webhook_deliveries set queued_at = now(), due_at = now() + interval '1 second' where type = 'email.sent'`;
    const { database, smtp } = ground;
    ground.api.functions.dispatch = await startFunction('dispatch', {
      DATABASE_URL: database.url,
      AMQP_URL: brokerUrl(),
      SMTP_URL: smtp.url,
      ...settings,
    });
    await startNotify();
    await eventually(async () => (await deliveries(id, '?status=delivered&limit=100')).length === 40);
    const told = calls.map(({ event }) => `${event.type} ${event.data.email_id}`);
    // Once at least: a call that took too long is made again.
    expect([...new Set(told)].sort()).toEqual(
      emails.flatMap((emailId) => [`email.accepted ${emailId}`, `email.sent ${emailId}`]).sort(),
    );
  });

  it('an endpoint that is deleted while emails come and go stops nobody', async () => {
    const { id } = await endpoint();
    const accepted = Promise.all(Array.from({ length: 20 }, () => ground.api.send(email)));
    expect((await manage('DELETE', `/webhooks/${id}`)).status).toBe(200);
    expect((await accepted).map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 202));
    expect(await ground.database.sql`select from webhook_deliveries`).toHaveLength(0);
  });
});

describe('secrets', () => {
  it('during a rotation both verify; without a time the earlier one is out at once', async () => {
    const { id, secret } = await endpoint({ events: ['email.accepted'] });
    const rotated = await manage('POST', `/webhooks/${id}/rotate-secret`, { keep_seconds: 3_600 });
    expect(rotated).toMatchObject({
      status: 200,
      body: { secret: expect.stringMatching(/^whsec_[A-Za-z0-9+/]{43}=$/) },
    });
    await send();
    const [both] = await untilCalls(1);
    expect(String(both?.headers['webhook-signature']).split(' ')).toHaveLength(2);
    for (const each of [secret, rotated.body.secret]) verified(both, each);

    const own = `whsec_${Buffer.alloc(24, 'k').toString('base64')}`;
    await manage('POST', `/webhooks/${id}/rotate-secret`, { secret: own, keep_seconds: 0 });
    await manage('POST', `/webhooks/${id}/test`);
    const example = (await untilCalls(2))[1];
    expect(verified(example, own)).toMatchObject({
      type: 'email.sent',
      test: true,
      data: { recipients: ['receiver@example.com'] },
    });
    for (const each of [secret, rotated.body.secret]) expect(() => verified(example, each)).toThrow();
    for (const path of ['/webhooks', `/webhooks/${id}`])
      expect(JSON.stringify((await manage('GET', path)).body)).not.toContain('whsec_');
    const logged = JSON.stringify([ground.api.functions.notify.lines, ground.api.functions.manage.lines]);
    expect(logged).not.toMatch(/whsec_|Hello|b@example\.com/);
  });
});
