// What every answer has, behind the gateway and at each function: its id, its encoding, who may read it, where tokens come from.
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { publicRoutes } from '../gateway/public-functions.ts';
import { type BehindGateway, startBehindGateway } from './behind-gateway.ts';
import { admin, eventually, exampleClient, type Json, json } from './functions.ts';

let ground: BehindGateway;
let endpoint: Server;
const told: { headers: IncomingHttpHeaders; body: Json }[] = [];
const email = {
  from: 'Shop <shop@example.com>',
  to: 'a@example.com',
  subject: 'Your order',
  text: 'Thank you. '.repeat(200),
};

beforeAll(async () => {
  ground = await startBehindGateway();
  endpoint = createServer(async (request, response) => {
    told.push({ headers: request.headers, body: JSON.parse(Buffer.concat(await request.toArray()).toString()) });
    response.writeHead(204).end();
  }).listen(0, '127.0.0.1');
  await once(endpoint, 'listening');
});
afterAll(async () => {
  await ground?.stop();
  endpoint?.close();
});

interface Asked {
  method?: string;
  headers?: Record<string, string>;
  body?: unknown;
}

function ask(path: string, { method = 'GET', headers = {}, body }: Asked = {}, base = ground.baseUrl) {
  return fetch(base + path, {
    method,
    headers: {
      ...(path !== '/token' && { authorization: `Bearer ${ground.api.token}` }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
}

describe('the id of a request', () => {
  const id = 'order-7/attempt:2';

  it.each<[string, string, Asked, number]>([
    ['a token', '/token', { method: 'POST', body: { ...exampleClient, grant_type: 'client_credentials' } }, 200],
    [
      'a refused client',
      '/token',
      { method: 'POST', body: { ...exampleClient, client_secret: 'x', grant_type: 'client_credentials' } },
      401,
    ],
    ['an email', '/send', { method: 'POST', body: email }, 202],
    ['a faulty email', '/emails', { method: 'POST', body: {} }, 422],
    ['a list', '/emails', {}, 200],
    ['no token', '/emails', { headers: { authorization: '' } }, 401],
    ['no such page', '/nope', {}, 404],
    ['no such method', '/send', { method: 'DELETE' }, 405],
    ['no such method of any function', '/emails', { method: 'DELETE' }, 405],
    ['a webhook that is not there', '/webhooks/1', {}, 404],
    ['the document', '/openapi.json', {}, 200],
    ['what the gateway keeps', '/healthz', {}, 404],
  ])('is in the answer: %s', async (_what, path, asked, status) => {
    const response = await ask(path, { ...asked, headers: { ...asked.headers, 'x-request-id': id } });
    expect({ status: response.status, id: response.headers.get('x-request-id') }).toEqual({ status, id });
    const type = response.headers.get('content-type') ?? '';
    if (type === 'application/problem+json') expect((await json(response)).request_id).toBe(id);
  });

  it('is in the log, with what became of the request', async () => {
    const [sent, refused] = ['sent-1', 'refused-1'];
    await ask('/send', { method: 'POST', body: email, headers: { 'x-request-id': sent } });
    const grant = { ...exampleClient, client_secret: 'x', grant_type: 'client_credentials' };
    await ask('/token', { method: 'POST', body: grant, headers: { 'x-request-id': refused } });
    const { send, token } = ground.api.functions;
    const line = (lines: Json[], request_id: string) =>
      eventually(async () => lines.find((one) => one.request_id === request_id));
    expect((await line(send.lines, sent)).message).toBe('accepted');
    expect((await line(token.lines, refused)).message).toBe('refused');
  });
});

describe('a long answer', () => {
  it('of GET comes packed to who takes it', async () => {
    const { id } = await json(await ask('/send', { method: 'POST', body: email }));
    for (const path of [`/emails/${id}`, '/docs', '/openapi.json', '/docs/guides']) {
      const [packed, plain] = await Promise.all(
        ['gzip', 'identity'].map((encoding) => ask(path, { headers: { 'accept-encoding': encoding } })),
      );
      const of = (response?: Response) => ({
        encoding: response?.headers.get('content-encoding'),
        vary: response?.headers.get('vary'),
      });
      expect({ path, ...of(packed) }).toEqual({ path, encoding: 'gzip', vary: 'accept-encoding' });
      expect({ path, ...of(plain) }).toEqual({ path, encoding: null, vary: 'accept-encoding' });
      // Its status may have moved on between the two.
      if (!path.includes(id)) expect(await packed?.text()).toBe(await plain?.text());
      const head = await ask(path, { method: 'HEAD', headers: { 'accept-encoding': 'gzip' } });
      expect(of(head)).toEqual(of(packed));
    }
  });

  it('with a token, a key or a secret does not, and neither does an error', async () => {
    const takes = { 'accept-encoding': 'gzip' };
    const url = `http://127.0.0.1:${(endpoint.address() as AddressInfo).port}/hook`;
    const answers = await Promise.all([
      ask('/token', { method: 'POST', headers: takes, body: { ...exampleClient, grant_type: 'client_credentials' } }),
      ask('/api-keys', { method: 'POST', headers: takes, body: { name: 'x'.repeat(50) } }),
      ask('/webhooks', { method: 'POST', headers: takes, body: { url, events: ['email.sent'] } }),
      ask('/emails/preview', { method: 'POST', headers: takes, body: email }),
      ask(`/emails?${'x=1&'.repeat(400)}`, { headers: takes }),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([200, 201, 201, 200, 400]);
    expect(answers.map(({ headers }) => headers.get('content-encoding'))).toEqual([null, null, null, null, null]);
  });

  it('that is packed has a tag by which it is changed as well', async () => {
    const source = { subject: 'Hi', text: 'x'.repeat(2_000) };
    await ask('/templates/long', { method: 'PUT', body: source });
    const etags = [];
    for (const encoding of ['gzip', 'identity']) {
      const shown = await ask('/templates/long', { headers: { 'accept-encoding': encoding } });
      const etag = shown.headers.get('etag') ?? '';
      etags.push(etag);
      const body = { ...source, subject: encoding };
      expect((await ask('/templates/long', { method: 'PUT', headers: { 'if-match': etag }, body })).status).toBe(200);
      expect((await ask('/templates/long', { method: 'PUT', headers: { 'if-match': etag }, body })).status).toBe(412);
    }
    expect(etags).toEqual(['"1-gzip"', '"2"']);
  });
});

describe('a request body that is packed', () => {
  it.each(['/send', '/emails/batch', '/token', '/templates', '/webhooks'])('is refused by %s', async (path) => {
    const response = await fetch(ground.baseUrl + path, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${ground.api.token}`,
        'content-type': 'application/json',
        'content-encoding': 'gzip',
      },
      body: gzipSync(Buffer.alloc(10_000_000, ' ')),
    });
    const said = { status: response.status, takes: response.headers.get('accept-encoding') };
    expect(said).toEqual({ status: 415, takes: 'identity' });
  });
});

describe('scripts of other pages', () => {
  const origin = 'https://app.example.com';
  const routes = Object.values(publicRoutes).flatMap((table) =>
    Object.values(table).map(({ method, path, anyOrigin }) => ({
      method,
      anyOrigin,
      path: path.replace(/\{\w+\}/, 'x'),
    })),
  );
  const cors = ({ headers }: Response) => [...headers.keys()].filter((name) => name.startsWith('access-control-'));

  it('may read what is public', async () => {
    const open = routes.filter(({ anyOrigin }) => anyOrigin);
    expect(open.map(({ path }) => path).sort()).toEqual([
      '/.well-known/jwks.json',
      '/.well-known/oauth-authorization-server',
      '/.well-known/oauth-protected-resource',
      '/.well-known/openid-configuration',
      '/docs',
      '/docs/assets/x',
      '/docs/guides',
      '/docs/guides/x',
      '/openapi.json',
    ]);
    for (const { path } of open) {
      const read = await fetch(ground.baseUrl + path, { headers: { origin } });
      expect({ path, allowed: read.headers.get('access-control-allow-origin') }).toEqual({ path, allowed: '*' });
      expect(read.headers.get('access-control-allow-credentials')).toBeNull();
      const preflight = await fetch(ground.baseUrl + path, {
        method: 'OPTIONS',
        headers: { origin, 'access-control-request-method': 'GET', 'access-control-request-headers': 'if-none-match' },
      });
      expect({ path, status: preflight.status, ...Object.fromEntries(preflight.headers) }).toMatchObject({
        ...{ path, status: 204, allow: 'GET, HEAD, OPTIONS', 'access-control-allow-origin': '*' },
        ...{ 'access-control-allow-methods': 'GET, HEAD', 'access-control-allow-headers': '*' },
      });
    }
  });

  it('may read it when they have it already', async () => {
    const etag = (await fetch(`${ground.baseUrl}/openapi.json`)).headers.get('etag') ?? '';
    const again = await fetch(`${ground.baseUrl}/openapi.json`, { headers: { origin, 'if-none-match': etag } });
    expect([again.status, again.headers.get('access-control-allow-origin')]).toEqual([304, '*']);
  });

  it('may read nothing else', async () => {
    const closed = routes.filter(({ anyOrigin }) => !anyOrigin);
    expect(closed.length).toBeGreaterThan(40);
    for (const { method, path } of closed) {
      const { token } = ground.api;
      const asked = await fetch(ground.baseUrl + path, {
        method,
        headers: { origin, authorization: `Bearer ${token}` },
      });
      const preflight = await fetch(ground.baseUrl + path, {
        method: 'OPTIONS',
        headers: { origin, 'access-control-request-method': method },
      });
      const seen = { path, cors: [...cors(asked), ...cors(preflight)], status: preflight.status };
      // Events of providers are taken where their settings are there.
      const isOfProvider = path.startsWith('/intake/') && path !== '/intake/message';
      expect(seen).toEqual({ path, cors: [], status: isOfProvider ? 404 : 405 });
      if (isOfProvider) continue;
      expect(preflight.headers.get('allow')?.split(', ')).toContain(method);
    }
  });
});

describe('whoever has no token', () => {
  it.each([
    ['nothing', ''],
    ['no token of ours', 'Bearer x.y.z'],
    ['a key that is none', 'Bearer re_none'],
    ['another scheme', 'Basic eDp5'],
  ])('with %s is told where to read how one is got', async (_what, authorization) => {
    for (const path of ['/emails', '/templates', '/emails/1/cancel']) {
      const method = path.endsWith('cancel') ? 'POST' : 'GET';
      const response = await ask(path, { method, headers: { authorization } });
      expect([401, 403]).toContain(response.status);
      const [, where] =
        /^Bearer .*resource_metadata="([^"]+)"$/.exec(response.headers.get('www-authenticate') ?? '') ?? [];
      const { pathname } = new URL(where ?? '');
      const resource = await json(await fetch(ground.baseUrl + pathname));
      expect(where).toBe(`${resource.resource}/.well-known/oauth-protected-resource`);
      expect(resource).toMatchObject({ scopes_supported: expect.any(Array), bearer_methods_supported: ['header'] });
      const server = await json(await fetch(`${ground.baseUrl}/.well-known/oauth-authorization-server`));
      expect(resource.authorization_servers).toEqual([server.issuer]);
    }
  });
});

describe('the trace of a request', () => {
  const traces = [
    '4bf92f3577b34da6a3ce929d0e0e4736',
    '0af7651916cd43dd8448eb211c80319c',
    'aaaabbbbccccdddd0000111122223333',
  ];
  const parent = '00f067aa0ba902b7';

  it('goes on in the calls that tell of its email, each a step of its own', async () => {
    const url = `http://127.0.0.1:${(endpoint.address() as AddressInfo).port}/hook`;
    await ask('/webhooks', { method: 'POST', body: { url, events: ['email.accepted', 'email.sent'] } });
    const { to, ...rest } = email;
    const paths = ['/send', '/emails', '/send/batch'];
    const ids = await Promise.all(
      paths.map(async (path, index) => {
        const headers = { traceparent: `00-${traces[index]}-${parent}-01` };
        const body = path.endsWith('batch') ? [{ ...rest, to }] : { ...rest, to };
        const answer = await json(await ask(path, { method: 'POST', headers, body }));
        return answer.id ?? answer.data[0].id;
      }),
    );
    for (const [index, id] of ids.entries()) {
      const calls = await eventually(async () => {
        const own = told.filter(({ body }) => body.data.email_id === id);
        const types = new Set(own.map(({ body }) => body.type));
        return types.has('email.accepted') && types.has('email.sent') && own;
      });
      const seen = calls.map(({ headers }) => String(headers.traceparent).split('-'));
      expect(new Set(seen.map(([version, trace, , flags]) => `${version} ${trace} ${flags}`))).toEqual(
        new Set([`00 ${traces[index]} 01`]),
      );
      const steps = seen.map(([, , step]) => step);
      expect(new Set([...steps, parent]).size).toBe(steps.length + 1);
    }
  });

  it('is a new one in the example that a client asks for', async () => {
    const url = `http://127.0.0.1:${(endpoint.address() as AddressInfo).port}/test`;
    const { id } = await json(await ask('/webhooks', { method: 'POST', body: { url } }));
    await ask(`/webhooks/${id}/test`, { method: 'POST', body: {} });
    const call = await eventually(async () => told.find(({ body }) => body.test));
    expect(call.headers.traceparent).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/);
  });
});

describe('limits', () => {
  it('are told in the form of the present draft, and in the older one', async () => {
    const { client_id } = exampleClient;
    admin(ground.database.url, 'client', 'set-limits', client_id, '--rate', '50', '--daily-quota', '1000');
    const { headers } = await ask('/send', { method: 'POST', body: email });
    expect(headers.get('ratelimit-policy')).toBe('"rate";q=50;w=1, "quota";q=1000;w=86400');
    expect(headers.get('ratelimit')).toMatch(/^"rate";r=49;t=1, "quota";r=999;t=\d+$/);
    expect(headers.get('ratelimit-limit')).toBe('50');
    admin(ground.database.url, 'client', 'set-limits', client_id, '--daily-quota', '1');
    const refused = await ask('/emails', { method: 'POST', body: email });
    expect(refused.status).toBe(429);
    expect(refused.headers.get('ratelimit-policy')).toMatch(/"quota";q=1;w=86400$/);
    expect(refused.headers.get('ratelimit')).toMatch(/"quota";r=0;t=\d+$/);
    expect(refused.headers.get('ratelimit-limit')).toBe('1');
  });
});
