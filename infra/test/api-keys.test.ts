// API keys at every door where a token is taken: the SDK of Resend unmodified, what a key may not, and how it ends.
import { Resend } from 'resend';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { disableClient, enableClient } from '../../lib/store/clients/clients.ts';
import { runAdmin } from '../admin/run.ts';
import type { PublicFunction } from '../gateway/public-functions.ts';
import { type Gateway, startGateway } from '../local/gateway.ts';
import { freePort, loopback } from '../local/ports.ts';
import { createTestDatabase, type TestDatabase } from './database.ts';
import { type Api, eventually, exampleClient, getToken, type Json, json, startApi } from './functions.ts';
import { startSmtpServer, type TestSmtpServer } from './smtp-server.ts';

let database: TestDatabase;
let smtp: TestSmtpServer;
let api: Api;
let gateway: Gateway;
let baseUrl: string;
/** With a token of the example client. */
let owner: Resend;

const client = exampleClient.client_id;

beforeAll(async () => {
  database = await createTestDatabase();
  smtp = await startSmtpServer();
  const settings = { DISPATCH_INTERVAL_SECONDS: '0.1' };
  api = await startApi({ databaseUrl: database.url, smtpUrl: smtp.url, also: ['manage', 'console'], settings });
  const portOf = (name: PublicFunction) => Number(new URL(api.functions[name].url).port);
  const names = ['token', 'send', 'history', 'manage', 'console'] as const;
  const ports = Object.fromEntries(names.map((name) => [name, portOf(name)])) as Record<PublicFunction, number>;
  const port = await freePort();
  gateway = await startGateway({ port, ports });
  baseUrl = `http://${loopback}:${port}`;
  owner = new Resend(api.token, { baseUrl });
});
afterAll(async () => {
  await gateway?.stop();
  await api?.stop();
  await smtp?.stop();
  await database?.drop();
});
beforeEach(async () => {
  await database.sql`delete from api_keys`;
});

const email = { from: 'Shop <shop@example.com>', to: ['a@example.com'], subject: 'Your order', text: 'Thank you.' };

/** The answer of a call that must have gone well. */
async function ok<Data>(call: Promise<{ data: Data | null; error: unknown }>): Promise<Data> {
  const { data, error } = await call;
  expect(error).toBeNull();
  return data as Data;
}

