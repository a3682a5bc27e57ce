// The requests that keep webhooks: what is taken, what is refused, and whose they are.
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { freePort } from '../local/ports.ts';
import { createTestDatabase, type TestDatabase } from './database.ts';
import { admin, exampleClient, getToken, type Json, json, type RunningFunction, startFunction } from './functions.ts';

let database: TestDatabase;
let token: RunningFunction;
let manage: RunningFunction;
const other = { client_id: 'other', client_secret: 's', scope: 'basic email' };
/** Access tokens. */
let own: string;
let others: string;
let readOnly: string;

beforeAll(async () => {
  database = await createTestDatabase();
  for (const client of [exampleClient, other])
    admin(
      database.url,
      'client',
      'ensure',
      '--demo',
      client.client_id,
      '--secret',
      client.client_secret,
      '--scope',
      client.scope,
    );
  const port = await freePort();
  const common = {
    DATABASE_URL: database.url,
    SIGNING_KEYS_FILE: join(inject('workDirectory'), 'signing-keys.json'),
    JWKS_URL: `http://127.0.0.1:${port}/.well-known/jwks.json`,
  };
  [token, manage] = await Promise.all([startFunction('token', common, { port }), startFunction('manage', common)]);
  own = await getToken(token.url);
  others = await getToken(token.url, other);
  readOnly = await getToken(token.url, { ...other, scope: 'basic' });
});
afterAll(async () => {
  await Promise.all([token?.stop(), manage?.stop()]);
  await database?.drop();
});
beforeEach(() => database.sql`delete from webhooks`);

async function ask(method: string, path: string, body?: unknown, accessToken = own) {
  const response = await fetch(manage.url + path, {
    method,
    headers: {
      authorization: `Bearer ${accessToken}`,
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const { status, headers } = response;
  return { status, headers, body: status === 204 ? undefined : await json(response) };
}
async function endpoint(over: object = {}): Promise<Json> {
  const made = await ask('POST', '/webhooks', { url: 'https://example.com/hook', ...over });
  expect(made).toMatchObject({ status: 201, body: { secret: expect.stringMatching(/^whsec_/) } });
  return made.body;
}

describe('the requests', () => {
  it.each<[string, string, unknown, number, string[]]>([
    ['POST', '/webhooks', {}, 422, ['url']],
    ['POST', '/webhooks', { url: 'https://10.0.0.1/', events: ['*'] }, 422, ['url']],
    ['POST', '/webhooks', { url: 'https://user:pw@example.com/' }, 422, ['url']],
    [
      'POST',
      '/webhooks',
      { url: 'nowhere', events: ['email.read'], secret: 'whsec_c2hvcnQ=', x: 1 },
      422,
      ['url', 'events[0]', 'secret', 'x'],
    ],
    ['POST', '/webhooks', { url: 'https://example.com/', events: [] }, 422, ['events']],
    ['PATCH', '/webhooks/{id}', { url: 'https://169.254.169.254/latest/meta-data' }, 422, ['url']],
    ['PATCH', '/webhooks/{id}', { disabled: 'yes' }, 422, ['disabled']],
    ['POST', '/webhooks/{id}/rotate-secret', { keep_seconds: -1 }, 422, ['keep_seconds']],
    ['POST', '/webhooks/{id}/deliveries/replay', {}, 422, ['since']],
    ['GET', '/webhooks/{id}/deliveries?status=lost&limit=0&x=1', undefined, 400, ['status', 'limit', 'x']],
    ['POST', '/webhooks/{id}/deliveries/7/replay', undefined, 404, []],
    ['GET', '/webhooks/7', undefined, 404, []],
  ])('%s %s with %j is refused', async (method, path, body, status, paths) => {
    const { id } = await endpoint();
    const refused = await ask(method, path.replace('{id}', id), body);
    expect({ status: refused.status, paths: (refused.body.errors ?? []).map((fault: Json) => fault.path) }).toEqual({
      status,
      paths,
    });
    expect(refused.headers.get('content-type')).toBe('application/problem+json');
  });

  it('make, show, change, list and delete endpoints of the client alone, 20 at most', async () => {
    const first = await endpoint({ url: 'https://EXAMPLE.com:443/hook', events: ['email.sent', 'email.sent'] });
    expect(first).toMatchObject({ url: 'https://example.com/hook', events: ['email.sent'], disabled_at: null });
    const path = `/webhooks/${first.id}`;
    const changed = await ask('PATCH', path, { events: ['*'], disabled: true });
    expect(changed).toMatchObject({
      status: 200,
      body: { url: first.url, events: ['*'], disabled_reason: 'its client disabled it' },
    });
    expect((await ask('GET', path)).body).toEqual(changed.body);
    expect(await ask('POST', `${path}/test`)).toMatchObject({ status: 409 });

    for (const [method, suffix, body] of [
      ['GET', ''],
      ['PATCH', '', {}],
      ['DELETE', ''],
      ['POST', '/rotate-secret', {}],
      ['POST', '/test'],
      ['GET', '/deliveries'],
    ] as const)
      expect(await ask(method, path + suffix, body, others)).toMatchObject({ status: 404 });
    expect(await ask('POST', '/webhooks', { url: 'https://example.com/' }, readOnly)).toMatchObject({ status: 403 });
    expect((await ask('GET', '/webhooks', undefined, readOnly)).body).toEqual({
      ...{ object: 'list', data: [], has_more: false, next_after: null },
    });

    const more = await Promise.all(
      Array.from({ length: 25 }, () => ask('POST', '/webhooks', { url: 'https://example.com/' })),
    );
    expect(more.map(({ status }) => status).sort()).toEqual([...Array(19).fill(201), ...Array(6).fill(422)]);
    expect((await ask('GET', '/webhooks')).body.data).toHaveLength(20);
    expect((await ask('DELETE', path)).status).toBe(200);
    expect((await ask('GET', path)).status).toBe(404);
  });

  it('page through deliveries, newest first', async () => {
    const { id } = await endpoint();
    for (let count = 0; count < 5; count += 1) await ask('POST', `/webhooks/${id}/test`);
    const page = async (after: string) => (await ask('GET', `/webhooks/${id}/deliveries?limit=2${after}`)).body;
    const first = await page('');
    const second = await page(`&after=${first.next_after}`);
    const third = await page(`&after=${second.next_after}`);
    const ids = [first, second, third].flatMap(({ data }) => data.map((delivery: Json) => delivery.id));
    expect(ids).toEqual([...new Set(ids)].sort().reverse());
    expect([ids.length, first.has_more, third.has_more, third.next_after]).toEqual([5, true, false, null]);
  });
});
