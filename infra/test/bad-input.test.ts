// Bad input over real HTTP: each kind gets our own problem details naming every fault, never HTML, a stack trace or a 500.
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { importJWK, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { type Api, getToken, issuer, type Json, json } from './functions.ts';
import type { TestSmtpServer } from './smtp-server.ts';
import { startWholeApi, type WholeApi } from './whole-api.ts';

let ground: WholeApi;
let smtp: TestSmtpServer;
let api: Api;

beforeAll(async () => {
  ground = await startWholeApi({ settings: { MAX_BODY_BYTES: '10000000' } });
  ({ smtp, api } = ground);
});
afterAll(async () => {
  await ground?.stop();
  expect(smtp.received).toEqual([]);
});

const good = { from: 'a@example.com', to: 'b@example.com', subject: 'Hello', text: 'Hi' };

async function expectProblem(response: Response, status: number, name: string): Promise<Json> {
  expect(response.headers.get('content-type')).toBe('application/problem+json');
  const problem = await json(response);
  expect({ status: response.status, name: problem.name }).toEqual({ status, name });
  expect(problem).toMatchObject({ status, statusCode: status, message: problem.detail, instance: expect.any(String) });
  expect(JSON.stringify(problem)).not.toMatch(/node_modules|\.ts:|\.mjs|<html/i);
  return problem;
}

describe('bodies', () => {
  it.each<[string, string, number, string]>([
    ['malformed JSON', '{"from":', 400, 'invalid_json'],
    ['an empty body', '', 400, 'invalid_json'],
    ['a list', '[]', 422, 'validation_error'],
    ['null', 'null', 422, 'validation_error'],
    ['a string', '"x"', 422, 'validation_error'],
    ['unknown fields', JSON.stringify({ ...good, a: 1, b: 2 }), 422, 'validation_error'],
    ['arrays where strings belong', JSON.stringify({ ...good, subject: ['x'], text: [] }), 422, 'validation_error'],
    ['CR/LF in the subject', JSON.stringify({ ...good, subject: 'x\r\nBcc: c@example.com' }), 422, 'validation_error'],
    [
      'CR/LF in a name',
      JSON.stringify({ ...good, from: { email: 'a@example.com', name: 'x\r\ny' } }),
      422,
      'validation_error',
    ],
    [
      'CR/LF in an address',
      JSON.stringify({ ...good, to: 'b@example.com\r\nRCPT TO:<c@example.com>' }),
      422,
      'validation_error',
    ],
    [
      'an address list in one address',
      JSON.stringify({ ...good, to: 'b@example.com, c@example.com' }),
      422,
      'validation_error',
    ],
    ['NUL', JSON.stringify({ ...good, text: '\0' }), 422, 'validation_error'],
    [
      'a lone surrogate',
      '{"from":"a@example.com","to":"b@example.com","subject":"\\ud800","text":"x"}',
      422,
      'validation_error',
    ],
    ['missing fields', '{}', 422, 'missing_required_field'],
    ['deep nesting', '['.repeat(50_000), 400, 'invalid_json'],
    ['12 MB', JSON.stringify({ ...good, text: 'x'.repeat(12_000_000) }), 413, 'content_too_large'],
  ])('%s', async (_what, body, status, name) => {
    await expectProblem(await api.send(body), status, name);
  });

  it('names every fault at once', async () => {
    const body = { from: 'nope', to: ['b@example.com', 'c@@example.com'], subject: 'a\nb', text: 'x', txt: 1 };
    const problem = await expectProblem(await api.send(body), 422, 'validation_error');
    expect(problem.errors.map(({ path }: { path: string }) => path).sort()).toEqual([
      'from',
      'subject',
      'to[1]',
      'txt',
    ]);
  });

  it.each(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data', 'application/xml', ''])(
    'media type %j',
    async (type) => {
      await expectProblem(await api.send(good, { 'content-type': type }), 415, 'unsupported_media_type');
    },
  );

  it('a compressed body', async () => {
    await expectProblem(await api.send(good, { 'content-encoding': 'gzip' }), 415, 'unsupported_media_type');
  });

  it('12 MB without a length, and a client that asks first', async () => {
    const body = new ReadableStream({
      start(controller) {
        for (let sent = 0; sent < 12; sent += 1) controller.enqueue(Buffer.alloc(1_000_000, 0x20));
        controller.close();
      },
    });
    const headers = { authorization: `Bearer ${api.token}`, 'content-type': 'application/json' };
    const options = { method: 'POST', headers, body, duplex: 'half' } as RequestInit;
    await expectProblem(await fetch(`${api.functions.send.url}/send`, options), 413, 'content_too_large');

    const answer = await raw(
      'POST /send HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 12000000\r\nExpect: 100-continue\r\n\r\n',
    );
    expect(answer).toMatch(/^HTTP\/1\.1 413 /);
    expect(answer).toContain('content_too_large');
  });

  it('takes international domains, in either writing', async () => {
    for (const to of ['b@exämple.com', 'b@xn--exmple-cua.com']) {
      const response = await api.send({ ...good, from: 'a@example.com', to: [to, 'nope'] });
      expect((await expectProblem(response, 422, 'validation_error')).errors).toEqual([
        { path: 'to[1]', message: expect.any(String) },
      ]);
    }
  });
});

describe('routes', () => {
  it.each<[string, string]>([
    ['GET', '/nope'],
    ['POST', '/send/'],
    ['GET', '/send/../etc/passwd'],
    ['GET', '/favicon.ico'],
    ['GET', '/robots.txt'],
    ['GET', '/%00'],
  ])('%s %s is unknown', async (method, path) => {
    await expectProblem(await fetch(api.functions.send.url + path, { method }), 404, 'not_found');
  });

  it.each<[string, string]>([
    ['GET', 'POST'],
    ['PUT', 'POST'],
    ['DELETE', 'POST'],
    ['OPTIONS', 'POST'],
  ])('%s /send is not allowed', async (method, allow) => {
    const response = await fetch(`${api.functions.send.url}/send`, { method });
    expect(response.headers.get('allow')).toBe(allow);
    await expectProblem(response, 405, 'method_not_allowed');
  });

  it('answers what is not HTTP with a bare 400', async () => {
    expect(await raw('nonsense\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 Bad Request\r\nConnection: close\r\n/);
  });

  it.each([
    ['status=nope&limit=0&colour=red', ['status', 'limit', 'colour']],
    ['limit=101', ['limit']],
    ['since=yesterday', ['since']],
    ['after=1', ['after']],
    ['status=sent&status=queued', ['status']],
  ])('query %s', async (query, paths) => {
    const response = await fetch(`${api.functions.history.url}/emails?${query}`, {
      headers: { authorization: `Bearer ${api.token}` },
    });
    const problem = await expectProblem(response, 400, 'invalid_parameter');
    expect(problem.errors.map(({ path }: { path: string }) => path)).toEqual(expect.arrayContaining(paths));
  });

  it.each(['1', 'x'.repeat(5_000), '..%2f', "'%20or%201=1", randomUUID()])('email id %s', async (id) => {
    const response = await fetch(`${api.functions.history.url}/emails/${id}`, {
      headers: { authorization: `Bearer ${api.token}` },
    });
    await expectProblem(response, 404, 'not_found');
  });
});

describe('a body that no route asked for is passed over', () => {
  it.each([
    ['malformed JSON', 'application/json', '{'],
    ['an unknown charset', 'text/plain; charset=foo', 'x'],
    ['a charset of few', 'application/json; charset=gbk', '{}'],
    ['a broken form', 'application/x-www-form-urlencoded; charset=x', '%zz&a[b'],
  ])('%s', async (_what, type, body) => {
    const response = await fetch(`${api.functions.send.url}/emails/${randomUUID()}/cancel`, {
      method: 'POST',
      headers: { authorization: `Bearer ${api.token}`, 'content-type': type },
      body,
    });
    await expectProblem(response, 404, 'not_found');
  });
});

describe('tokens', () => {
  const signingKey = () => JSON.parse(readFileSync(join(inject('workDirectory'), 'signing-keys.json'), 'utf8')).keys[0];
  const claims = (over: Record<string, unknown> = {}) => ({
    iss: issuer,
    aud: issuer,
    sub: 'myawesomeapp',
    client_id: 'myawesomeapp',
    jti: randomUUID(),
    iat: Math.floor(Date.now() / 1000),
    exp: Math.floor(Date.now() / 1000) + 600,
    scope: 'basic email',
    ...over,
  });

  async function signed(over: Record<string, unknown> = {}, header: Record<string, unknown> = {}) {
    const jwk = signingKey();
    const key = await importJWK(jwk, 'RS256');
    return new SignJWT(claims(over))
      .setProtectedHeader({ alg: 'RS256', typ: 'at+jwt', kid: jwk.kid, ...header })
      .sign(key);
  }

  const authorized = (authorization: string | undefined) =>
    fetch(`${api.functions.send.url}/send`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(authorization !== undefined && { authorization }) },
      body: JSON.stringify({ ...good, to: 'nope' }),
    });

  it('a token made here as the token function makes it is taken', async () => {
    await expectProblem(await authorized(`Bearer ${await signed()}`), 422, 'validation_error');
  });

  const metadata = 'resource_metadata="http://api.example.test/.well-known/oauth-protected-resource"';
  it('none', async () => {
    const response = await authorized(undefined);
    expect(response.headers.get('www-authenticate')).toBe(`Bearer realm="email-api", ${metadata}`);
    await expectProblem(response, 401, 'missing_api_key');
  });

  const base64 = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  it.each<[string, () => Promise<string> | string]>([
    ['no token', () => 'Bearer'],
    ['another scheme', () => 'Basic bXlhd2Vzb21lYXBwOmFiYzEyMw=='],
    ['no JWT', () => 'Bearer abc'],
    ['a broken JWT', () => 'Bearer e30.e30.e30'],
    ['expired', async () => `Bearer ${await signed({ exp: Math.floor(Date.now() / 1000) - 120 })}`],
    ['not yet valid', async () => `Bearer ${await signed({ nbf: Math.floor(Date.now() / 1000) + 600 })}`],
    ['another issuer', async () => `Bearer ${await signed({ iss: 'https://other.test' })}`],
    ['another audience', async () => `Bearer ${await signed({ aud: 'https://other.test' })}`],
    ['no jti', async () => `Bearer ${await signed({ jti: undefined })}`],
    ['a jti that is no id', async () => `Bearer ${await signed({ jti: "x' or 1=1" })}`],
    ['an ID token, by its type', async () => `Bearer ${await signed({}, { typ: 'JWT' })}`],
    ['an unknown key', async () => `Bearer ${await signed({}, { kid: 'unknown' })}`],
    ['alg none', () => `Bearer ${base64({ alg: 'none', typ: 'at+jwt' })}.${base64(claims())}.`],
    [
      'a foreign key',
      async () => {
        const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
        const header = { alg: 'RS256', typ: 'at+jwt', kid: signingKey().kid };
        return `Bearer ${await new SignJWT(claims()).setProtectedHeader(header).sign(privateKey)}`;
      },
    ],
    [
      'HS256 with the public key',
      async () => {
        const { keys } = await json(await fetch(`${api.functions.token.url}/.well-known/jwks.json`));
        const secret = Buffer.from(JSON.stringify(keys[0]));
        const header = { alg: 'HS256', typ: 'at+jwt', kid: keys[0].kid };
        return `Bearer ${await new SignJWT(claims()).setProtectedHeader(header).sign(secret)}`;
      },
    ],
  ])('%s', async (_what, authorization) => {
    const response = await authorized(await authorization());
    expect(response.headers.get('www-authenticate')).toMatch(/^Bearer realm="email-api", error="invalid_token"/);
    await expectProblem(response, 401, 'invalid_token');
  });

  it('are asked for before a byte of the body is read', async () => {
    const head = `POST /send HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\n`;
    expect(await raw(`${head}Content-Length: 9\r\n\r\n`)).toMatch(/^HTTP\/1\.1 401 /);
    const asking = await raw(`${head}Content-Length: 9\r\nExpect: 100-continue\r\n\r\n`);
    expect(asking).toMatch(/^HTTP\/1\.1 401 /);
  });

  it('a client without one reads the answer, whether its body is read or not', async () => {
    const body = Buffer.alloc(9_000_000, 0x20);
    const headers = { 'content-type': 'application/json' };
    const response = await fetch(`${api.functions.send.url}/send`, { method: 'POST', headers, body });
    await expectProblem(response, 401, 'missing_api_key');
  });

  it('a client without one that goes on and on is cut off', async () => {
    const { port } = new URL(api.functions.send.url);
    const socket = connect(Number(port), '127.0.0.1');
    socket.on('error', () => {});
    const gone = new Promise((resolve) => socket.once('close', resolve));
    socket.write(
      'POST /send HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n',
    );
    const chunk = `${(1_000_000).toString(16)}\r\n${'x'.repeat(1_000_000)}\r\n`;
    // Within twice what is dropped, which is eight times the limit of a body.
    for (let sent = 0; sent < 160 && !socket.destroyed; sent += 1)
      await new Promise((resolve) => socket.write(chunk, resolve));
    await gone;
    expect(socket.bytesWritten).toBeLessThan(120_000_000);
  });

  it('a scope that is missing', async () => {
    const response = await authorized(`Bearer ${await signed({ scope: 'basic' })}`);
    expect(response.headers.get('www-authenticate')).toBe(
      `Bearer realm="email-api", error="insufficient_scope", scope="email", ${metadata}`,
    );
    await expectProblem(response, 403, 'insufficient_scope');
  });

  it('revoked, at once', async () => {
    const token = await getToken(api.functions.token.url);
    await expectProblem(await authorized(`Bearer ${token}`), 422, 'validation_error');
    const { token: tokenFunction } = api.functions;
    const answer = await fetch(`${tokenFunction.url}/revoke`, {
      method: 'POST',
      headers: { authorization: `Basic ${Buffer.from('myawesomeapp:abc123').toString('base64')}` },
      body: new URLSearchParams({ token }),
    });
    expect(answer.status).toBe(200);
    await expectProblem(await authorized(`Bearer ${token}`), 401, 'invalid_token');
  });
});

/** Sends bytes as they are and resolves with everything that comes back. */
function raw(bytes: string): Promise<string> {
  const { port } = new URL(api.functions.send.url);
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect(Number(port), '127.0.0.1', () => socket.write(bytes));
    socket.on('data', (chunk) => {
      answer += chunk;
    });
    socket.on('close', () => resolve(answer));
    socket.on('error', reject);
  });
}
