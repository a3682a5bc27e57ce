// The grant over HTTP, against the built bundle and a real database.
import { createLocalJWKSet, decodeJwt, jwtVerify } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestCheck } from '../../infra/test/check-access.ts';
import { createTestDatabase, type TestDatabase } from '../../infra/test/database.ts';
import { issuer, json, type RunningFunction, startFunction } from '../../infra/test/functions.ts';
import { replaceSecrets } from '../../lib/store/clients/client-secrets.ts';
import { disableClient, enableClient, insertClient, setTokenLifetime } from '../../lib/store/clients/clients.ts';
import { createSigningKeys } from './create-signing-key.ts';
import { hashSecret } from './secret-hash.ts';

const secret = 'abc123';
const original = { grant_type: 'client_credentials', client_id: 'myawesomeapp', client_secret: secret };

let database: TestDatabase;
let token: RunningFunction;

beforeAll(async () => {
  database = await createTestDatabase();
  for (const client_id of ['myawesomeapp', 'guessed', 'rolled', 'disabled']) await addClient(client_id);
  await addClient('mailer', ['email']);
  await disableClient(database.sql, 'disabled');
  const SIGNING_KEYS = await createSigningKeys('RS256');
  token = await startFunction('token', { DATABASE_URL: database.url, SIGNING_KEYS });
});
afterAll(async () => {
  await token?.stop();
  await database?.drop();
});

async function addClient(client_id: string, scopes = ['basic', 'email']): Promise<void> {
  await insertClient(database.sql, { client_id, scopes, secret_hash: await hashSecret(secret) });
}

/** A string is sent as a form, anything else as JSON. */
function post(body: unknown, headers: Record<string, string> = {}, path = '/authorize'): Promise<Response> {
  const isForm = typeof body === 'string';
  const type = isForm ? 'application/x-www-form-urlencoded' : 'application/json';
  return fetch(token.url + path, {
    method: 'POST',
    headers: { 'content-type': type, ...headers },
    body: isForm ? body : JSON.stringify(body),
  });
}

const form = (parameters: Record<string, string>) => new URLSearchParams(parameters).toString();
const basic = (id: string, password = secret) => ({
  authorization: `Basic ${Buffer.from(`${id}:${password}`).toString('base64')}`,
});
const from = (address: string) => ({ 'x-forwarded-for': `198.51.100.9, ${address}` });

