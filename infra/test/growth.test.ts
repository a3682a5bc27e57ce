// What a client can make grow without sending: the events of one email, by moving its time or replaying it; keys of requests.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { setLimits } from '../../lib/store/clients/clients.ts';
import { admin, type Json, json } from './functions.ts';
import { startWholeApi, type WholeApi } from './whole-api.ts';

let ground: WholeApi;

beforeAll(async () => {
  ground = await startWholeApi();
});
afterAll(() => ground?.stop());

beforeEach(async () => {
  await ground.database.sql`delete from allowances`;
  await limit({ rate_per_second: null, daily_quota: null });
});

const limit = (limits: Parameters<typeof setLimits>[2]) => setLimits(ground.database.sql, 'myawesomeapp', limits);
const usedToday = async () => (await ground.database.sql`select used_today from allowances`)[0]?.used_today;
const tomorrow = () => new Date(Date.now() + 86_400_000).toISOString();

async function scheduled(): Promise<string> {
  const email = { from: 'a@example.com', to: 'b@example.com', subject: 'S', text: 'T', scheduled_at: tomorrow() };
  return (await json(await ground.api.send(email))).id;
}

async function ask(
  method: string,
  path: string,
  body?: unknown,
): Promise<{ status: number; headers: Headers; body: Json }> {
  const response = await fetch(ground.api.functions.send.url + path, {
    method,
    headers: { authorization: `Bearer ${ground.api.token}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, headers: response.headers, body: await json(response) };
}

/** As if that had happened before. */
async function record(id: string, type: string, times: number): Promise<void> {
  await ground.database.sql`
    insert into email_events (email_id, type) select ${id}::uuid, ${type}::text from generate_series(1, ${times}::integer)`;
}

describe('events of one email', () => {
  it('by PATCH are 100 at most', async () => {
    const id = await scheduled();
    await record(id, 'rescheduled', 98);
    const moved = [];
    for (let n = 0; n < 4; n += 1) moved.push(await ask('PATCH', `/emails/${id}`, { scheduled_at: tomorrow() }));
    expect(moved.map(({ status }) => status)).toEqual([200, 200, 409, 409]);
    expect(moved.at(-1)?.body).toMatchObject({ name: 'conflict', detail: expect.stringContaining('100 times') });
    expect((await ask('POST', `/emails/${id}/cancel`)).status).toBe(200);
  });

  it('by PATCH are 100 at most of many at once', async () => {
    const id = await scheduled();
    await record(id, 'rescheduled', 95);
    const moves = Array.from({ length: 20 }, () => ask('PATCH', `/emails/${id}`, { scheduled_at: tomorrow() }));
    const statuses = (await Promise.all(moves)).map(({ status }) => status).sort();
    expect(statuses).toEqual([...Array(5).fill(200), ...Array(15).fill(409)]);
    const [row] = await ground.database.sql`
      select count(*)::integer as moved from email_events where email_id = ${id} and type = 'rescheduled'`;
    expect(row?.moved).toBe(100);
  });

  it('by replaying are 100 at most, and a replay of many passes over it', async () => {
    const id = await scheduled();
    await ask('POST', `/emails/${id}/cancel`);
    await record(id, 'replayed', 100);
    expect(await ask('POST', `/emails/${id}/replay`)).toMatchObject({
      status: 409,
      body: { name: 'conflict', detail: expect.stringContaining('100 times') },
    });
    const [{ accepted_at } = { accepted_at: '' }] = await ground.database.sql`
      select accepted_at from emails where id = ${id}`;
    const many = await ask('POST', '/emails/replay', { status: 'canceled', since: accepted_at.toISOString() });
    expect(many).toMatchObject({ status: 202, body: { data: [], has_more: false } });
    expect(admin(ground.database.url, 'email', 'show', id)).toContain('replayed');
  });

  it('come in pages, and the last 100 with their email', async () => {
    const id = await scheduled();
    await record(id, 'rescheduled', 250);
    const email = await ground.api.read(`/emails/${id}`);
    expect(email.events.map(({ type }: Json) => type)).toEqual(Array(100).fill('rescheduled'));

    const lengths: number[] = [];
    const types: string[] = [];
    let next = '';
    do {
      const page = await ground.api.read(`/emails/${id}/events${next}`);
      lengths.push(page.data.length);
      types.push(...page.data.map(({ type }: Json) => type));
      expect(page.has_more).toBe(page.next_after !== null);
      next = page.next_after === null ? '' : `?after=${page.next_after}`;
    } while (next !== '');
    expect(lengths).toEqual([100, 100, 51]);
    expect(types).toEqual(['accepted', ...Array(250).fill('rescheduled')]);

    expect(await ground.api.read(`/emails/${id}/events?limit=1`)).toMatchObject({
      data: [{ type: 'accepted' }],
      has_more: true,
    });
    expect(await ground.api.read(`/emails/${id}/events?after=x&limit=101`)).toMatchObject({
      name: 'invalid_parameter',
      errors: [{ path: 'after' }, { path: 'limit' }],
    });
  });
});

describe('limits of a client', () => {
  const move = (id: string) => ask('PATCH', `/emails/${id}`, { scheduled_at: tomorrow() });

  it('count each move of an email, and what is refused moves nothing', async () => {
    const id = await scheduled();
    await limit({ daily_quota: 3 });
    const moves = await Promise.all(Array.from({ length: 8 }, () => move(id)));
    expect(moves.map(({ status }) => status).sort()).toEqual([200, 200, 200, 429, 429, 429, 429, 429]);
    expect(moves.find(({ status }) => status === 429)?.body.name).toBe('daily_quota_exceeded');
    expect(await usedToday()).toBe(3);
    const { scheduled_at, events } = await ground.api.read(`/emails/${id}`);
    expect(events.filter(({ type }: Json) => type === 'rescheduled')).toHaveLength(3);
    await move(id);
    expect((await ground.api.read(`/emails/${id}`)).scheduled_at).toBe(scheduled_at);
  });

  it('count a move by the rate, and tell of it', async () => {
    const id = await scheduled();
    await limit({ rate_per_second: 0.01 });
    const [moved, refused] = [await move(id), await move(id)];
    expect([moved.status, moved.headers.get('ratelimit-remaining')]).toEqual([200, '0']);
    expect([refused.status, refused.body.name]).toEqual([429, 'rate_limit_exceeded']);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(90);
  });

  it('are not touched by a move that is refused', async () => {
    const id = await scheduled();
    await ask('POST', `/emails/${id}/cancel`);
    await limit({ daily_quota: 3 });
    expect((await move(id)).status).toBe(409);
    expect((await usedToday()) ?? 0).toBe(0);
  });

  it('count each replay: of one, and of many all or none', async () => {
    const since = new Date().toISOString();
    const ids = [await scheduled(), await scheduled(), await scheduled()];
    // Their contents stay; no worker is to take them while the test counts.
    for (const id of ids) await ask('POST', `/emails/${id}/cancel`);
    await limit({ daily_quota: 2 });
    const many = { status: 'canceled', since };
    expect(await ask('POST', '/emails/replay', many)).toMatchObject({
      status: 429,
      body: { name: 'daily_quota_exceeded', detail: expect.stringContaining('the request has 3') },
    });
    const statuses = await ground.database.sql`select status from emails where id = any(${ids}::uuid[])`;
    expect(statuses.map(({ status }) => status)).toEqual(['canceled', 'canceled', 'canceled']);
    const one = await ask('POST', `/emails/${ids[0]}/replay`);
    expect([one.status, one.headers.get('ratelimit-remaining')]).toEqual([202, '1']);
    const rest = await ask('POST', '/emails/replay', { ...many, limit: 1 });
    expect([rest.status, rest.body.data.length, rest.headers.get('ratelimit-remaining')]).toEqual([202, 1, '0']);
    expect((await ask('POST', `/emails/${ids[2]}/replay`)).status).toBe(429);
    expect(await usedToday()).toBe(2);
  });
});

it('a request that is refused, for whatever reason, leaves no idempotency key', async () => {
  const email = { from: 'a@example.com', to: 'b@example.com', subject: 'S', text: 'T' };
  const keys = async () => (await ground.database.sql`select key from idempotency_keys`).map(({ key }) => key);
  const before = await keys();
  const send = async (key: string, body: object) => (await ground.api.send(body, { 'idempotency-key': key })).status;
  expect(await send('faulty', { ...email, to: 'x' })).toBe(422);
  expect(await send('template', { ...email, text: undefined, template: 'unknown' })).toBe(422);
  await limit({ daily_quota: 1 });
  expect(await send('good', email)).toBe(202);
  for (let n = 0; n < 5; n += 1) expect(await send(`above ${n}`, email)).toBe(429);
  expect(await keys()).toEqual([...before, 'good']);
});
