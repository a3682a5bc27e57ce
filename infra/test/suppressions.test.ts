// Recipients to whom a client sends no more: how they come on its list, and what becomes of emails to them.
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { admin, eventually, getToken, type Json, json } from './functions.ts';
import { startWholeApi, type WholeApi } from './whole-api.ts';

let ground: WholeApi;
let otherToken: string;

beforeAll(async () => {
  ground = await startWholeApi({
    also: ['manage'],
    settings: { DISPATCH_INTERVAL_SECONDS: '0.1', RETRY_BASE_SECONDS: '0.3' },
  });
  const other = { client_id: 'other', client_secret: 's', scope: 'basic email' };
  admin(ground.database.url, 'client', 'ensure', '--demo', 'other', '--secret', 's', '--scope', 'basic email');
  otherToken = await getToken(ground.api.functions.token.url, other);
});
afterAll(() => ground?.stop());
beforeEach(async () => {
  ground.smtp.behave({});
  await ground.database.sql`delete from suppressions`;
});

const good = { from: 'a@example.com', to: 'b@example.com', subject: 'Hello', text: 'Hi' };
const [gone, other] = ['Gone@example.com', 'other@example.com'];
const manage = (method: string, path: string, body?: unknown, token = ground.api.token) =>
  fetch(ground.api.functions.manage.url + path, {
    method,
    headers: { authorization: `Bearer ${token}`, ...(body !== undefined && { 'content-type': 'application/json' }) },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
const suppress = async (...recipients: string[]) =>
  expect((await manage('POST', '/suppressions', { recipients })).status).toBe(200);
const listed = async (query = '', token?: string): Promise<Json> =>
  json(await manage('GET', `/suppressions${query}`, undefined, token));
const accept = async (body: object = {}): Promise<Json> => {
  const response = await ground.api.send({ ...good, ...body });
  expect(response.status).toBe(202);
  return json(response);
};
const untilStatus = (id: string, status: string): Promise<Json> =>
  eventually(async () => {
    const email = await ground.api.read(`/emails/${id}`);
    return email.status === status && email;
  });
const types = (email: Json) => email.events.map(({ type }: Json) => type);
const sentTo = (address: string) => ground.smtp.received.filter(({ to }) => to.includes(address)).length;
const inAnHour = () => new Date(Date.now() + 3_600_000).toISOString();
const act = (path: string) =>
  fetch(ground.api.functions.send.url + path, {
    method: 'POST',
    headers: { authorization: `Bearer ${ground.api.token}` },
  });

it('a hard bounce puts the address on the list of that client, whatever its case, and no other refusal does', async () => {
  ground.smtp.behave({
    refuse: {
      [gone]: [550, '5.1.1 no such user'],
      [other]: [550, '5.7.1 not from you'],
      'c@example.com': [450, '4.2.0 l'],
    },
  });
  const { id } = await accept({ to: [gone, other, 'b@example.com', 'c@example.com'] });
  await untilStatus(id, 'deferred');
  const { data } = await listed();
  expect(data).toEqual([
    {
      ...{ object: 'suppression', recipient: 'gone@example.com', reason: 'hard_bounce', email_id: id },
      ...{ id: expect.any(String), email: 'gone@example.com', origin: 'bounce', source_id: id },
      ...{ detail: '550 5.1.1 no such user', created_at: expect.any(String) },
    },
  ]);
  expect((await listed('', otherToken)).data).toEqual([]);
  ground.smtp.behave({});
  await untilStatus(id, 'sent');

  const next = await accept({ to: 'gone@EXAMPLE.com', cc: other });
  const email = await untilStatus(next.id, 'sent');
  expect(email.recipients).toMatchObject([
    { email: 'gone@example.com', status: 'suppressed', reason: 'hard_bounce' },
    { email: other, status: 'sent' },
  ]);
  expect(types(email)).toEqual(['accepted', 'suppressed', 'attempt', 'sent']);
  expect(email.events[1]).toMatchObject({ recipients: { 'gone@example.com': 'hard_bounce' } });
  expect([sentTo('gone@example.com'), sentTo(other)]).toEqual([0, 1]);

  // For another client it is an address like any other.
  const headers = { authorization: `Bearer ${otherToken}` };
  const theirs = await json(await ground.api.send({ ...good, to: 'gone@example.com' }, headers));
  expect(theirs.status).toBe('queued');
  await eventually(async () => sentTo('gone@example.com') === 1);
});

it('an email without other recipients ends at once, and its key answers the same again', async () => {
  await suppress(gone, other);
  const body = { to: gone, bcc: other, subject: 'nobody left' };
  const key = { 'idempotency-key': 'suppressed' };
  const response = await ground.api.send({ ...good, ...body, scheduled_at: inAnHour() }, { ...key, prefer: 'wait=30' });
  const answer = await json(response);
  expect([response.status, answer.status]).toEqual([200, 'suppressed']);
  const email = await ground.api.read(`/emails/${answer.id}`);
  expect(email).toMatchObject({ status: 'suppressed', attempts: 0, due_at: null, finished_at: expect.any(String) });
  expect(email.events).toMatchObject([
    { type: 'accepted', status: 'suppressed' },
    { type: 'suppressed', recipients: { [gone]: 'manual', [other]: 'manual' } },
  ]);
  const plain = await accept({ ...body, subject: 'without waiting' });
  expect(plain.status).toBe('suppressed');
  const [first, again] = [
    await ground.api.send({ ...good, ...body }, { 'idempotency-key': 'again' }),
    await ground.api.send({ ...good, ...body }, { 'idempotency-key': 'again' }),
  ];
  expect(await json(again)).toEqual(await json(first));
  expect((await act(`/emails/${plain.id}/replay`)).status).toBe(409);
  expect(await fetch(`${ground.api.functions.send.url}/metrics`).then((page) => page.text())).toMatch(
    /^email_api_emails_accepted_total\{.*status="suppressed".*\} [1-9]/m,
  );
});

it('an email that waits is looked at again when its time has come: scheduled, deferred, replayed', async () => {
  const scheduled = await accept({ to: gone, scheduled_at: inAnHour() });
  ground.smtp.behave({ refuse: { [gone]: [450, '4.2.0 later'], [other]: [550, '5.7.1 no'] } });
  const deferred = await accept({ to: ['has@example.com', gone], subject: 'deferred' });
  const partly = await accept({ to: [gone, 'late@example.com'], subject: 'partly', scheduled_at: inAnHour() });
  const bounced = await accept({ to: other });
  await untilStatus(deferred.id, 'deferred');
  await untilStatus(bounced.id, 'bounced');
  const before = ground.smtp.received.length;
  await suppress(gone, other);
  ground.smtp.behave({});
  await ground.database.sql`update emails set due_at = now() where status = 'scheduled'`;
  expect((await act(`/emails/${bounced.id}/replay`)).status).toBe(202);

  const ended = await untilStatus(scheduled.id, 'suppressed');
  expect(ended).toMatchObject({ attempts: 0, last_reply: 'every recipient is on the suppression list' });
  expect(types(ended)).toEqual(['accepted', 'queued', 'suppressed']);
  const had = await untilStatus(deferred.id, 'sent');
  expect(types(had).slice(-2)).toEqual(['suppressed', 'sent']);
  expect(had.recipients).toMatchObject([{ status: 'sent' }, { status: 'suppressed', reason: 'manual' }]);
  expect(types(await untilStatus(bounced.id, 'suppressed')).slice(-2)).toEqual(['replayed', 'suppressed']);
  const other2 = await untilStatus(partly.id, 'sent');
  expect(types(other2)).toEqual(['accepted', 'queued', 'suppressed', 'attempt', 'sent']);
  expect(ground.smtp.received.slice(before).map(({ to }) => to)).toEqual([['late@example.com']]);
  expect(await fetch(`${ground.api.functions.consume.url}/metrics`).then((page) => page.text())).toMatch(
    /^email_api_emails_moved_total\{.*status="suppressed".*\} 2$/m,
  );
});

it('erasing a recipient keeps it on the list, without what a relay said of it', async () => {
  await suppress(gone);
  const { id } = await accept({ to: [gone, 'b@example.com'] });
  const { sql } = ground.database;
  await sql`update suppressions set detail = '550 <gone@example.com> unknown', email_id = ${id}`;
  await untilStatus(id, 'sent');
  const headers = { authorization: `Bearer ${ground.api.token}`, 'content-type': 'application/json' };
  await fetch(`${ground.api.functions.send.url}/recipients/erase`, {
    ...{ method: 'POST', headers, body: JSON.stringify({ recipient: gone }) },
  });
  expect(JSON.stringify(await ground.api.read(`/emails/${id}`))).not.toMatch(/gone@/i);
  expect(await sql`select detail, email_id from suppressions`).toEqual([{ detail: null, email_id: null }]);
  expect((await accept({ to: gone })).status).toBe('suppressed');
});

it('the list is shown page by page, added to and taken from, by the client and the operator', async () => {
  const added = await json(await manage('POST', '/suppressions', { recipient: 'B@y.test' }));
  expect(added.data).toMatchObject([{ recipient: 'b@y.test', reason: 'manual', email_id: null }]);
  admin(ground.database.url, 'suppression', 'add', 'myawesomeapp', 'o/dd+x@y.test');
  await suppress('a@y.test', 'A@y.test', 'b@y.test');
  const first = await listed('?limit=2');
  expect(first).toMatchObject({ object: 'list', has_more: true, next_after: 'b@y.test' });
  const second = await listed(`?limit=2&after=${first.next_after}`);
  expect([...first.data, ...second.data].map(({ recipient }: Json) => recipient)).toEqual([
    ...['a@y.test', 'b@y.test', 'o/dd+x@y.test'],
  ]);
  expect(second).toMatchObject({ has_more: false, next_after: null });
  expect((await listed('?recipient=A@Y.test')).data).toHaveLength(1);

  const path = `/suppressions/${encodeURIComponent('O/dd+x@y.test')}`;
  expect((await manage('DELETE', path, undefined, otherToken)).status).toBe(404);
  expect(await json(await manage('DELETE', path))).toEqual({
    ...{ object: 'suppression', id: expect.any(String), recipient: 'o/dd+x@y.test', email: 'o/dd+x@y.test' },
    deleted: true,
  });
  for (const again of [path, '/suppressions/x', '/suppressions/%00%40y.test'])
    expect((await manage('DELETE', again)).status).toBe(404);
  // Whoever decodes it first answers.
  expect([400, 404]).toContain((await manage('DELETE', '/suppressions/%zz')).status);
  expect((await accept({ to: 'o/dd+x@y.test' })).status).toBe('queued');
});

it('names every fault of its requests, and asks for the scope', async () => {
  const many = Array.from({ length: 101 }, (_, index) => `r${index}@y.test`);
  for (const [body, paths] of [
    [{}, ['recipient']],
    [{ recipient: 'x', colour: 'red' }, ['recipient', 'colour']],
    [{ recipients: [] }, ['recipients']],
    [{ recipients: many }, ['recipients']],
    [{ recipient: 'a@y.test', recipients: ['b@y.test'] }, ['recipient']],
  ] as const) {
    const response = await manage('POST', '/suppressions', body);
    const { errors } = await json(response);
    expect([response.status, errors.map(({ path }: Json) => path)]).toEqual([422, paths]);
  }
  const faulty = await listed('?limit=0&recipient=x&colour=red&after=a@y.test&after=b@y.test');
  expect([faulty.status, faulty.errors.map(({ path }: Json) => path).sort()]).toEqual([
    ...[400, ['after', 'colour', 'limit', 'recipient']],
  ]);
  const client = { client_id: 'other', client_secret: 's', scope: 'basic' };
  const basic = await getToken(ground.api.functions.token.url, client);
  expect((await manage('POST', '/suppressions', { recipient: 'a@y.test' }, basic)).status).toBe(403);
  expect((await manage('GET', '/suppressions', undefined, basic)).status).toBe(200);
});
