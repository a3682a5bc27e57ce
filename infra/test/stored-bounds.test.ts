// What a client can make grow at the manage function: each at its bound, one below and one above, and by many requests at once.
import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Json, json } from './functions.ts';
import { startWholeApi, type WholeApi } from './whole-api.ts';

const settings = {
  SUPPRESSIONS_PER_CLIENT: '5',
  TEMPLATE_BYTES_PER_CLIENT: '5000',
  WEBHOOKS_PER_CLIENT: '3',
  // Nothing is delivered here.
  WEBHOOK_ALLOWED_ADDRESSES: '127.0.0.0/8',
};
const client = 'myawesomeapp';
let ground: WholeApi;

beforeAll(async () => {
  ground = await startWholeApi({ settings, also: ['manage'] });
});
afterAll(() => ground?.stop());
beforeEach(async () => {
  const { sql } = ground.database;
  await sql`delete from suppressions`;
  await sql`delete from templates`;
  await sql`delete from webhooks`;
});

async function ask(
  method: string,
  path: string,
  body?: unknown,
): Promise<{ status: number; headers: Headers; body: Json }> {
  const response = await fetch(ground.api.functions.manage.url + path, {
    method,
    headers: { authorization: `Bearer ${ground.api.token}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return {
    status: response.status,
    headers: response.headers,
    body: response.status === 204 ? undefined : await json(response),
  };
}
const statusesOf = (answers: { status: number }[]) => answers.map(({ status }) => status).sort();
const times = <Result>(count: number, run: (index: number) => Result) =>
  Array.from({ length: count }, (_, index) => run(index));
const tooMany = (detail: string) => ({
  status: 422,
  body: { name: 'validation_error', detail: expect.stringContaining(detail) },
});

describe('suppressions', () => {
  const add = (...recipients: string[]) => ask('POST', '/suppressions', { recipients });
  const addresses = (count: number, name = 'a') => times(count, (index) => `${name}${index}@example.com`);
  const counted = async () =>
    (await ground.database.sql`select manual_suppressions from client_counts where client_id = ${client}`)[0]
      ?.manual_suppressions ?? 0;

  it('are as many as the setting says, all of a request or none', async () => {
    expect((await add(...addresses(4))).status).toBe(200);
    expect(await add('x@example.com', 'y@example.com')).toMatchObject(tooMany('5 is the most'));
    expect(await counted()).toBe(4);
    expect((await add('x@example.com')).status).toBe(200);
    expect(await add('y@example.com')).toMatchObject(tooMany('You have 5 suppressions'));
    // What is there already makes nothing grow.
    expect((await add(...addresses(4), 'x@example.com')).status).toBe(200);
    expect((await ask('DELETE', '/suppressions/x%40example.com')).status).toBe(200);
    expect((await add('y@example.com')).status).toBe(200);
    expect(await counted()).toBe(5);
  });

  it('of bounces do not count', async () => {
    const bounced = addresses(10, 'bounced');
    await ground.database.sql`
      insert into suppressions (client_id, recipient, reason)
      select ${client}, recipient, 'hard_bounce' from unnest(${bounced}::text[]) each(recipient)`;
    expect((await add(...addresses(5))).status).toBe(200);
    expect((await add(...bounced)).status).toBe(200);
    expect((await ask('DELETE', '/suppressions/bounced0%40example.com')).status).toBe(200);
    expect(await counted()).toBe(5);
  });

  it('of many requests at once are no more, and none waits in a circle', async () => {
    await add('gone@example.com', 'kept@example.com');
    const answers = await Promise.all([
      ...times(15, (index) =>
        add(...[`b${index % 7}@example.com`, 'gone@example.com', `c${index % 5}@example.com`].sort()),
      ),
      ...times(5, () => ask('DELETE', '/suppressions/gone%40example.com')),
    ]);
    expect(answers.filter(({ status }) => ![200, 404, 422].includes(status))).toEqual([]);
    const [{ count } = { count: 0 }] = await ground.database.sql`select count(*)::integer as count from suppressions`;
    expect(count).toBeLessThanOrEqual(5);
    expect(await counted()).toBe(count);
  });
});

describe('templates', () => {
  const put = (name: string, text: string) => ask('PUT', `/templates/${name}`, { subject: 'S', text });
  /** As if they had been made before. */
  async function templates(count: number, versions: number, name = 't'): Promise<void> {
    const { sql } = ground.database;
    const ids = times(count, () => uuidv7());
    await sql`
      insert into templates (id, client_id, name, version)
      select id, ${client}, ${name}::text || place, ${versions}::integer from unnest(${ids}::uuid[]) with ordinality each(id, place)`;
    await sql`
      insert into template_versions (template_id, version, subject, text, variables)
      select id, version, '', '', '{}' from unnest(${ids}::uuid[]) each(id), generate_series(1, ${versions}::integer) version`;
  }

  it('are 1,000 at most, also of many requests at once', async () => {
    await templates(998, 1);
    expect(statusesOf(await Promise.all(times(8, (index) => put(`n${index}`, 'T'))))).toEqual([
      201, 201, 422, 422, 422, 422, 422, 422,
    ]);
    expect(await ask('POST', '/templates', { name: 'm', subject: 'S', text: 'T' })).toMatchObject(
      tooMany('You have 1000 templates'),
    );
    expect((await ask('DELETE', '/templates/t1')).status).toBe(200);
    expect((await ask('POST', '/templates', { name: 'm', subject: 'S', text: 'T' })).status).toBe(201);
  });

  it('have 1,000 versions at most', async () => {
    await templates(1, 999);
    expect((await put('t1', 'A')).status).toBe(200);
    expect(await put('t1', 'B')).toMatchObject(tooMany('It has 1000 versions'));
    // The same as the newest makes none.
    expect((await put('t1', 'A')).status).toBe(200);
  });

  it('have 10,000 versions in all', async () => {
    await templates(10, 999);
    await templates(1, 9, 'rest');
    expect((await put('t1', 'A')).status).toBe(200);
    expect(await put('t2', 'A')).toMatchObject(tooMany('10000 versions in all'));
    expect(await put('new', 'A')).toMatchObject(tooMany('10000 versions in all'));
    expect((await ask('DELETE', '/templates/t3')).status).toBe(200);
    expect((await put('new', 'A')).status).toBe(201);
  });

  it('have as many bytes as the setting says: bytes, not characters, of all versions', async () => {
    expect((await put('a', 'ü'.repeat(1_000))).status).toBe(201);
    expect((await put('a', 'x'.repeat(2_000))).status).toBe(200);
    // 4,002 so far.
    expect(await put('a', 'x'.repeat(998))).toMatchObject(tooMany('5000 bytes in all'));
    expect(await ask('POST', '/templates', { name: 'b', subject: 'S', html: 'x'.repeat(998) })).toMatchObject(
      tooMany('5000 bytes in all'),
    );
    expect(statusesOf(await Promise.all(times(6, (index) => put(`c${index}`, 'x'.repeat(498)))))).toEqual([
      201, 201, 422, 422, 422, 422,
    ]);
    expect((await ask('DELETE', '/templates/a')).status).toBe(200);
    expect((await put('b', 'x'.repeat(4_000))).status).toBe(201);
  });
});

describe('webhooks', () => {
  const make = () => ask('POST', '/webhooks', { url: 'http://127.0.0.1:9/hook' });

  it('are as many as the setting says, also of many requests at once', async () => {
    expect((await make()).status).toBe(201);
    expect(statusesOf(await Promise.all(times(6, make)))).toEqual([201, 201, 422, 422, 422, 422]);
    expect(await make()).toMatchObject(tooMany('You have 3 webhooks'));
  });

  it('have five secrets at most', async () => {
    const { id } = (await make()).body;
    for (let n = 0; n < 8; n += 1) expect((await ask('POST', `/webhooks/${id}/rotate-secret`, {})).status).toBe(200);
    const [row] = await ground.database
      .sql`select jsonb_array_length(secrets) as secrets from webhooks where id = ${id}`;
    expect(row?.secrets).toBe(5);
  });

  it('get 20 examples an hour, also of many requests at once', async () => {
    const { id } = (await make()).body;
    const test = () => ask('POST', `/webhooks/${id}/test`);
    await ground.database.sql`
      insert into webhook_deliveries (id, webhook_id, type)
      select delivery, ${id}, 'email.sent' from unnest(${times(19, () => uuidv7())}::uuid[]) each(delivery)`;
    const answers = await Promise.all(times(10, test));
    expect(statusesOf(answers)).toEqual([202, ...Array(9).fill(429)]);
    const refused = answers.find(({ status }) => status === 429);
    expect(refused?.body).toMatchObject({
      name: 'rate_limit_exceeded',
      detail: expect.stringContaining('20 examples'),
    });
    expect(Number(refused?.headers.get('retry-after'))).toBeGreaterThan(3_500);
    expect(Number(refused?.headers.get('retry-after'))).toBeLessThanOrEqual(3_600);
    // Of each webhook; and those of an hour ago no longer count.
    expect((await ask('POST', `/webhooks/${(await make()).body.id}/test`)).status).toBe(202);
    await ground.database.sql`
      update webhook_deliveries set created_at = created_at - interval '1 hour'
      where id in (select id from webhook_deliveries where webhook_id = ${id} limit 1)`;
    expect(statusesOf(await Promise.all([test(), test()]))).toEqual([202, 429]);
  });

  it('repeat a delivery until it has had 100 attempts', async () => {
    const { id } = (await make()).body;
    const [one, other] = [uuidv7(), uuidv7()];
    await ground.database.sql`
      insert into webhook_deliveries (id, webhook_id, type, status, attempts, due_at, finished_at)
      select delivery, ${id}, 'email.sent', 'failed', attempts, null, now()
      from (values (${one}::uuid, 100), (${other}::uuid, 99)) each(delivery, attempts)`;
    expect(await ask('POST', `/webhooks/${id}/deliveries/${one}/replay`)).toMatchObject({
      status: 409,
      body: { name: 'conflict', detail: expect.stringContaining('100 attempts') },
    });
    const since = '2026-01-01T00:00:00Z';
    expect((await ask('POST', `/webhooks/${id}/deliveries/replay`, { since })).body.replayed).toBe(1);
    await ground.database
      .sql`update webhook_deliveries set status = 'failed', due_at = null, queued_at = null, finished_at = now()`;
    expect((await ask('POST', `/webhooks/${id}/deliveries/${other}/replay`)).status).toBe(202);
  });
});

it('metrics have as many series whatever clients ask for', async () => {
  const { manage } = ground.api.functions;
  const series = async () =>
    (await (await fetch(`${manage.url}/metrics`)).text()).split('\n').filter((line) => line.startsWith('http_')).length;
  const strange = (n: number) =>
    Promise.all(
      ['GET', 'PUT', 'PROPFIND'].map((method) =>
        fetch(`${manage.url}/templates/strange-${n}/x?y=${n}`, { method }).then((answer) => answer.text()),
      ),
    );
  await strange(0);
  // Counts itself from the second time on.
  await series();
  const before = await series();
  for (let n = 1; n < 20; n += 1) await strange(n);
  expect(await series()).toBe(before);
});