describe('a grant', () => {
  const { grant_type } = original;
  it.each<[string, unknown, Record<string, string>, string]>([
    ['JSON', { ...original, scope: 'basic email' }, {}, '/authorize'],
    ['JSON at the other path', { ...original, scope: 'basic email' }, {}, '/token'],
    ['a form', form({ ...original, scope: 'basic email' }), {}, '/token'],
    ['a form at the other path', form({ ...original, scope: 'basic email' }), {}, '/authorize'],
    ['a form with Basic', form({ grant_type }), basic('myawesomeapp'), '/token'],
    ['JSON with Basic', { grant_type, scope: 'basic email' }, basic('myawesomeapp'), '/token'],
  ])('is given for %s', async (_, body, headers, path) => {
    const response = await post(body, headers, path);
    expect(response.status).toBe(200);
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(response.headers.get('pragma')).toBe('no-cache');
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(await json(response)).toEqual({
      token_type: 'Bearer',
      expires_in: 3600,
      access_token: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/),
      scope: 'basic email',
    });
  });

  it.each([
    ['myawesomeapp', '', 'basic email'],
    ['myawesomeapp', 'email', 'email'],
    ['myawesomeapp', 'email basic', 'email basic'],
    ['myawesomeapp', 'basic basic', 'basic'],
    ['mailer', '', 'email'],
    ['mailer', 'email', 'email'],
  ])('has the scopes that %s asks for: %j', async (client_id, scope, expected) => {
    const answer = await json(await post({ ...original, client_id, scope }));
    expect(answer.scope).toBe(expected);
    const check = createTestCheck({ ...checked(), sql: database.sql });
    const { scopes } = await check(`Bearer ${answer.access_token}`, expected.includes('email') ? 'email' : 'basic');
    expect(scopes).toEqual(expected.split(' '));
  });

  const checked = () => ({ issuer, audience: issuer, jwksUrl: `${token.url}/.well-known/jwks.json` });

  it('is a token that the published keys verify', async () => {
    const { access_token } = await json(await post(original));
    const response = await fetch(checked().jwksUrl);
    expect(response.headers.get('cache-control')).toBe('public, max-age=300');
    const { payload, protectedHeader } = await jwtVerify(access_token, createLocalJWKSet(await json(response)), {
      issuer,
      audience: issuer,
      typ: 'at+jwt',
    });
    expect(protectedHeader.alg).toBe('RS256');
    expect(payload).toMatchObject({ sub: 'myawesomeapp', client_id: 'myawesomeapp', scopes: ['basic', 'email'] });
    expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBe(3600);
  });

  it.each<[string, unknown, number]>([
    ['its audience', { ...original, resource: issuer }, 200],
    ['it, with the slash that URLs get', { ...original, resource: `${issuer}/` }, 200],
    ['it twice', `${form(original)}&resource=${issuer}&resource=${issuer}`, 200],
    ['it in a list', { ...original, resource: [issuer] }, 200],
    ['another API', { ...original, resource: 'https://other.example.test' }, 400],
    ['it and another API', `${form(original)}&resource=${issuer}&resource=https://other.example.test`, 400],
    ['a path of it', { ...original, resource: `${issuer}/send` }, 400],
    ['a fragment of it', { ...original, resource: `${issuer}#x` }, 400],
    ['no URI', { ...original, resource: 'mail' }, 400],
  ])('may be asked for by naming the API as its resource: %s', async (_, body, status) => {
    const response = await post(body);
    const { access_token, error } = await json(response);
    expect([response.status, error]).toEqual([status, status === 400 ? 'invalid_target' : undefined]);
    if (status === 200) expect(decodeJwt(access_token).aud).toBe(issuer);
  });

  it('lives as long as its client’s tokens do', async () => {
    await setTokenLifetime(database.sql, 'mailer', 120);
    const { access_token, expires_in } = await json(await post({ ...original, client_id: 'mailer' }));
    const { iat = 0, exp } = decodeJwt(access_token);
    expect([expires_in, exp]).toEqual([120, iat + 120]);
    await setTokenLifetime(database.sql, 'mailer', null);
    expect(await json(await post({ ...original, client_id: 'mailer' }))).toMatchObject({ expires_in: 3600 });
  });

  it('is a token that the functions of the API take, for its scopes', async () => {
    const { access_token } = await json(await post({ ...original, scope: 'basic' }));
    const check = createTestCheck({ ...checked(), sql: database.sql });
    expect(await check(`Bearer ${access_token}`, 'basic')).toMatchObject({ clientId: 'myawesomeapp' });
    await expect(check(`Bearer ${access_token}`, 'email')).rejects.toMatchObject({ code: 'insufficient_scope' });
  });
});

