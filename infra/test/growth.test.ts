// What a client can make grow without sending: the events of one email, by moving its time or replaying it.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { admin, type Json, json } from './functions.ts';
import { startWholeApi, type WholeApi } from './whole-api.ts';

let ground: WholeApi;

beforeAll(async () => {
  ground = await startWholeApi();
});
afterAll(() => ground?.stop());

const tomorrow = () => new Date(Date.now() + 86_400_000).toISOString();

async function scheduled(): Promise<string> {
  const email = { from: 'a@example.com', to: 'b@example.com', subject: 'S', text: 'T', scheduled_at: tomorrow() };
  return (await json(await ground.api.send(email))).id;
}

async function ask(method: string, path: string, body?: unknown): Promise<{ status: number; body: Json }> {
  const response = await fetch(ground.api.functions.send.url + path, {
    method,
    headers: { authorization: `Bearer ${ground.api.token}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: await json(response) };
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
