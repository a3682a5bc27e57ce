// Emails that came to an end are sent again: one or by filter, by API and by the operator's command, and nobody gets one twice.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from './database.ts';
import { type Api, admin, eventually, getToken, type Json, json, startApi } from './functions.ts';
import { startSmtpServer, type TestSmtpServer } from './smtp-server.ts';

let database: TestDatabase;
let smtp: TestSmtpServer;
let api: Api;
const settings = { DISPATCH_INTERVAL_SECONDS: '0.1', RETRY_BASE_SECONDS: '0.2', GIVE_UP_AFTER_SECONDS: '2' };

beforeAll(async () => {
  database = await createTestDatabase();
  smtp = await startSmtpServer();
  api = await startApi({ databaseUrl: database.url, smtpUrl: smtp.url, settings });
});
afterEach(() => smtp.behave({}));
afterAll(async () => {
  await api?.stop();
  await smtp?.stop();
  await database?.drop();
});

const good = { from: 'a@example.com', to: 'b@example.com', subject: 'Hello', text: 'Hi' };
const never = '01890000-0000-7000-8000-000000000000';
const inAnHour = () => new Date(Date.now() + 3_600_000).toISOString();
const post = (path: string, body?: unknown, token = api.token) =>
  fetch(api.functions.send.url + path, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
const replay = (id: string, token?: string) => post(`/emails/${id}/replay`, undefined, token);
const types = (email: Json) => email.events.map(({ type }: { type: string }) => type);
const timesSentTo = (address: string) => smtp.received.filter(({ to }) => to.includes(address)).length;
const untilStatus = (id: string, status: string) =>
  eventually(async () => {
    const email = await api.read(`/emails/${id}`);
    return email.status === status && email;
  });

async function accept(body: object = {}): Promise<string> {
  const response = await api.send({ ...good, ...body });
  expect(response.status).toBe(202);
  return (await json(response)).id;
}

/** An email that its recipient's server refused; from then on it would take it. */
async function acceptBounced(to: string, body: object = {}): Promise<string> {
  smtp.behave({ refuse: { [to]: [550, `5.7.1 not for ${to}`] } });
  const id = await accept({ ...body, to });
  await untilStatus(id, 'bounced');
  smtp.behave({});
  return id;
}

describe('POST /emails/{id}/replay', () => {
  it('makes a new attempt on the same row, and says so', async () => {
    const id = await acceptBounced('again@example.com');
    const response = await replay(id);
    expect({ status: response.status, body: await json(response) }).toEqual({
      status: 202,
      body: { object: 'email', id, status: 'queued' },
    });
    const email = await untilStatus(id, 'sent');
    // Published by the send function: dispatch had nothing to do with it.
    expect(types(email)).toEqual(['accepted', 'attempt', 'bounced', 'replayed', 'attempt', 'sent']);
    expect(email.events[3].status).toBe('bounced');
    expect(email.events[4].attempt).toBe(2);
    expect(email.recipients).toMatchObject([{ email: 'again@example.com', status: 'sent' }]);
    expect(timesSentTo('again@example.com')).toBe(1);
  });

  it('counts the age anew, and sends to those alone who do not have the email', async () => {
    smtp.behave({
      refuse: { 'gone@example.com': [550, '5.7.1 not now'], 'later@example.com': [450, '4.2.0 later'] },
    });
    const id = await accept({ to: ['has@example.com', 'gone@example.com', 'later@example.com'] });
    await untilStatus(id, 'failed');
    smtp.behave({ refuse: { 'later@example.com': [450, '4.2.0 later'] } });
    expect((await replay(id)).status).toBe(202);
    const afterReplay = await eventually(async () => {
      const seen = types(await api.read(`/emails/${id}`));
      const next = seen.slice(seen.indexOf('replayed'));
      return next.length >= 3 && next;
    });
    expect(afterReplay.slice(0, 3)).toEqual(['replayed', 'attempt', 'deferred']);
    smtp.behave({});
    const email = await untilStatus(id, 'sent');
    expect(email.recipients.map(({ status }: { status: string }) => status)).toEqual(['sent', 'sent', 'sent']);
    expect(['has@example.com', 'gone@example.com', 'later@example.com'].map(timesSentTo)).toEqual([1, 1, 1]);
  });

  it('voids an expiry that has passed, and a schedule', async () => {
    const expired = await accept({
      scheduled_at: inAnHour(),
      expires_at: new Date(Date.now() + 7_200_000).toISOString(),
    });
    await database.sql`update emails set expires_at = now(), due_at = now() where id = ${expired}`;
    await untilStatus(expired, 'expired');
    const canceled = await accept({ scheduled_at: inAnHour() });
    expect((await post(`/emails/${canceled}/cancel`)).status).toBe(200);
    for (const id of [expired, canceled]) {
      expect((await replay(id)).status).toBe(202);
      await untilStatus(id, 'sent');
    }
  });

  it('has its effect once, however many ask at once', async () => {
    const id = await acceptBounced('once@example.com');
    const statuses = await Promise.all(Array.from({ length: 10 }, async () => (await replay(id)).status));
    expect(statuses.sort()).toEqual([202, ...Array(9).fill(409)]);
    await untilStatus(id, 'sent');
    expect(timesSentTo('once@example.com')).toBe(1);
  });

  it('refuses what is sent, on its way or without contents, each in its words', async () => {
    const sent = await accept();
    await untilStatus(sent, 'sent');
    const scheduled = await accept({ scheduled_at: inAnHour() });
    const purged = await acceptBounced('purged@example.com');
    await database.sql`delete from email_contents where email_id = ${purged}`;
    for (const [id, words] of [
      [sent, 'status is sent'],
      [scheduled, 'status is scheduled'],
      [purged, 'contents have been purged'],
    ] as const) {
      const response = await replay(id);
      const { name, detail } = await json(response);
      expect({ status: response.status, name, detail }).toEqual({
        status: 409,
        name: 'conflict',
        detail: expect.stringContaining(words),
      });
    }
    expect((await api.read(`/emails/${purged}`)).status).toBe('bounced');
  });

  it("knows no email that never was, or is another client's", async () => {
    const id = await acceptBounced('mine@example.com');
    admin(database.url, 'client', 'ensure', '--demo', 'other', '--secret', 's', '--scope', 'basic email');
    const client = { client_id: 'other', client_secret: 's', scope: 'email' };
    const other = await getToken(api.functions.token.url, client);
    for (const response of [await replay(never), await replay('1'), await replay(id, other)])
      expect(response.status).toBe(404);
    expect((await json(await post('/emails/replay', { status: 'bounced' }, other))).data).toEqual([]);
    const basic = await getToken(api.functions.token.url, { ...client, scope: 'basic' });
    expect([(await replay(id, basic)).status, (await post('/emails/replay', {}, basic)).status]).toEqual([403, 403]);
    expect((await api.read(`/emails/${id}`)).status).toBe('bounced');
  });
});

describe('POST /emails/replay', () => {
  it('replays those that the filter finds, the oldest first, up to its limit', async () => {
    const ids = [await acceptBounced('f@example.com'), await acceptBounced('f@example.com')];
    const other = await acceptBounced('g@example.com');
    const filter = { status: ['bounced', 'unknown'], recipient: 'f@EXAMPLE.com' };
    const since = (await api.read(`/emails/${ids[0]}`)).created_at;

    expect(await json(await post('/emails/replay', { recipient: 'f@example.com' }))).toMatchObject({ data: [] });
    expect(await json(await post('/emails/replay', { ...filter, until: since }))).toMatchObject({ data: [] });

    const first = await post('/emails/replay', { ...filter, since, limit: 1 });
    expect({ status: first.status, body: await json(first) }).toEqual({
      status: 202,
      body: { object: 'list', data: [{ id: ids[0] }], has_more: true },
    });
    const second = await json(await post('/emails/replay', filter));
    expect(second).toEqual({ object: 'list', data: [{ id: ids[1] }], has_more: false });
    for (const id of ids) await untilStatus(id, 'sent');
    expect((await api.read(`/emails/${other}`)).status).toBe('bounced');
    expect(timesSentTo('f@example.com')).toBe(2);
  });

  it('names every fault of its body', async () => {
    const body = { status: ['failed', 'sent'], since: 'yesterday', recipient: 'nope', limit: 1_001, colour: 'red' };
    const response = await post('/emails/replay', body);
    expect(response.status).toBe(422);
    const { errors } = await json(response);
    expect(errors.map(({ path }: Json) => path).sort()).toEqual(['colour', 'limit', 'recipient', 'since', 'status[1]']);
  });
});

describe("the operator's command", () => {
  it('lists, shows and replays emails of all clients without the broker', async () => {
    const id = await acceptBounced('operator@example.com');
    const list = (...options: string[]) => admin(database.url, 'email', 'list', ...options);
    expect(list('--status', 'bounced,failed', '--recipient', 'operator@example.com')).toContain(id);
    expect(list('--status', 'sent', '--recipient', 'operator@example.com')).toContain('no such emails');
    expect(list('--client', 'nobody')).toContain('no such emails');
    expect(list('--since', '2100-01-01')).toContain('no such emails');
    expect(list('--limit', '1')).toContain('There are more');

    const shown = admin(database.url, 'email', 'show', id);
    expect(shown).toMatch(/^contents +kept$/m);
    expect(shown).toMatch(/^\S+Z +attempt +.*code=550 .*attempt=1 /m);
    expect(shown).not.toContain('Hi');

    expect(admin(database.url, 'email', 'replay', id)).toBe(`Email ${id} is queued again.\n`);
    expect(types(await untilStatus(id, 'sent'))).toEqual([
      ...['accepted', 'attempt', 'bounced', 'replayed', 'queued', 'attempt', 'sent'],
    ]);
    expect(() => admin(database.url, 'email', 'replay', id)).toThrow('cannot be replayed: its status is sent');
  });

  it('replays by filter, and never all by mistake', async () => {
    const ids = [await acceptBounced('h@example.com'), await acceptBounced('h@example.com')];
    const replayH = (...options: string[]) =>
      admin(database.url, 'email', 'replay', '--status=bounced', '--recipient=h@example.com', ...options);
    expect(replayH('--limit', '1')).toContain('1 emails are queued again. There are more');
    expect(replayH('--client', 'myawesomeapp')).toBe('1 emails are queued again.\n');
    for (const id of ids) await untilStatus(id, 'sent');
    for (const words of [[], ['--limit', '5'], [never, '--status', 'failed'], ['1'], ['--status', 'sent']])
      expect(() => admin(database.url, 'email', 'replay', ...words)).toThrow('Usage');
  });
});