function ask(key: string, method: string, path: string, body?: unknown, headers = {}): Promise<Response> {
  return fetch(baseUrl + path, {
    method,
    headers: {
      authorization: `Bearer ${key}`,
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
}

/** A key with fields of ours. */
async function make(asked: object, maker = api.token): Promise<{ id: string; token: string } & Json> {
  const response = await ask(maker, 'POST', '/api-keys', { name: 'k', ...asked });
  expect(response.status).toBe(201);
  return json(response);
}

async function problemOf(response: Response) {
  const { name, type, statusCode, message } = await json(response);
  expect(statusCode).toBe(response.status);
  return { status: response.status, name, type: type.replace('urn:email-api:problem:', ''), message };
}

/** In this process: connections would be idle for too long while another one starts. */
async function operator(...args: string[]): Promise<string> {
  const databaseUrl = database.url;
  const settings = { databaseUrl, amqpUrl: undefined, migrationsDirectory: undefined, say: () => {} };
  const { exitCode, output = '', complaint } = await runAdmin(args, settings);
  expect({ exitCode, complaint }).toEqual({ exitCode: 0 });
  return output;
}

/** One request to each function that takes a token. */
const everywhere = (key: string) =>
  Promise.all([
    ask(key, 'POST', '/emails', email),
    ask(key, 'GET', '/emails'),
    ask(key, 'GET', '/suppressions'),
  ] as const);
const statusesOf = async (key: string) => (await everywhere(key)).map(({ status }) => status);

describe('the SDK of Resend', () => {
  it('makes, lists, renames and removes keys, and sends and reads with one', async () => {
    const made = await ok(owner.apiKeys.create({ name: 'backend' }));
    expect(made).toMatchObject({
      id: expect.any(String),
      token: expect.stringMatching(/^re_[A-Za-z0-9]{8}_[A-Za-z0-9]{24}$/),
    });
    const resend = new Resend(made.token, { baseUrl });
    const { id } = await ok(resend.emails.send(email));
    expect(await ok(resend.emails.get(id))).toMatchObject({ id });
    const { data } = await eventually(async () => {
      const listed = await ok(resend.apiKeys.list());
      return listed.data[0]?.last_used_at !== null && listed;
    });
    expect(data).toEqual([expect.objectContaining({ id: made.id, name: 'backend', created_at: expect.any(String) })]);
    expect(JSON.stringify(data)).not.toContain(made.token.slice(12));
    expect(await ok(resend.apiKeys.update(made.id, { name: 'front' }))).toEqual({ object: 'api_key', id: made.id });
    expect((await ok(resend.apiKeys.list({ limit: 1 }))).data[0]?.name).toBe('front');
    expect(await ok(resend.apiKeys.remove(made.id))).toEqual({ object: 'api_key', id: made.id, deleted: true });
    const { error } = await resend.emails.send(email);
    expect(error).toMatchObject({ statusCode: 403, name: 'invalid_api_key' });
  });

  it('is told so where a key is for sending alone', async () => {
    const { token } = await ok(owner.apiKeys.create({ name: 'send', permission: 'sending_access' }));
    const resend = new Resend(token, { baseUrl });
    await ok(resend.emails.send(email));
    await ok(resend.batch.send([email]));
    const refused = {
      statusCode: 401,
      name: 'restricted_api_key',
      message: 'This API key is restricted to only send emails.',
    };
    for (const call of [
      resend.emails.list(),
      resend.emails.get('01890000-0000-7000-8000-000000000000'),
      resend.emails.cancel('01890000-0000-7000-8000-000000000000'),
      resend.apiKeys.list(),
      resend.apiKeys.create({ name: 'more' }),
      resend.apiKeys.remove('01890000-0000-7000-8000-000000000000'),
    ])
      expect((await call).error).toMatchObject(refused);
    for (const [method, path, body] of [
      ['POST', '/emails/replay', {}],
      ['POST', '/recipients/erase', { recipient: 'a@example.com' }],
      ['POST', '/suppressions', { recipient: 'a@example.com' }],
      ['POST', '/webhooks', { url: 'https://example.com/' }],
    ] as const)
      expect(await problemOf(await ask(token, method, path, body))).toMatchObject({
        status: 401,
        name: 'restricted_api_key',
      });
  });

  it('may be without a key, or with one that is none', async () => {
    const none = await fetch(`${baseUrl}/emails`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{}',
    });
    expect(await problemOf(none)).toMatchObject({ status: 401, name: 'missing_api_key', type: 'missing_token' });
    const { error } = await new Resend('re_123456789', { baseUrl }).emails.send(email);
    expect(error).toMatchObject({ statusCode: 403, name: 'invalid_api_key' });
  });
});

describe('whom a key may send from', () => {
  const other = { ...email, from: 'news@other.test' };

  it('holds in every way to send', async () => {
    const { token } = await make({ allowed_senders: ['example.com'] });
    expect((await ask(token, 'POST', '/emails', email)).status).toBe(202);
    for (const [path, body] of [
      ['/emails', other],
      ['/send', other],
      ['/emails/batch', [email, other]],
    ] as const) {
      const problem = await problemOf(await ask(token, 'POST', path, body));
      expect(problem).toMatchObject({
        status: 403,
        name: 'invalid_from_address',
        message: expect.stringContaining('only from example.com'),
      });
    }
    const permissive = await ask(token, 'POST', '/emails/batch', [other, email], {
      'x-batch-validation': 'permissive',
    });
    expect(await json(permissive)).toMatchObject({ data: [{ id: expect.any(String) }], errors: [{ index: 0 }] });
    const preview = async (body: object) =>
      (await json(await ask(token, 'POST', '/emails/preview', body))).findings.sender_allowed;
    expect([await preview(email), await preview(other)]).toEqual([true, false]);
    expect((await ask(api.token, 'POST', '/emails', other)).status).toBe(202);
  });

  it('holds for a replay, of one or of many', async () => {
    smtp.behave({ refuse: { 'gone@example.com': [550, '5.1.1 no such user'] } });
    const sendGone = async (from: string) => {
      const { id } = await json(await ask(api.token, 'POST', '/emails', { ...email, from, to: 'gone@example.com' }));
      await eventually(async () => (await api.read(`/emails/${id}`)).status === 'bounced');
      await database.sql`delete from suppressions`;
      return id;
    };
    const own = await sendGone('shop@example.com');
    const foreign = await sendGone('news@other.test');
    const { token } = await make({ allowed_senders: ['example.com'] });
    expect(await problemOf(await ask(token, 'POST', `/emails/${foreign}/replay`))).toMatchObject({
      status: 403,
      name: 'invalid_from_address',
    });
    const many = await json(await ask(token, 'POST', '/emails/replay', { status: 'bounced' }));
    expect(many).toMatchObject({ data: [{ id: own }], has_more: false });
    expect((await api.read(`/emails/${foreign}`)).status).toBe('bounced');
    expect((await ask(api.token, 'POST', `/emails/${foreign}/replay`)).status).toBe(202);
  });

  it('is within what its client may, whichever is the narrower', async () => {
    const { token } = await make({ allowed_senders: ['example.com', 'other.test'] });
    await operator('client', 'set-senders', client, '--sender', 'example.com');
    expect((await ask(token, 'POST', '/emails', email)).status).toBe(202);
    expect((await problemOf(await ask(token, 'POST', '/emails', other))).name).toBe('invalid_from_address');
    await operator('client', 'set-senders', client, '--any-sender');
    expect((await ask(token, 'POST', '/emails', other)).status).toBe(202);
  });
});

describe('a key ends at once, everywhere', () => {
  it('when it is revoked by the operator', async () => {
    const { id, token } = await make({});
    expect(await statusesOf(token)).toEqual([202, 200, 200]);
    expect(await operator('key', 'revoke', id)).toContain(token.slice(0, 11));
    expect(await statusesOf(token)).toEqual([403, 403, 403]);
  });

  it('when its client is disabled, and is good again when that is enabled', async () => {
    const { token } = await make({});
    expect(await statusesOf(token)).toEqual([202, 200, 200]);
    await disableClient(database.sql, client);
    const answers = await everywhere(token);
    for (const answer of answers)
      expect(await problemOf(answer)).toMatchObject({
        status: 403,
        name: 'invalid_api_key',
        message: 'The client of the API key is disabled.',
      });
    await enableClient(database.sql, client);
    expect(await statusesOf(token)).toEqual([202, 200, 200]);
  });

  it('when its client is deleted', async () => {
    await operator('client', 'ensure', '--demo', 'short', '--secret', 's', '--scope', 'basic');
    const output = await operator('key', 'create', 'short');
    const token = /re_\w+/.exec(output)?.[0] ?? '';
    expect((await ask(token, 'GET', '/emails')).status).toBe(200);
    await database.sql`delete from clients where client_id = 'short'`;
    expect((await ask(token, 'GET', '/emails')).status).toBe(403);
  });

  it('when its time has come', async () => {
    const { id, token } = await make({ expires_at: new Date(Date.now() + 3_600_000).toISOString() });
    expect(await statusesOf(token)).toEqual([202, 200, 200]);
    await database.sql`update api_keys set expires_at = now() where id = ${id}`;
    for (const answer of await everywhere(token))
      expect(await problemOf(answer)).toMatchObject({ status: 403, message: 'The API key has expired.' });
  });
});

describe('keys of a client', () => {
  it('are kept as hashes, and shown once', async () => {
    const { token } = await make({});
    const [row] = await database.sql`select api_keys::text as all from api_keys`;
    expect(row?.all).toContain(token.slice(0, 11));
    expect(row?.all).not.toContain(token.slice(12));
  });

  it('are 100 at most, however many are made at once; those that have expired do not count', async () => {
    const answers = await Promise.all(
      Array.from({ length: 110 }, () => ask(api.token, 'POST', '/api-keys', { name: 'k' })),
    );
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(100);
    expect(answers.filter(({ status }) => status === 422)).toHaveLength(10);
    await database.sql`update api_keys set expires_at = now() where id in (select id from api_keys limit 3)`;
    await make({});
    expect(await database.sql`select from api_keys`).toHaveLength(98);
    const pages = [];
    for (let after = ''; pages.length < 5; after = pages.at(-1).next_after) {
      pages.push(await json(await ask(api.token, 'GET', `/api-keys?limit=40${after && `&after=${after}`}`)));
      if (!pages.at(-1).has_more) break;
    }
    expect(pages.map(({ data }) => data.length)).toEqual([40, 40, 18]);
    expect(new Set(pages.flatMap(({ data }) => data.map(({ id }: Json) => id))).size).toBe(98);
  });

  it('are nobody else’s to see, rename or delete', async () => {
    const { id, token } = await make({});
    await operator('client', 'ensure', '--demo', 'other', '--secret', 's', '--scope', 'basic email');
    const others = await getToken(api.functions.token.url, {
      client_id: 'other',
      client_secret: 's',
      scope: 'basic email',
    });
    expect((await json(await ask(others, 'GET', '/api-keys'))).data).toEqual([]);
    expect((await ask(others, 'PATCH', `/api-keys/${id}`, { name: 'x' })).status).toBe(404);
    expect((await ask(others, 'DELETE', `/api-keys/${id}`)).status).toBe(404);
    expect((await ask(token, 'GET', '/emails')).status).toBe(200);
  });

  it('say with which key they were made, and may no more than it', async () => {
    const maker = await make({
      allowed_senders: ['example.com'],
      expires_at: new Date(Date.now() + 3_600_000).toISOString(),
    });
    const made = await make({}, maker.token);
    expect(made).toMatchObject({
      made_with: maker.id,
      allowed_senders: ['example.com'],
      expires_at: maker.expires_at,
      scopes: ['basic', 'email'],
    });
    for (const [asked, status] of [
      [{ allowed_senders: ['other.test'] }, 403],
      [{ expires_at: new Date(Date.now() + 7_200_000).toISOString() }, 422],
    ] as const)
      expect((await ask(maker.token, 'POST', '/api-keys', { name: 'k', ...asked })).status).toBe(status);
    const reader = await getToken(api.functions.token.url, { ...exampleClient, scope: 'email' });
    const more = await ask(reader, 'POST', '/api-keys', { name: 'k', scopes: ['basic'] });
    expect(await problemOf(more)).toMatchObject({ status: 403, name: 'insufficient_scope' });
  });

  it.each([
    ['no name', {}, 'name is required'],
    ['an empty name', { name: '' }, 'name must not be empty'],
    ['a name with a line break', { name: 'a\nb' }, 'control characters'],
    ['a name with a NUL', { name: 'a\0b' }, 'control characters'],
    ['a long name', { name: 'x'.repeat(101) }, '100 characters'],
    ['an unknown permission', { name: 'a', permission: 'all' }, 'permission must be full_access'],
    ['a domain that is none', { name: 'a', domain_id: 'nope' }, 'domain_id must be the name of a domain'],
    ['an unknown scope', { name: 'a', scopes: ['root'] }, 'scopes[0] must be one of'],
    ['no senders', { name: 'a', allowed_senders: [] }, 'at least one sender'],
    ['too many senders', { name: 'a', allowed_senders: Array(51).fill('example.com') }, '50 entries at most'],
    ['a time that is past', { name: 'a', expires_at: '2020-01-01T00:00:00Z' }, 'in the future'],
  ])('are not made with %s', async (_what, body, message) => {
    const problem = await problemOf(await ask(api.token, 'POST', '/api-keys', body));
    expect(problem).toMatchObject({ status: 422, message: expect.stringContaining(message) });
  });
});

it('limits are those of the client, whichever key it uses', async () => {
  const [one, other] = await Promise.all([make({}), make({})]);
  await operator('client', 'set-limits', client, '--daily-quota', '100000');
  const before = Number((await ask(one.token, 'POST', '/emails', email)).headers.get('ratelimit-remaining'));
  expect((await ask(other.token, 'POST', '/emails', email)).headers.get('ratelimit-remaining')).toBe(
    String(before - 1),
  );
  expect((await ask(api.token, 'POST', '/emails', email)).headers.get('ratelimit-remaining')).toBe(String(before - 2));
});

it('a stranger who makes keys up is slowed by network, and keys that are known go on', async () => {
  const { token } = await make({});
  expect(await statusesOf(token)).toEqual([202, 200, 200]);
  const url = `${api.functions.history.url}/emails`;
  const from = (address: string, key: string) =>
    fetch(url, { headers: { authorization: `Bearer ${key}`, 'x-forwarded-for': address } }).then(
      ({ status, headers }) => ({ status, retryAfter: headers.get('retry-after') }),
    );
  const made = (n: number) => `re_AAAAAAAA_${String(n).padStart(24, 'x')}`;
  const answers = await Promise.all(Array.from({ length: 300 }, (_, n) => from('192.0.2.9', made(n))));
  expect(answers.filter(({ status }) => status === 403).length).toBeLessThan(300);
  expect(answers.find(({ status }) => status === 429)).toEqual({ status: 429, retryAfter: '1' });
  expect((await from('192.0.2.9', token)).status).toBe(200);
  expect((await from('192.0.2.10', made(999))).status).toBe(403);
});
