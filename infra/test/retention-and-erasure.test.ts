// What is forgotten: bodies and rows after their time, a recipient when asked; and what stays.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from './database.ts';
import { type Api, admin, eventually, getToken, type Json, json, startApi } from './functions.ts';
import { startSmtpServer, type TestSmtpServer } from './smtp-server.ts';

let database: TestDatabase;
let smtp: TestSmtpServer;
let api: Api;
let otherToken: string;

beforeAll(async () => {
  database = await createTestDatabase();
  smtp = await startSmtpServer();
  api = await startApi({
    databaseUrl: database.url,
    smtpUrl: smtp.url,
    settings: { PURGE_INTERVAL_SECONDS: '0.2', PURGE_CONTENTS_AFTER_SECONDS: '4', PURGE_EMAILS_AFTER_SECONDS: '0' },
  });
  admin(database.url, 'client', 'ensure', '--demo', 'other', '--secret', 's', '--scope', 'email');
  otherToken = await getToken(api.functions.token.url, { client_id: 'other', client_secret: 's', scope: 'email' });
});
afterEach(() => smtp.behave({}));
afterAll(async () => {
  await api?.stop();
  await smtp?.stop();
  await database?.drop();
});

const good = { from: 'a@example.com', subject: 'A secret subject', text: 'A secret text' };
const accept = async (body: object, token = api.token): Promise<string> => {
  const response = await api.send({ ...good, ...body }, { authorization: `Bearer ${token}` });
  expect(response.status).toBe(202);
  return (await json(response)).id;
};
const erase = (body: unknown, token = api.token) =>
  fetch(`${api.functions.send.url}/recipients/erase`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
const erased = async (recipient: string) => {
  const response = await erase({ recipient });
  expect(response.status).toBe(200);
  return json(response);
};
const untilStatus = (id: string, status: string) =>
  eventually(async () => {
    const [row] = await database.sql`select status from emails where id = ${id}`;
    return row?.status === status;
  });
/** All that the database says of the emails. */
const stored = async (...ids: string[]) =>
  JSON.stringify(
    await database.sql`
      select to_jsonb(emails), (select jsonb_agg(event) from email_events event where event.email_id = emails.id),
             (select jsonb_agg(content) from email_contents content where content.email_id = emails.id)
      from emails where emails.id = any(${ids}::uuid[])`,
  );

describe('retention', () => {
  it('dispatch purges contents after their time; the rest stays', async () => {
    const id = await accept({ to: 'kept@example.com' });
    await untilStatus(id, 'sent');
    expect((await api.read(`/emails/${id}`)).text).toBe('A secret text');
    const email = await eventually(async () => {
      const found = await api.read(`/emails/${id}`);
      return found.text === null && found;
    });
    expect(email).toMatchObject({ html: null, status: 'sent', subject: 'A secret subject' });
    expect(email.events.map(({ type }: Json) => type)).toEqual(['accepted', 'attempt', 'sent']);
  });

  it('POST /purge runs one round, for hosts without a loop', async () => {
    await database.sql`
      insert into revoked_tokens (jti, expires_at) values (gen_random_uuid(), now() - interval '1 day')`;
    const response = await fetch(`${api.functions.dispatch.url}/purge`, { method: 'POST' });
    expect(response.status).toBe(200);
    expect(Object.keys(await json(response))).toEqual([
      'contents',
      'emails',
      'webhook_deliveries',
      'idempotency_keys',
      'revoked_tokens',
    ]);
    expect(await database.sql`select from revoked_tokens`).toHaveLength(0);
  });
});

describe('POST /recipients/erase', () => {
  it('takes the address out of what is finished, calls back what waits, and reports what is being sent', async () => {
    const recipient = 'Forget.Me@example.com';
    smtp.behave({ refuse: { [recipient]: [550, `5.7.1 no mail for ${recipient} here`] } });
    const bounced = await accept({ to: recipient });
    const shared = await accept({ to: ['stays@example.com', recipient] });
    await untilStatus(bounced, 'bounced');
    await untilStatus(shared, 'sent');
    smtp.behave({});
    const waiting = await accept({ to: recipient, scheduled_at: new Date(Date.now() + 3_600_000).toISOString() });
    let release = () => {};
    smtp.behave({ hold: new Promise<void>((resolve) => (release = resolve)) });
    const sending = await accept({ to: recipient });
    await untilStatus(sending, 'sending');
    const untouched = await accept({ to: 'forget.you@example.com' });

    expect(await stored(bounced, shared)).toContain(recipient);
    expect(await erased('forget.me@EXAMPLE.com')).toEqual({
      ...{ object: 'erasure', erased: 3, canceled: 1, on_the_way: 1 },
      message: expect.stringContaining('Repeat'),
    });
    expect(await stored(bounced, shared, waiting)).not.toMatch(/Forget\.Me|secret/i);
    expect(await stored(untouched)).toContain('forget.you@example.com');
    release();
    await untilStatus(sending, 'sent');
    expect(await erased(recipient)).toMatchObject({ erased: 1, canceled: 0, on_the_way: 0 });
    expect(await erased(recipient)).toMatchObject({ erased: 0, canceled: 0, on_the_way: 0 });
    expect(await stored(bounced, shared, waiting, sending)).not.toMatch(/Forget\.Me|secret/i);

    // The proof of what was done.
    const email = await api.read(`/emails/${shared}`);
    expect(email).toMatchObject({ status: 'sent', attempts: 1, from: 'a@example.com', subject: '', text: null });
    expect(email.recipients).toEqual([
      { email: 'stays@example.com', status: 'sent', code: 250, enhanced_code: '2.0.0', reply: null },
      { email: 'erased', status: 'bounced', code: 550, enhanced_code: '5.7.1', reply: null },
    ]);
    expect(email.events.map(({ type }: Json) => type)).toEqual(['accepted', 'attempt', 'sent']);
    expect(email.events[1]).toMatchObject({ attempt: 1, code: 250, outcome: 'sent' });
    expect((await api.read(`/emails/${waiting}`)).events.at(-1)).toMatchObject({ type: 'canceled' });
  });

  it("leaves other clients' emails to the operator", async () => {
    const mine = await accept({ to: 'both@example.com' });
    const theirs = await accept({ to: 'both@example.com' }, otherToken);
    for (const id of [mine, theirs]) await untilStatus(id, 'sent');
    expect(await erased('both@example.com')).toMatchObject({ erased: 1 });
    expect(await stored(theirs)).toContain('both@example.com');
    expect(admin(database.url, 'erase', 'both@example.com', '--client', 'myawesomeapp')).toContain('from 0 emails');
    expect(admin(database.url, 'erase', 'both@EXAMPLE.com')).toBe(
      'Erased from 1 emails; 0 of them were called back.\n',
    );
    expect(await stored(theirs)).not.toContain('both@example.com');
  });

  it('an erased email is never sent again', async () => {
    smtp.behave({ refuse: { 'gone@example.com': [550, '5.7.1 no'] } });
    const id = await accept({ to: 'gone@example.com' });
    await untilStatus(id, 'bounced');
    await erased('gone@example.com');
    const headers = { authorization: `Bearer ${api.token}` };
    const response = await fetch(`${api.functions.send.url}/emails/${id}/replay`, { method: 'POST', headers });
    expect(response.status).toBe(409);
  });

  it('names every fault of its body', async () => {
    for (const [body, name, paths] of [
      [{}, 'missing_required_field', ['recipient']],
      [{ recipient: 'a@example.com, b@example.com', reason: 'x' }, 'validation_error', ['recipient', 'reason']],
    ] as const) {
      const response = await erase(body);
      const problem = await json(response);
      expect({ status: response.status, name: problem.name }).toEqual({ status: 422, name });
      expect(problem.errors.map(({ path }: Json) => path)).toEqual(paths);
    }
    expect(() => admin(database.url, 'erase', 'nobody')).toThrow('is not one email address');
  });
});
