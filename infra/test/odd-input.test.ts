// Input that is well-formed to one reader and not to another: paths, hosts, times, keys that stand twice, addresses and headers that others act on.

import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { processorMs } from './cost.ts';
import { type Api, admin, eventually, exampleClient, type Json, json } from './functions.ts';
import { startWholeApi, type WholeApi } from './whole-api.ts';

let ground: WholeApi;
let api: Api;

beforeAll(async () => {
  ground = await startWholeApi({ also: ['manage'] });
  ({ api } = ground);
});
afterAll(async () => {
  await ground?.stop();
});

const good = { from: 'a@example.com', to: 'b@example.com', subject: 'Hello', text: 'Hi' };
const authorized = () => ({ authorization: `Bearer ${api.token}`, 'content-type': 'application/json' });
const call = (name: 'send' | 'history' | 'manage', method: string, path: string, body?: unknown) =>
  fetch(api.functions[name].url + path, {
    method,
    headers: authorized(),
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });

async function problem(response: Response): Promise<Json> {
  expect(response.headers.get('content-type')).toBe('application/problem+json');
  return json(response);
}

/** Sends a head as it is, and gives back all that is answered. */
async function raw(name: keyof Api['functions'], lines: string[]): Promise<string> {
  const socket = connect(Number(new URL(api.functions[name].url).port), '127.0.0.1');
  await once(socket, 'connect');
  socket.write(`${[...lines, 'Connection: close'].join('\r\n')}\r\n\r\n`);
  return (await socket.toArray()).join('');
}

const names = ['token', 'send', 'history', 'manage', 'consume', 'dispatch'] as const;

describe.each(names)('%s answers itself', (name) => {
  it.each(['/emails/%ff', '/%', '/emails/%zz/events', '/suppressions/%c3%28', '/webhooks/%ed%a0%80/test?a=%ff'])(
    '400 for the path %s',
    async (path) => {
      const answer = await raw(name, [`GET ${path} HTTP/1.1`, 'Host: a.test']);
      expect(answer).toMatch(/^HTTP\/1\.1 400 /);
      expect(answer).toMatch(name === 'token' ? /"error":"invalid_request"/ : /"name":"malformed_request"/);
      expect(answer).not.toMatch(/<html|node_modules|at .*\.js/i);
    },
  );

  it('400 for two hosts', async () => {
    const answer = await raw(name, ['GET /healthz HTTP/1.1', 'Host: a.test', 'host: a.test']);
    expect(answer).toMatch(/^HTTP\/1\.1 400 [\s\S]*more than one Host header/);
  });

  it('404 for a path longer than any', async () => {
    expect(await raw(name, [`GET /${'a'.repeat(8_000)} HTTP/1.1`, 'Host: a.test'])).toMatch(/^HTTP\/1\.1 404 /);
  });
});

describe('times', () => {
  const none = ['0000-01-01T00:00:00Z', '0001-01-01T00:00:00+00:01', '2027-02-30T00:00:00Z', '2027-01-31T24:00:00Z'];
  it.each([...none, '9999-12-31T23:59:59-23:59', '+275760-09-13T00:00:00Z', '2027-01-31T12:00:00+99:99'])(
    '%s is refused wherever one is given',
    async (time) => {
      const bodies: [Parameters<typeof call>[0], string, string, object][] = [
        ['send', 'POST', '/send', { ...good, scheduled_at: time }],
        ['send', 'POST', '/send', { ...good, expires_at: time }],
        ['send', 'POST', '/emails/replay', { since: time }],
        ['send', 'POST', '/emails/replay', { until: time }],
        ['send', 'PATCH', '/emails/01971d8c-6f1e-7a52-9c0b-3f2a4e5d6c7b', { scheduled_at: time }],
        ['manage', 'POST', '/webhooks/01971d8c-6f1e-7a52-9c0b-3f2a4e5d6c7b/deliveries/replay', { since: time }],
      ];
      for (const [name, method, path, body] of bodies) {
        const { status, errors } = await problem(await call(name, method, path, body));
        expect({ path, body, status, faults: errors?.length }).toEqual({ path, body, status: 422, faults: 1 });
      }
      for (const query of ['/emails?since=', '/stats?since=', '/stats?until=']) {
        const response = await call('history', 'GET', query + encodeURIComponent(time));
        expect((await problem(response)).name).toBe('invalid_parameter');
      }
    },
  );

  it.each(['0001-01-01T00:00:00Z', '1969-12-31T23:59:59Z', '9999-12-31T23:59:59.999Z'])(
    '%s is a time to PostgreSQL, too',
    async (time) => {
      const text = encodeURIComponent(time);
      expect((await call('send', 'POST', '/emails/replay', { since: time, until: time })).status).toBe(202);
      expect((await call('history', 'GET', `/emails?since=${text}`)).status).toBe(200);
      expect([200, 400]).toContain((await call('history', 'GET', `/stats?until=${text}`)).status);
      expect([200, 400]).toContain((await call('history', 'GET', `/stats?since=${text}`)).status);
      const expiring = await call('send', 'POST', '/send', { ...good, expires_at: time });
      expect(expiring.status).toBe(time.startsWith('9999') ? 202 : 422);
    },
  );
});