describe('a refusal', () => {
  const { client_secret: _, ...unproven } = original;
  it.each<[string, unknown, Record<string, string>, number, string]>([
    ['no grant type', { ...original, grant_type: '' }, {}, 400, 'invalid_request'],
    ['another grant type', { ...original, grant_type: 'password' }, {}, 400, 'unsupported_grant_type'],
    ['no credentials', form({ grant_type: 'client_credentials' }), {}, 401, 'invalid_client'],
    ['no secret', unproven, {}, 401, 'invalid_client'],
    ['a wrong secret', { ...original, client_secret: 'abc124' }, {}, 401, 'invalid_client'],
    [
      'a wrong secret with Basic',
      { grant_type: 'client_credentials' },
      basic('myawesomeapp', 'x'),
      401,
      'invalid_client',
    ],
    ['an unknown client', { ...original, client_id: 'nobody' }, {}, 401, 'invalid_client'],
    ['a disabled client', { ...original, client_id: 'disabled' }, {}, 401, 'invalid_client'],
    ['an id that PostgreSQL cannot hold', { ...original, client_id: 'a\0b' }, {}, 401, 'invalid_client'],
    ['an id beyond measure', { ...original, client_id: 'a'.repeat(10_000) }, {}, 401, 'invalid_client'],
    ['a bearer token', original, { authorization: 'Bearer abc' }, 401, 'invalid_client'],
    ['Basic and a secret in the body', original, basic('myawesomeapp'), 400, 'invalid_request'],
    [
      'Basic and another id in the body',
      { ...unproven, client_id: 'mailer' },
      basic('myawesomeapp'),
      400,
      'invalid_request',
    ],
    [
      'a scope that is not the client’s',
      { ...original, client_id: 'mailer', scope: 'basic' },
      {},
      400,
      'invalid_scope',
    ],
    ['a scope that there is not', { ...original, scope: 'email admin' }, {}, 400, 'invalid_scope'],
    ['two spaces between scopes', { ...original, scope: 'basic  email' }, {}, 400, 'invalid_scope'],
    ['a scope of nothing but a space', { ...original, scope: ' ' }, {}, 400, 'invalid_scope'],
    ['an array of scopes', { ...original, scope: ['basic'] }, {}, 400, 'invalid_request'],
    ['an object for an id', { ...original, client_id: { a: 1 } }, {}, 400, 'invalid_request'],
    ['a repeated parameter', `${form(original)}&scope=basic&scope=email`, {}, 400, 'invalid_request'],
    ['form fields in brackets', form({ 'grant_type[x]': 'client_credentials' }), {}, 400, 'invalid_request'],
    ['an object for a resource', { ...original, resource: { a: 1 } }, {}, 400, 'invalid_request'],
    ['a list', [original], {}, 400, 'invalid_request'],
    ['malformed JSON', '{"grant_type":', { 'content-type': 'application/json' }, 400, 'invalid_request'],
    ['no body', '', { 'content-type': 'application/json' }, 400, 'invalid_request'],
    ['another media type', '<a/>', { 'content-type': 'application/xml' }, 415, 'invalid_request'],
    ['a packed body', original, { 'content-encoding': 'gzip' }, 415, 'invalid_request'],
    ['too large a body', { ...original, padding: 'x'.repeat(16_384) }, {}, 413, 'invalid_request'],
  ])('of %s is in the form of RFC 6749 §5.2', async (_, body, headers, status, error) => {
    await expectRefusal(await post(body, { ...from('203.0.113.1'), ...headers }), status, error);
  });

  it('of another method names the one that there is', async () => {
    const response = await fetch(`${token.url}/token`);
    expect(response.headers.get('allow')).toBe('POST');
    await expectRefusal(response, 405, 'invalid_request');
  });

  it('of an unknown path is none of HTML', async () => {
    await expectRefusal(await post(original, {}, '/nowhere'), 404, 'invalid_request');
  });

  it('does not tell whether a client exists, is disabled, or has another secret', async () => {
    const bodies = await Promise.all(
      [{ client_id: 'nobody' }, { client_id: 'disabled' }, { client_secret: 'x' }].map(async (wrong) =>
        (await post({ ...original, ...wrong }, from('203.0.113.2'))).text(),
      ),
    );
    expect(new Set(bodies).size).toBe(1);
  });

  async function expectRefusal(response: Response, status: number, error: string) {
    const body = await json(response);
    expect([response.status, body.error]).toEqual([status, error]);
    expect(Object.keys(body)).toEqual(['error', 'error_description']);
    expect(body.error_description).toMatch(/^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/);
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(response.headers.get('www-authenticate')).toBe(status === 401 ? 'Basic realm="email-api"' : null);
  }
});

