// From whom a client may send, and how much: two copies of send on one database, and the statement that both of them run.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { parseEmailRequest } from '../../functions/send/email-request.ts';
import { toNewEmail } from '../../functions/send/new-email.ts';
import { continueTrace } from '../../lib/process/trace.ts';
import { insertClient, setAllowedSenders, setLimits } from '../../lib/store/clients/clients.ts';
import { insertEmails } from '../../lib/store/emails/accept.ts';
import type { Acceptance } from '../../lib/store/emails/acceptance.ts';
import { preflight } from '../../lib/store/emails/preflight.ts';
import { addSuppressions } from '../../lib/store/suppressions/suppressions.ts';
import type { TestDatabase } from './database.ts';
import { brokerUrl, json, type RunningFunction, startFunction } from './functions.ts';
import { startWholeApi, type WholeApi } from './whole-api.ts';

let ground: WholeApi;
let database: TestDatabase;
/** Of the same database and client as the ground's own. */
let secondSend: RunningFunction;
const client = 'myawesomeapp';

beforeAll(async () => {
  ground = await startWholeApi();
  ({ database } = ground);
  secondSend = await startFunction('send', {
    DATABASE_URL: database.url,
    AMQP_URL: brokerUrl(),
    JWKS_URL: `${ground.api.functions.token.url}/.well-known/jwks.json`,
  });
  for (const client_id of ['other', 'free']) await insertClient(database.sql, { client_id, scopes: ['email'] });
});
afterAll(async () => {
  await secondSend?.stop();
  await ground?.stop();
});
beforeEach(async () => {
  await database.sql`delete from allowances`;
  await database.sql`update clients set allowed_senders = null, rate_per_second = null, daily_quota = null`;
});

