// One recipient, however the address is written: found, replayed, suppressed and erased, also in rows that earlier releases wrote.
import { domainToASCII } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from './database.ts';
import { type Api, admin, eventually, type Json, json, startApi } from './functions.ts';
import { startSmtpServer, type TestSmtpServer } from './smtp-server.ts';

let database: TestDatabase;
let smtp: TestSmtpServer;
let api: Api;

beforeAll(async () => {
  database = await createTestDatabase();
  smtp = await startSmtpServer();
  api = await startApi({ databaseUrl: database.url, smtpUrl: smtp.url, also: ['manage'] });
});
afterEach(() => smtp.behave({}));
afterAll(async () => {
  await api?.stop();
  await smtp?.stop();
  await database?.drop();
});

const accept = async (to: unknown, body: object = {}): Promise<string> => {
  const response = await api.send({ from: 'a@example.com', to, subject: 'Hello', text: 'Hi', ...body });
  expect(response.status).toBe(202);
  return (await json(response)).id;
};
const post = (url: string, path: string, body: object) =>
  fetch(url + path, {
    method: 'POST',
    headers: { authorization: `Bearer ${api.token}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  }).then(json);
const found = async (recipient: string) => {
  const { data } = await api.read(`/emails?recipient=${encodeURIComponent(recipient)}`);
  return data.map(({ id }: Json) => id);
};
const untilStatus = (id: string, status: string) =>
  eventually(async () => {
    const email = await api.read(`/emails/${id}`);
    return email.status === status && email;
  });

/** Each row: what was sent to, and how else the same address is written. */
const spellings: [sent: string, ...others: string[]][] = [
  ['Jane@Example.COM', 'jane@example.com', 'JANE@EXAMPLE.COM', 'Jane@example.com.'],
  ['Jörg@exämple.test', 'jörg@xn--exmple-cua.test', 'JÖRG@EXÄMPLE.TEST', 'jo\u0308rg@exa\u0308mple.test'],
  ['user@XN--R8JZ45G.test', 'User@例え.test', 'user@例え。test'],
  ['o.b+tag@straße.test', 'O.B+Tag@xn--strae-oqa.test', 'o.b+tag@STRAßE.test'],
];

describe.each(spellings)('%s', (sent, ...others) => {
  it('is found by each spelling', async () => {
    const id = await accept([sent, 'other@other.test']);
    await untilStatus(id, 'sent');
    for (const spelling of [sent, ...others]) {
      expect({ spelling, ids: await found(spelling) }).toEqual({ spelling, ids: [id] });
    }
    expect(admin(database.url, 'email', 'list', '--recipient', others[0] ?? sent)).toContain(id);
    expect(await found(`x${sent}`)).toEqual([]);
  });

  it.each(others)('is replayed by %s', async (spelling) => {
    const id = await accept(sent, { scheduled_at: new Date(Date.now() + 3_600_000).toISOString() });
    await fetch(`${api.functions.send.url}/emails/${id}/cancel`, {
      method: 'POST',
      headers: { authorization: `Bearer ${api.token}` },
    });
    const filter = { status: 'canceled', recipient: spelling };
    expect((await post(api.functions.send.url, '/emails/replay', filter)).data).toEqual([{ id }]);
    // The local part keeps its case on the wire.
    await untilStatus(id, 'sent');
    const local = sent.slice(0, sent.indexOf('@'));
    expect(smtp.received.at(-1)?.to[0]).toMatch(new RegExp(`^${local.replace('+', '\\+')}@`));
  });

  it('is suppressed, whichever is suppressed', async () => {
    const spelling = others.at(-1) ?? sent;
    await post(api.functions.manage.url, '/suppressions', { recipient: spelling });
    const suppressed = await accept(sent);
    expect((await api.read(`/emails/${suppressed}`)).status).toBe('suppressed');
    for (const each of [sent, ...others]) {
      const listed = await fetch(`${api.functions.manage.url}/suppressions?recipient=${encodeURIComponent(each)}`, {
        headers: { authorization: `Bearer ${api.token}` },
      }).then(json);
      expect({ each, count: listed.data.length }).toEqual({ each, count: 1 });
    }
    const removed = await fetch(`${api.functions.manage.url}/suppressions/${encodeURIComponent(sent)}`, {
      method: 'DELETE',
      headers: { authorization: `Bearer ${api.token}` },
    });
    expect(removed.status).toBe(200);
  });

  it('is erased by another spelling, and nothing is left of it', async () => {
    const ids = await found(sent);
    expect(ids.length).toBeGreaterThan(1);
    const shared = await accept([sent, 'stays@other.test']);
    await untilStatus(shared, 'sent');
    const erasure = await post(api.functions.send.url, '/recipients/erase', { recipient: others[0] });
    expect(erasure).toMatchObject({ erased: ids.length + 1, on_the_way: 0 });
    for (const each of [sent, ...others]) expect(await found(each)).toEqual([]);
    expect((await api.read(`/emails/${shared}`)).recipients.map(({ email }: Json) => email)).toEqual([
      'erased',
      'stays@other.test',
    ]);
    const [left] = await database.sql`
      select count(*)::integer as count from emails, unnest(recipients) recipient
      where split_part(recipient, '@', 2) = ${domainToASCII(sent.slice(sent.indexOf('@') + 1))}`;
    expect(left?.count).toBe(0);
  });
});

it('rows with addresses as they were given are found and erased, each of their spellings', async () => {
  const id = await accept(['a@example.com', 'b@example.com', 'c@example.com']);
  await untilStatus(id, 'sent');
  const sent = { status: 'sent', code: 250, enhanced_code: null, reply: 'Ok' };
  const recipients = ['Old@EXÄMPLE.com', 'c@example.com', 'old@xn--exmple-cua.com'];
  const settled = Object.fromEntries(recipients.map((recipient) => [recipient, sent]));
  await database.sql`
    update emails set recipients = ${recipients}, settled = ${JSON.stringify(settled)}::text::jsonb where id = ${id}`;
  for (const spelling of ['old@exämple.com', 'OLD@xn--exmple-cua.com']) expect(await found(spelling)).toEqual([id]);
  expect(admin(database.url, 'erase', 'OLD@exämple.com')).toContain('Erased from 1 emails');
  const [row] = await database.sql`select recipients, settled from emails where id = ${id}`;
  expect(row?.recipients).toEqual(['erased', 'c@example.com', 'erased']);
  expect(Object.keys(row?.settled ?? {}).sort()).toEqual(['c@example.com', 'erased']);
});

it('they are looked up by an index', async () => {
  const plan = await database.sql`
    explain select id from emails where address_keys(recipients) && address_keys(array['a@example.com'])`;
  expect(JSON.stringify(plan)).toContain('emails_recipient_keys');
});