describe('bodies', () => {
  it('with a key twice are refused', async () => {
    const text = JSON.stringify(good).replace('{', '{"to":"c@example.com",');
    expect(await problem(await api.send(text))).toMatchObject({ status: 400, name: 'invalid_json' });
    const grant = `{"client_id":"other",${JSON.stringify({ grant_type: 'client_credentials', ...exampleClient }).slice(1)}`;
    const answer = await fetch(`${api.functions.token.url}/token`, {
      method: 'POST',
      headers: authorized(),
      body: grant,
    });
    expect([answer.status, (await json(answer)).error]).toEqual([400, 'invalid_request']);
  });

  it.each([
    ['from', { from: 'a'.padEnd(4_000, ' ') }],
    ['to', { to: `${'\u0301'.repeat(200_000)}@example.com` }],
    ['bcc[0]', { bcc: [`a@${'ä.'.repeat(50_000)}com`] }],
    ['attachments[0].filename', { attachments: [{ filename: `${'a'.repeat(80_000)}/`, content: '' }] }],
    [
      'attachments[0].content_type',
      { attachments: [{ filename: 'a', content: '', content_type: 'text/plain;\r\n a=b' }] },
    ],
    ['to', { to: '=?utf-8?q?x?=@example.com' }],
    ['cc', { cc: 'A <a%b.example@example.com>' }],
    ['reply_to.email', { reply_to: { email: 'b.example!a@example.com' } }],
  ])('with a %s that is too much or means two things are refused quickly', async (path, over) => {
    const before = processorMs(api.functions.send.child.pid);
    const { status, errors } = await problem(await api.send({ ...good, ...over }));
    expect([status, errors.map((fault: { path: string }) => fault.path)]).toEqual([422, [path]]);
    // It took seconds.
    expect(processorMs(api.functions.send.child.pid) - before).toBeLessThan(2_000);
  });

  it('may name in what is erased or suppressed what is sent to no more', async () => {
    const recipient = 'a%b@example.com';
    expect((await call('send', 'POST', '/recipients/erase', { recipient })).status).toBe(200);
    expect((await call('manage', 'POST', '/suppressions', { recipient })).status).toBe(200);
    const path = `/suppressions/${encodeURIComponent(recipient)}`;
    expect((await call('manage', 'DELETE', path)).status).toBe(200);
  });
});

describe('headers that are orders to the relay', () => {
  const orders = {
    'X-SMTPAPI': '{"to":["c@example.com"]}',
    'x-ses-source-arn': 'arn:aws:ses:a',
    'X-MC-Subaccount': 'b',
  };

  it('are refused, one email of a batch with them, a preview as well', async () => {
    const { status, errors } = await problem(await api.send({ ...good, headers: { ...orders, 'X-Mine': '1' } }));
    expect(status).toBe(422);
    expect(errors.map(({ path }: { path: string }) => path)).toEqual(
      Object.keys(orders).map((name) => `headers.${name}`),
    );
    const batch = [good, { ...good, headers: orders }];
    expect((await problem(await call('send', 'POST', '/send/batch', batch))).errors[0].path).toBe(
      '[1].headers.X-SMTPAPI',
    );
    expect((await call('send', 'POST', '/emails/preview', batch[1])).status).toBe(422);
  });

  it('are the client’s to set when the operator says so, and arrive', async () => {
    admin(ground.database.url, 'client', 'set-relay-headers', exampleClient.client_id, 'on');
    const response = await api.send({ ...good, subject: 'Orders', headers: orders });
    expect(response.status).toBe(202);
    const message = await eventually(async () =>
      ground.smtp.received.find(({ raw: text }) => text.includes('Subject: Orders')),
    );
    for (const name of Object.keys(orders)) expect(message.raw).toMatch(new RegExp(`^${name}: `, 'm'));
    admin(ground.database.url, 'client', 'set-relay-headers', exampleClient.client_id, 'off');
    expect((await api.send({ ...good, headers: orders })).status).toBe(422);
  });
});

it('an email of which no message can be made ends as failed, after one attempt, and says so', async () => {
  const scheduled_at = new Date(Date.now() + 3_600_000).toISOString();
  const { id } = await json(await api.send({ ...good, scheduled_at }));
  // No request makes such contents: what makes composing fail is not known before it does.
  await ground.database.sql`
    update email_contents set attachments = '[{"filename": 7, "content": "", "content_type": null, "content_id": null}]'
    where email_id = ${id}`;
  await ground.database.sql`update emails set due_at = now() where id = ${id}`;
  const email = await eventually(async () => {
    const seen = await api.read(`/emails/${id}`);
    return seen.finished_at !== null && seen;
  });
  expect(email).toMatchObject({ status: 'failed', attempts: 1, last_reply: 'no message could be made of it' });
});