const good = { from: 'a@example.com', to: 'b@example.com', subject: 'Hello', text: 'Hi' };
const post = (
  path: string,
  body: unknown,
  headers: Record<string, string> = {},
  base = ground.api.functions.send.url,
) =>
  fetch(base + path, {
    method: 'POST',
    headers: { authorization: `Bearer ${ground.api.token}`, 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
const limit = (limits: Parameters<typeof setLimits>[2], id = client) => setLimits(database.sql, id, limits);
const emailsWith = (subject: string) => database.sql`select id from emails where subject = ${subject}`;
const usedToday = async () => (await database.sql`select used_today from allowances`)[0]?.used_today;
const request = (client_id: string, key: string | null = null, emails = 1, subject = 'group'): Acceptance => ({
  client_id,
  idempotency: key === null ? null : { key, fingerprint: 'f' },
  emails: Array.from({ length: emails }, () =>
    toNewEmail({ ...parseEmailRequest(good, new Date()), subject, template: undefined }, continueTrace(undefined)),
  ),
});
const insert = (...requests: Acceptance[]) => insertEmails(database.sql, requests, 60_000);

describe('allowed senders', () => {
  const allow = (...senders: string[]) => setAllowedSenders(database.sql, client, senders);

  it.each([
    ['a@example.com', ['a@example.com'], true],
    ['A@EXAMPLE.com', ['a@example.com'], true],
    ['b@example.com', ['a@example.com', 'example.test'], false],
    ['b@example.com', ['example.test', 'EXAMPLE.com'], true],
    ['b@sub.example.com', ['example.com'], false],
    ['b@example.com', ['*.example.com'], false],
    ['b@deep.sub.example.com', ['*.example.com'], true],
    ['b@notexample.com', ['example.com', '*.example.com'], false],
    ['b@EXÄMPLE.com', ['xn--exmple-cua.com'], true],
    ['example.com@example.test', ['example.com'], false],
  ])('%s with %j: %s', async (from, senders, isAllowed) => {
    await allow(...senders);
    const response = await post('/send', { ...good, from });
    expect(response.status).toBe(isAllowed ? 202 : 403);
    const parsed = parseEmailRequest({ ...good, from }, new Date()).from.email;
    const foreseen = await preflight(database.sql, { client_id: client, from: parsed, recipients: [] });
    expect(foreseen.sender_allowed).toBe(isAllowed);
  });

  it('are named in the refusal, which leaves no row and no key', async () => {
    await allow('example.test', '*.example.test');
    const key = { 'idempotency-key': 'sender' };
    const response = await post('/send', { ...good, subject: 'refused' }, key);
    expect(await json(response)).toMatchObject({
      ...{ status: 403, name: 'invalid_from_address' },
      detail: 'This client may not send from a@example.com, only from *.example.test, example.test.',
    });
    expect(await emailsWith('refused')).toHaveLength(0);
    await allow('example.com');
    expect((await post('/send', { ...good, subject: 'allowed' }, key)).status).toBe(202);
    await allow('example.test');
    const again = await post('/send', { ...good, subject: 'allowed' }, key);
    expect([again.status, again.headers.get('idempotency-replayed')]).toEqual([202, 'true']);
  });

  it('refuse a batch whole, or leave out of a permissive one what they do not cover', async () => {
    await allow('example.com');
    const batch = [good, { ...good, to: 'x' }, { ...good, from: 'a@evil.test' }, good].map((email) => ({
      ...email,
      subject: 'batch',
    }));
    const strict = await json(await post('/send/batch', [batch[0], batch[2]]));
    expect(strict).toMatchObject({ status: 403, errors: [{ path: '[1].from' }] });
    expect(await emailsWith('batch')).toHaveLength(0);
    await limit({ daily_quota: 2 });
    const permissive = await post('/send/batch', batch, { 'x-batch-validation': 'permissive' });
    const body = await json(permissive);
    expect(body.data).toHaveLength(2);
    expect(body.errors).toEqual([
      { index: 1, message: expect.stringContaining('to must be') },
      { index: 2, message: 'This client may not send from a@evil.test, only from example.com.' },
    ]);
    // What was left out cost nothing.
    expect(permissive.headers.get('ratelimit-remaining')).toBe('0');
    expect(await emailsWith('batch')).toHaveLength(2);
    const none = await post('/send/batch', [batch[2]], { 'x-batch-validation': 'permissive' });
    expect(await json(none)).toMatchObject({ data: [], errors: [{ index: 0 }] });
  });
});

describe('the daily quota', () => {
  it('is kept to the email by two copies under load, with batches among it', async () => {
    await limit({ daily_quota: 150 });
    const responses = await Promise.all(
      Array.from({ length: 200 }, (_, index) => {
        const base = index % 2 === 0 ? ground.api.functions.send.url : secondSend.url;
        const email = { ...good, subject: 'load' };
        return index % 10 === 0 ? post('/send/batch', [email, email, email], {}, base) : post('/send', email, {}, base);
      }),
    );
    const statuses = responses.map(({ status }) => status);
    expect(new Set(statuses)).toEqual(new Set([202, 429]));
    expect(await emailsWith('load')).toHaveLength(150);
    expect(await usedToday()).toBe(150);
    const refused = responses.find(({ status }) => status === 429);
    expect(refused && (await json(refused))).toMatchObject({ name: 'daily_quota_exceeded', status: 429 });
    expect(Number(refused?.headers.get('retry-after'))).toBeLessThanOrEqual(86_400);
    expect(refused?.headers.get('ratelimit-limit')).toBe('150');
    expect(refused?.headers.get('ratelimit-reset')).toBe(refused?.headers.get('retry-after'));
  });

  it('begins anew with the day, and takes a request whole or not at all', async () => {
    await limit({ daily_quota: 3 });
    const [first, second, third] = await insert(request(client, null, 2), request(client, null, 2), request(client));
    expect(first).toMatchObject({ outcome: 'stored', limits: { daily_quota: { limit: 3, remaining: 1 } } });
    expect(second).toMatchObject({ outcome: 'limited', by: 'quota', cost: 2 });
    expect(third).toMatchObject({ outcome: 'stored', limits: { daily_quota: { remaining: 0 }, rate: null } });
    await database.sql`update allowances set day = day - 1`;
    expect(await insert(request(client, null, 3), request(client))).toMatchObject([
      { outcome: 'stored' },
      { outcome: 'limited' },
    ]);
  });

  it('costs a repeated request nothing, and answers it when it is used up; what it refuses leaves no key', async () => {
    await limit({ daily_quota: 1 });
    const send = (key: string, base?: string) =>
      post('/send', { ...good, subject: key }, { 'idempotency-key': key }, base);
    const [first, other] = await Promise.all([send('q1'), send('q1', secondSend.url)]);
    expect((await json(first)).id).toBe((await json(other)).id);
    expect(await usedToday()).toBe(1);
    expect((await send('q2')).status).toBe(429);
    const again = await send('q1');
    expect([again.status, again.headers.get('idempotency-replayed')]).toEqual([202, 'true']);
    await limit({ daily_quota: 2 });
    const later = await send('q2');
    expect([later.status, later.headers.get('idempotency-replayed')]).toEqual([202, null]);
  });
});

describe('the rate', () => {
  const setBucket = (tokens: number, agoS: number) =>
    database.sql`update allowances set tokens = ${tokens}, refilled_at = now() - ${agoS} * interval '1 second'`;
  /** What the SQL function says of requests that cost so much. */
  const take = async (...costs: number[]) => {
    const rows = await database.sql`
      select refused, tokens from take_allowances(
        array_fill(${client}::text, array[${costs.length}::integer]), array_fill(null::text, array[${costs.length}::integer]),
        (select array_agg(cost::integer order by n) from unnest(${costs.map(String)}::text[]) with ordinality each(cost, n)))`;
    return rows.map(({ refused, tokens }) => refused ?? Math.floor(tokens));
  };

  it('has a bucket of one second, which a batch may overdraw', async () => {
    await limit({ rate_per_second: 3 });
    expect(await take(2, 1, 1)).toEqual([1, 0, 'rate']);
    await setBucket(-30, 3_600);
    expect(await take(1, 1, 1, 1)).toEqual([2, 1, 0, 'rate']);
    await setBucket(0, 3_600);
    expect(await take(100, 1)).toEqual([-97, 'rate']);
  });

  it('refills as time goes by; below one a second, the bucket holds one email', async () => {
    await limit({ rate_per_second: 0.1 });
    expect(await take(1, 1)).toEqual([0, 'rate']);
    for (const [tokens, agoS, then] of [
      [0, 5, ['rate', 'rate']],
      [0, 11, [0, 'rate']],
      [-9, 95, ['rate', 'rate']],
      [-9, 101, [0, 'rate']],
      // A clock that was put back.
      [1, -3_600, [0, 'rate']],
    ] as const) {
      await setBucket(tokens, agoS);
      expect(await take(1, 1)).toEqual(then);
    }
  });

  it('is told in every answer', async () => {
    await limit({ rate_per_second: 0.01, daily_quota: 100 });
    const [taken, refused] = [await post('/send', good), await post('/send', good)];
    const told = ({ headers }: Response) =>
      ['limit', 'remaining', 'reset'].map((name) => headers.get(`ratelimit-${name}`));
    expect(told(taken)).toEqual(['1', '0', '100']);
    expect([refused.status, (await json(refused)).name]).toEqual([429, 'rate_limit_exceeded']);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(90);
    expect(told(refused).slice(0, 2)).toEqual(['1', '0']);
    await limit({ rate_per_second: null, daily_quota: null });
    expect(told(await post('/send', good))).toEqual([null, null, null]);
  });
});

describe('groups', () => {
  it('of several clients: each by its own limits, without touching those that have none', async () => {
    await limit({ daily_quota: 1 });
    await limit({ daily_quota: 2 }, 'other');
    const outcomes = await insert(
      ...['other', client, 'free', client, 'other', 'free', 'other'].map((one) => request(one)),
    );
    expect(outcomes.map(({ outcome }) => outcome)).toEqual([
      ...['stored', 'stored', 'stored', 'limited', 'stored', 'stored', 'limited'],
    ]);
    expect((await database.sql`select client_id from allowances order by 1`).map((row) => row.client_id)).toEqual([
      client,
      'other',
    ]);
  });

  it('with a key twice: the second finds the first, or is refused as it was', async () => {
    await limit({ daily_quota: 1 });
    expect(
      await insert(request(client, 'g1'), request(client, 'g1'), request(client, 'g2'), request(client, 'g2')),
    ).toMatchObject([{ outcome: 'stored' }, { outcome: 'earlier' }, { outcome: 'limited' }, { outcome: 'limited' }]);
    expect(await insert(request(client, 'g1'), request(client, 'g2'))).toMatchObject([
      { outcome: 'earlier' },
      { outcome: 'limited' },
    ]);
  });

  it('that meet never wait in a circle, whatever their order', async () => {
    await limit({ daily_quota: 1_000 });
    await limit({ rate_per_second: 1_000 }, 'other');
    const clients = [client, 'other', 'free'];
    const groups = Array.from({ length: 60 }, (_, index) => {
      const order = index % 2 === 0 ? clients : clients.toReversed();
      return insert(...order.flatMap((one) => [request(one, `m${index % 7}`), request(one)]));
    });
    const outcomes = (await Promise.all(groups)).flat();
    expect(outcomes.filter(({ outcome }) => outcome === 'stored')).toHaveLength(60 * 3 + 7 * 3);
    expect(await usedToday()).toBeDefined();
  });
});

it('what is foreseen is what is left, and takes nothing', async () => {
  const { sql } = database;
  await limit({ rate_per_second: 5, daily_quota: 7 });
  await addSuppressions(sql, client, ['Gone@example.com']);
  const foresee = () =>
    preflight(sql, { client_id: client, from: 'a@x.test', recipients: ['gone@example.com', 'b@example.com'] });
  const suppressed = [{ recipient: 'gone@example.com', reason: 'manual' }];
  expect(await foresee()).toMatchObject({
    sender_allowed: true,
    suppressed,
    rate: { limit: 5, remaining: 5, reset_s: 0 },
  });
  expect(await sql`select from allowances`).toHaveLength(0);
  await insert(request(client, null, 2));
  expect(await foresee()).toMatchObject({ rate: { limit: 5 }, daily_quota: { limit: 7, remaining: 5 } });
  expect(await preflight(sql, { client_id: 'free', from: 'a@x.test', recipients: ['gone@example.com'] })).toEqual({
    ...{ sender_allowed: true, suppressed: [], rate: null, daily_quota: null },
  });
});
