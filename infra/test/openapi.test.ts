// The examples of the OpenAPI document, run: each gets the status that it shows, and an answer that has no field, type or header but those of the document. So do the endpoints that they make.
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import * as v from 'valibot';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { problemName } from '../../lib/http/errors.ts';
import { aliases } from '../../lib/store/webhooks/webhook.ts';
import { functionFor } from '../gateway/routes.ts';
import { type AnswerHeader, answerHeaders } from '../openapi/headers.ts';
import { type Call, type Example, exampleEndpoint, exampleTimes, type Operation } from '../openapi/operation.ts';
import { messages, operations } from '../openapi/operations/index.ts';
import { errorsOf, OAuthProblem, oauthAnswers, Problem, problemAnswers } from '../openapi/problems.ts';
import { admin, eventually, exampleClient, getToken, type Json, json } from './functions.ts';
import { startWholeApi, type WholeApi } from './whole-api.ts';

let ground: WholeApi;
/** A token of a mail server of the operator. */
let mailServer: string;
/** Takes the messages of the examples' webhooks. */
let server: Server;
const told: Json[] = [];

beforeAll(async () => {
  server = createServer(async (request, response) => {
    told.push(JSON.parse(Buffer.concat(await request.toArray()).toString()));
    response.writeHead(204).end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const settings = {
    WEBHOOK_ALLOWED_ADDRESSES: '127.0.0.0/8',
    DISPATCH_INTERVAL_SECONDS: '0.1',
    INTAKE_SES_TOPICS: 'arn:aws:sns:us-east-1:123456789012:bounces',
    INTAKE_POSTMARK_SECRET: 'p'.repeat(32),
    INTAKE_MAILGUN_SIGNING_KEY: 'm'.repeat(32),
    INTAKE_SENDGRID_PUBLIC_KEY: publicKey.export({ format: 'der', type: 'spki' }).toString('base64'),
    INTAKE_RESEND_SECRET: `whsec_${'r'.repeat(32)}`,
  };
  ground = await startWholeApi({ settings, also: ['manage', 'notify', 'intake', 'console'] });
  const client = { client_id: 'mailserver', client_secret: 's', scope: 'intake:write' };
  admin(ground.database.url, 'client', 'ensure', '--demo', client.client_id, '--secret', 's', '--scope', client.scope);
  mailServer = await getToken(ground.api.functions.token.url, client);
  // Far away, so that answers tell of them.
  admin(
    ground.database.url,
    'client',
    'set-limits',
    exampleClient.client_id,
    '--rate',
    '1000',
    '--daily-quota',
    '100000',
  );
});
afterAll(async () => {
  await ground?.stop();
  server?.close();
});

const inHours = (hours: number) => new Date(Date.now() + hours * 3_600_000).toISOString();

/** Puts what is so here in place of what is shown. */
function real(text: string, given: Record<string, string> = {}): string {
  const { port } = server.address() as AddressInfo;
  const all = {
    [exampleTimes.soon]: inHours(1),
    [exampleTimes.later]: inHours(2),
    [exampleEndpoint]: `http://127.0.0.1:${port}/hook`,
    ...given,
  };
  return Object.entries(all).reduce((soFar, [shown, here]) => soFar.replaceAll(shown, here), text);
}

function ask(method: string, path: string, init: RequestInit): Promise<Response> {
  const name = functionFor(method, path.split('?')[0] ?? '');
  if (name === undefined) throw new Error(`the gateway does not pass ${path} on`);
  return fetch(ground.api.functions[name].url + path, { method, ...init });
}

const call: Call = async (method, path, body) => {
  const headers = {
    ...(path !== '/token' && { authorization: `Bearer ${ground.api.token}` }),
    ...(body !== undefined && { 'content-type': 'application/json' }),
  };
  const response = await ask(method, path, {
    headers,
    ...(body !== undefined && { body: real(JSON.stringify(body)) }),
  });
  const answer = await json(response);
  if (!response.ok) throw new Error(`${method} ${path}: ${JSON.stringify(answer)}`);
  return answer;
};

type Asked = Pick<Example, 'given' | 'query' | 'headers' | 'basic' | 'json' | 'form' | 'message'> & { raw?: string };

/** `raw` is sent as JSON, whatever it is. */
async function run(operation: Operation, example: Asked, token: string | undefined): Promise<Response> {
  const { method, path_parameters = {}, path } = operation;
  const given = await example.given?.(call);
  const filled = path.replace(/\{(\w+)\}/g, (_, name) => path_parameters[name]?.example ?? '');
  const query = new URLSearchParams(example.query).toString();
  const form = example.form && new URLSearchParams(example.form).toString();
  const body = example.raw ?? form ?? example.message ?? JSON.stringify(example.json);
  const type = example.form
    ? 'application/x-www-form-urlencoded'
    : example.message
      ? 'message/rfc822'
      : 'application/json';
  return ask(method, real(`${filled}${query && `?${query}`}`, given), {
    headers: {
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...(example.basic && { authorization: `Basic ${Buffer.from(example.basic.join(':')).toString('base64')}` }),
      ...(body !== undefined && { 'content-type': type }),
      ...Object.fromEntries(Object.entries(example.headers ?? {}).map(([name, value]) => [name, real(value, given)])),
    },
    ...(body !== undefined && { body: real(body, given) }),
  });
}

const wantsToken = ({ security }: Operation) => security !== null && security !== 'client';
/** The example client may do all that clients do; a mail server of the operator may hand in what comes back. */
const tokenFor = ({ security }: Operation) => (security === 'intake:write' ? mailServer : ground.api.token);
const takesJson = ({ body }: Operation) => body?.types.includes('application/json');
const nameOf = ({ method, path }: Operation) => `${method} ${path}`;
const examples = operations.flatMap((operation) =>
  operation.examples.map((example) => ({ name: `${nameOf(operation)}: ${example.summary}`, operation, example })),
);

describe('examples of the document', () => {
  it.each(examples)('$name', async ({ operation, example }) => {
    const response = await run(operation, example, wantsToken(operation) ? tokenFor(operation) : undefined);
    const text = await response.text();
    expect({ status: response.status, text }).toEqual({ status: example.status, text });

    if (example.status >= 400) {
      expect(v.safeParse(Problem, JSON.parse(text)).issues).toBeUndefined();
      expect(errorsOf(operation).map(problemName)).toContain(JSON.parse(text).name);
      return;
    }
    const answer = operation.answers[example.status];
    const type = response.headers.get('content-type')?.split(';')[0] ?? '';
    const schema = answer?.body?.[type]?.schema ?? answer?.unlisted?.[type];
    if (answer?.body === undefined) expect(text).toBe('');
    else {
      expect(Object.keys({ ...answer.body, ...answer.unlisted })).toContain(type);
      const { issues } = v.safeParse(schema ?? v.never(), type === 'application/json' ? JSON.parse(text) : text);
      expect(issues?.map((issue) => `${v.getDotPath(issue)}: ${issue.message}`)).toBeUndefined();
    }
    const has = (Object.keys(answerHeaders) as AnswerHeader[]).filter((header) => response.headers.has(header));
    expect(answer?.headers ?? []).toEqual(expect.arrayContaining(has));
    expect(has).toEqual(expect.arrayContaining((answer?.headers ?? []).filter((name) => answerHeaders[name].always)));
  });
});

describe('errors of the document', () => {
  const guarded = operations.filter(wantsToken).map((operation) => ({ name: nameOf(operation), operation }));

  const keys = new Map<string, string>();
  /** An API key with this scope alone. */
  async function keyWith(scope: string): Promise<string> {
    const key = keys.get(scope) ?? (await call('POST', '/api-keys', { name: scope, scopes: [scope] })).token;
    keys.set(scope, key);
    return key;
  }

  /** What can be provoked without knowing what an operation does. */
  async function provoked(operation: Operation): Promise<Response[]> {
    const { security, path_parameters, query, body, headers = [], examples } = operation;
    const unknown = Object.fromEntries(
      Object.values(path_parameters ?? {}).map(({ example, unknown = example }) => [example, unknown]),
    );
    const example = { ...examples[0], given: async () => unknown };
    const token = tokenFor(operation);
    const other = { ...exampleClient, scope: security === 'email' ? 'basic' : 'email' };
    const asked = [
      run(operation, example, undefined),
      run(operation, example, 'no-token'),
      run(operation, example, await getToken(ground.api.functions.token.url, other)),
      run(operation, example, 're_no-key'),
      run(operation, example, await keyWith(security === 'email' ? 'basic' : 'email')),
      ...(path_parameters ? [run(operation, example, token)] : []),
      ...(query ? [run(operation, { ...example, query: { nonsense: '1' } }, token)] : []),
      ...(takesJson(operation) ? [run(operation, { ...example, json: 1 }, token)] : []),
      ...(takesJson(operation) ? [run(operation, { ...example, json: undefined, raw: '{' }, token)] : []),
      ...(body ? [run(operation, { ...example, form: { a: '1' } }, token)] : []),
      ...(headers.includes('Idempotency-Key')
        ? [run(operation, { ...example, headers: { 'idempotency-key': 'x'.repeat(300) } }, token)]
        : []),
    ];
    return Promise.all(asked);
  }

  it.each(guarded)('of $name are problem details with its codes', async ({ operation }) => {
    const { path_parameters, query, body, headers = [] } = operation;
    const names = [];
    for (const response of await provoked(operation)) {
      const problem = await json(response);
      expect(v.safeParse(Problem, problem).issues).toBeUndefined();
      const documented = problemAnswers(errorsOf(operation)).find(({ status }) => status === response.status);
      expect(response.headers.get('content-type')).toBe(documented?.type);
      for (const header of documented?.headers ?? []) expect(response.headers.has(header)).toBe(true);
      names.push(problem.name);
    }
    expect(errorsOf(operation).map(problemName)).toEqual(expect.arrayContaining(names));
    expect(names).toEqual([
      'missing_api_key',
      'invalid_token',
      'insufficient_scope',
      'invalid_api_key',
      'restricted_api_key',
      ...(path_parameters ? ['not_found'] : []),
      ...(query ? ['invalid_parameter'] : []),
      ...(takesJson(operation) ? ['validation_error', 'invalid_json'] : []),
      ...(body ? ['unsupported_media_type'] : []),
      ...(headers.includes('Idempotency-Key') ? ['invalid_idempotency_key'] : []),
    ]);
  });

  it('of POST /send for a sender and for limits are problem details with its codes', async () => {
    const client = { client_id: 'small', client_secret: 's', scope: 'email' };
    const { database, api } = ground;
    admin(database.url, 'client', 'ensure', '--demo', 'small', '--secret', 's', '--scope', 'email');
    admin(database.url, 'client', 'set-senders', 'small', '--sender', 'example.com');
    admin(database.url, 'client', 'set-limits', 'small', '--daily-quota', '1');
    const token = await getToken(api.functions.token.url, client);
    const send = operations.find(({ path }) => path === '/send') as Operation;
    const email = send.examples[0].json as object;
    expect((await run(send, { json: email }, token)).status).toBe(202);
    for (const [over, name] of [
      [{ from: 'a@example.test' }, 'invalid_from_address'],
      [{}, 'daily_quota_exceeded'],
    ] as const) {
      const response = await run(send, { json: { ...email, ...over } }, token);
      const problem = await json(response);
      expect(v.safeParse(Problem, problem).issues).toBeUndefined();
      const documented = problemAnswers(errorsOf(send)).find(({ status }) => status === response.status);
      expect({ name: problem.name, schema: JSON.stringify(documented?.schema) }).toEqual({
        name,
        schema: expect.stringContaining(`"${name}"`),
      });
      if (response.status !== 429) continue;
      for (const header of documented?.headers ?? []) expect(response.headers.has(header)).toBe(true);
    }
  });

  const oauth = operations.flatMap((operation) =>
    operation.oauth_errors && operation.body ? [{ name: nameOf(operation), operation }] : [],
  );
  it.each(oauth)('of $name are those of RFC 6749', async ({ operation }) => {
    const wrong = { grant_type: 'client_credentials', client_id: 'myawesomeapp', client_secret: 'wrong' };
    const asked: Asked[] = [{ json: {} }, { json: 1 }, { form: wrong }, { raw: '{' }];
    const statuses = [];
    for (const request of asked) {
      const response = await run(operation, request, undefined);
      const error = await json(response);
      expect(v.safeParse(OAuthProblem, error).issues).toBeUndefined();
      const documented = oauthAnswers(operation).find(({ status }) => status === response.status);
      expect(JSON.stringify(documented?.schema)).toContain(`"${error.error}"`);
      for (const header of documented?.headers ?? []) expect(response.headers.has(header)).toBe(true);
      statuses.push(response.status);
    }
    expect(statuses.slice(1)).toEqual([400, 401, 400]);
  });

  it('whatever wants no token answers without one', () => {
    expect(operations.filter(({ security }) => security === null).map(({ path }) => path)).toEqual([
      '/.well-known/oauth-authorization-server',
      '/.well-known/openid-configuration',
      '/.well-known/oauth-protected-resource',
      '/.well-known/jwks.json',
      '/openapi.json',
      '/docs',
      '/intake/ses',
      '/intake/postmark',
      '/intake/mailgun',
      '/intake/sendgrid',
      '/intake/resend',
    ]);
  });
});

describe('messages to endpoints', () => {
  it('say what the document says, whatever becomes of an email', async () => {
    await call('POST', '/webhooks', {
      url: exampleEndpoint,
      events: ['*', 'email.attempt', ...Object.keys(aliases)],
    });
    ground.smtp.behave({
      refuse: { 'full@example.com': [550, '5.1.1 no such user'], 'busy@example.com': [450, '4.2.1 later'] },
    });
    const email = { from: 'Shop <shop@example.com>', subject: 'Your order', text: 'Thank you.' };
    const later = { ...email, to: 'a@example.com', scheduled_at: exampleTimes.soon };
    await call('POST', '/send', { ...email, to: 'full@example.com' });
    await call('POST', '/send', { ...email, to: 'busy@example.com' });
    await call('POST', '/suppressions', { recipient: 'listed@example.com' });
    await call('POST', '/send', { ...email, to: ['a@example.com', 'listed@example.com'] });
    const { id } = await call('POST', '/send', later);
    await call('PATCH', `/emails/${id}`, { scheduled_at: exampleTimes.later });
    await call('POST', `/emails/${id}/cancel`);
    await call('POST', `/emails/${id}/replay`);
    const wanted = [
      'accepted',
      'attempt',
      'bounced',
      'canceled',
      'deferred',
      'delivered',
      'delivery_delayed',
      'replayed',
      'rescheduled',
      'scheduled',
      'sent',
      'suppressed',
    ];
    await eventually(async () => wanted.every((type) => told.some((message) => message.type === `email.${type}`)));
    expect(told.some(({ test }) => test)).toBe(true);
    for (const message of told) {
      const { schema = v.never() } = messages.find(({ type }) => type === message.type) ?? {};
      const { issues } = v.safeParse(schema, message);
      expect({
        type: message.type,
        issues: issues?.map((issue) => `${v.getDotPath(issue)}: ${issue.message}`),
      }).toEqual({ type: message.type });
    }
    await call('POST', '/recipients/erase', { recipient: 'listed@example.com' });
    const { body } = operations.find((operation) => operation.id === 'getEmail')?.answers[200] ?? {};
    for (const emailId of new Set(told.filter(({ test }) => !test).map(({ data }) => data.email_id))) {
      const email = await call('GET', `/emails/${emailId}`);
      const { issues } = v.safeParse(body?.['application/json']?.schema ?? v.never(), email);
      expect(issues?.map((issue) => `${v.getDotPath(issue)}: ${issue.message}`)).toBeUndefined();
    }
  });
});

describe('the reference', () => {
  const get = (path: string, headers = {}) => fetch(ground.api.functions.console.url + path, { headers });

  it.each(['/openapi.json', '/docs'])('%s is not sent again to who has it', async (path) => {
    const etag = (await get(path)).headers.get('etag') ?? '';
    const again = await get(path, { 'if-none-match': `"x", W/${etag}` });
    expect({ status: again.status, etag: again.headers.get('etag'), body: await again.text() }).toEqual({
      status: 304,
      etag,
      body: '',
    });
    expect((await get(path, { 'if-none-match': '"x"' })).status).toBe(200);
  });
});