describe('a caller that guesses', () => {
  it('is told to wait, alone, while whoever knows the secret goes on', async () => {
    const knows = { ...original, client_id: 'guessed' };
    const guesses = { ...knows, client_secret: 'guess' };
    expect((await post(knows, from('203.0.113.3'))).status).toBe(200);

    for (let n = 0; n < 5; n += 1) expect((await post(guesses, from('203.0.113.3'))).status).toBe(401);
    // Together: one of them is checked where a second has passed since the last.
    const more = await Promise.all(Array.from({ length: 10 }, () => post(guesses, from('203.0.113.3'))));
    const slowed = more.find(({ status }) => status === 429);
    expect(slowed?.headers.get('retry-after')).toMatch(/^[1-8]$/);
    expect(slowed && (await json(slowed))).toMatchObject({ error: 'invalid_client' });

    expect((await post(guesses, from('203.0.113.4'))).status).toBe(401);
    expect((await post(knows, from('203.0.113.3'))).status).toBe(200);
  });
});

describe('what the operator changes holds at once', () => {
  const client = { ...original, client_id: 'rolled' };
  const status = async (client_secret = secret) =>
    (await post({ ...client, client_secret }, from('203.0.113.5'))).status;

  it('a rolled secret, though the old one is remembered', async () => {
    expect(await status()).toBe(200);
    await replaceSecrets(database.sql, 'rolled', await hashSecret('new'));
    expect(await status()).toBe(401);
    expect(await status('new')).toBe(200);
  });

  it('a disabled client, though its secret is remembered', async () => {
    expect(await status('new')).toBe(200);
    await disableClient(database.sql, 'rolled');
    expect(await status('new')).toBe(401);
    await enableClient(database.sql, 'rolled');
    expect(await status('new')).toBe(200);
  });
});

describe('the log', () => {
  it('tells of grants and refusals, and of no secret, hash or token', async () => {
    const { access_token } = await json(await post(original));
    await post({ ...original, client_secret: 'not-to-be-seen' }, from('203.0.113.6'));
    await post(`{"client_secret":"not-to-be-seen"}`);
    const { jti } = JSON.parse(Buffer.from(access_token.split('.')[1], 'base64url').toString());
    expect(token.lines).toContainEqual(
      expect.objectContaining({ level: 'info', message: 'token issued', client_id: 'myawesomeapp', jti }),
    );
    expect(token.lines).toContainEqual(
      expect.objectContaining({
        level: 'warn',
        error: 'invalid_client',
        reason: 'wrong secret',
        client_id: 'myawesomeapp',
        address: '203.0.113.6',
      }),
    );
    const text = JSON.stringify(token.lines);
    for (const hidden of [secret, 'not-to-be-seen', 'scrypt', access_token.split('.')[2], 'client_secret"']) {
      expect(text).not.toContain(hidden);
    }
  });

  it('has no fault of ours in it', () => {
    expect(token.lines.filter(({ level }) => level === 'error' || level === 'raw')).toEqual([]);
  });
});

describe('the metadata', () => {
  it('is that of RFC 8414', async () => {
    const response = await fetch(`${token.url}/.well-known/oauth-authorization-server`);
    expect(response.status).toBe(200);
    const methods = ['client_secret_basic', 'client_secret_post', 'private_key_jwt'];
    const algs = ['RS256', 'PS256', 'ES256', 'EdDSA', 'Ed25519'];
    expect(await json(response)).toEqual({
      issuer,
      token_endpoint: `${issuer}/token`,
      introspection_endpoint: `${issuer}/introspect`,
      revocation_endpoint: `${issuer}/revoke`,
      jwks_uri: `${issuer}/.well-known/jwks.json`,
      grant_types_supported: ['client_credentials'],
      response_types_supported: [],
      scopes_supported: ['basic', 'email'],
      token_endpoint_auth_methods_supported: methods,
      token_endpoint_auth_signing_alg_values_supported: algs,
      introspection_endpoint_auth_methods_supported: methods,
      introspection_endpoint_auth_signing_alg_values_supported: algs,
      revocation_endpoint_auth_methods_supported: methods,
      revocation_endpoint_auth_signing_alg_values_supported: algs,
    });
  });
});
