// The endpoints as a client sees them that others wrote (openid-client), over HTTP against the built bundle: what a user of it does works unmodified.
import { randomUUID } from 'node:crypto';
import { type CryptoKey, exportJWK, generateKeyPair, SignJWT } from 'jose';
import * as client from 'openid-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../../infra/local/ports.ts';
import { createTestDatabase, type TestDatabase } from '../../infra/test/database.ts';
import { json, type RunningFunction, startFunction } from '../../infra/test/functions.ts';
import { addSecret } from '../../lib/store/clients/client-secrets.ts';
import { disableClient, findClients, insertClient } from '../../lib/store/clients/clients.ts';
import { parsePublicKeys } from './client-keys.ts';
import { createSigningKeys } from './create-signing-key.ts';
import { hashSecret } from './secret-hash.ts';

const algorithms = ['RS256', 'PS256', 'ES256', 'Ed25519'];
const pairs = new Map(await Promise.all(algorithms.map(async (alg) => [alg, await generateKeyPair(alg)] as const)));
const keyOf = (alg: string) => pairs.get(alg)?.privateKey as CryptoKey;

let database: TestDatabase;
let issuer: string;
let token: RunningFunction;
/** Another copy of the function. */
let copy: RunningFunction;

beforeAll(async () => {
  database = await createTestDatabase();
  const { sql } = database;
  const scopes = ['basic', 'email'];
  const secret_hash = await hashSecret('s3cret:+%é');
  await insertClient(sql, { client_id: 'by.secret', scopes, secret_hash });
  const jwks = await Promise.all([...pairs.values()].map(({ publicKey }) => exportJWK(publicKey)));
  const public_keys = parsePublicKeys(JSON.stringify({ keys: jwks }));
  await insertClient(sql, { client_id: 'by.key', scopes, public_keys });
  await insertClient(sql, { client_id: 'disabled', scopes, public_keys });
  await disableClient(sql, 'disabled');

  const port = await freePort();
  issuer = `http://127.0.0.1:${port}`;
  const settings = { DATABASE_URL: database.url, SIGNING_KEYS: await createSigningKeys('ES256'), ISSUER: issuer };
  token = await startFunction('token', settings, { port });
  copy = await startFunction('token', settings);
});
afterAll(async () => {
  await token?.stop();
  await copy?.stop();
  await database?.drop();
});

const discover = (clientId: string, authentication: client.ClientAuth) =>
  client.discovery(new URL(issuer), clientId, undefined, authentication, {
    algorithm: 'oauth2',
    execute: [client.allowInsecureRequests],
  });

describe('openid-client', () => {
  it.each<[string, string, () => client.ClientAuth]>([
    ['client_secret_basic', 'by.secret', () => client.ClientSecretBasic('s3cret:+%é')],
    ['client_secret_post', 'by.secret', () => client.ClientSecretPost('s3cret:+%é')],
    ...algorithms.map((alg): [string, string, () => client.ClientAuth] => [
      `private_key_jwt with ${alg}`,
      'by.key',
      () => client.PrivateKeyJwt(keyOf(alg)),
    ]),
  ])('discovers, gets a token, introspects and revokes it: %s', async (_, clientId, authentication) => {
    const server = await discover(clientId, authentication());
    const granted = await client.clientCredentialsGrant(server, { scope: 'email', resource: issuer });
    expect(granted).toMatchObject({ token_type: 'bearer', expires_in: 3600, scope: 'email' });
    expect(await client.tokenIntrospection(server, granted.access_token)).toMatchObject({
      active: true,
      client_id: clientId,
      scope: 'email',
      aud: issuer,
    });
    await client.tokenRevocation(server, granted.access_token);
    expect(await client.tokenIntrospection(server, granted.access_token)).toEqual({ active: false });
  });

  it('takes assertions of the new type, and for the token endpoint', async () => {
    const changed = client.PrivateKeyJwt(keyOf('ES256'), {
      [client.modifyAssertion]: (header, payload) => {
        header.typ = 'client-authentication+jwt';
        payload.aud = `${issuer}/token`;
      },
    });
    expect(await client.clientCredentialsGrant(await discover('by.key', changed))).toHaveProperty('access_token');
  });

  it('reads our refusals', async () => {
    const wrong = await discover('by.secret', client.ClientSecretPost('wrong'));
    await expect(client.clientCredentialsGrant(wrong)).rejects.toMatchObject({
      status: 401,
      // As HTTP demands with a 401 (RFC 9110 §15.5.2); this library shows it in place of the body.
      cause: [{ scheme: 'basic', parameters: { realm: 'email-api' } }],
    });
    const right = await discover('by.key', client.PrivateKeyJwt(keyOf('ES256')));
    await expect(client.clientCredentialsGrant(right, { resource: 'https://other.test' })).rejects.toMatchObject({
      error: 'invalid_target',
      status: 400,
    });
  });
});

const client_assertion_type = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

function assertion(claims: Record<string, unknown> = {}, key = keyOf('ES256')): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  const whole = { iss: 'by.key', sub: 'by.key', aud: issuer, exp: now + 60, jti: randomUUID(), ...claims };
  return new SignJWT(whole).setProtectedHeader({ alg: 'ES256' }).sign(key);
}

async function grant(client_assertion: string, { at = token.url, path = '/token' } = {}) {
  const response = await fetch(at + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ grant_type: 'client_credentials', token: 'x', client_assertion, client_assertion_type }),
  });
  const { error, error_description } = await json(response);
  return { status: response.status, error, description: error_description };
}

describe('an assertion', () => {
  it.each(['/token', '/authorize', '/introspect'])('is taken as JSON at %s, once', async (path) => {
    const client_assertion = await assertion();
    expect(await grant(client_assertion, { path })).toMatchObject({ status: 200 });
    expect(await grant(client_assertion, { path })).toEqual({
      status: 401,
      error: 'invalid_client',
      description: 'The client_assertion has been used before.',
    });
  });

  it('replayed at the same moment at two copies of the function is good once', async () => {
    const client_assertion = await assertion();
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, n) => grant(client_assertion, { at: n % 2 ? token.url : copy.url })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array(9).fill(401)]);
  });

  it('that was refused may not have been used up by who cannot sign it', async () => {
    const jti = randomUUID();
    const { privateKey } = await generateKeyPair('ES256');
    expect(await grant(await assertion({ jti }, privateKey))).toMatchObject({ status: 401 });
    expect(await grant(await assertion({ jti }))).toMatchObject({ status: 200 });
  });

  it('tells its client what does not fit, and nobody else', async () => {
    expect(await grant(await assertion({ aud: 'https://other.test' }))).toMatchObject({
      description: 'The client_assertion has a wrong aud, or none.',
    });
    const { privateKey } = await generateKeyPair('ES256');
    const refusals = await Promise.all(
      [
        assertion({}, privateKey),
        assertion({ iss: 'nobody', sub: 'nobody' }),
        assertion({ iss: 'by.secret', sub: 'by.secret' }),
        assertion({ iss: 'disabled', sub: 'disabled' }),
      ].map(async (made) => grant(await made)),
    );
    const same = { status: 401, error: 'invalid_client', description: 'Client authentication failed.' };
    expect(refusals).toEqual(Array(4).fill(same));
  });
});

describe('a client with several secrets', () => {
  /** "right" and "rolled" with the least cost there is. */
  const hashOfOld = '$scrypt$ln=1,r=1,p=1$c2FsdHNhbHRzYWx0$chrFar7K0TEPV9YHYANcoVlbOzB/AwNIQi3njrE+/4k';
  const hashOfNew = '$scrypt$ln=1,r=1,p=1$c2FsdHNhbHRzYWx0$RQnoedszurtE8B+9ggKLOgFYIjiPlgk9nMUEReIYiQU';
  const status = async (client_id: string, client_secret: string) => {
    const body = new URLSearchParams({ grant_type: 'client_credentials', client_id, client_secret });
    return (await fetch(`${token.url}/token`, { method: 'POST', body })).status;
  };

  it('may use each until it expires, and it shows which are in use', async () => {
    const { sql } = database;
    await insertClient(sql, { client_id: 'rotating', scopes: ['basic'], secret_hash: hashOfOld });
    const id = await addSecret(sql, 'rotating', hashOfNew, null);
    await addSecret(sql, 'rotating', hashOfOld.replace('chrF', 'chrG'), null);
    expect([await status('rotating', 'right'), await status('rotating', 'rolled')]).toEqual([200, 200]);
    const uses = sql`select last_used_at is not null as used from client_secrets where client_id = 'rotating' order by id`;
    expect(await uses).toEqual([{ used: true }, { used: true }, { used: false }]);
    await sql`update client_secrets set expires_at = now() where id = ${id}`;
    expect([await status('rotating', 'right'), await status('rotating', 'rolled')]).toEqual([200, 401]);
  });

  it('is refused, like anybody unknown, where it has none', async () => {
    const [found] = await findClients(database.sql, ['by.key']);
    expect(found?.secrets).toEqual([]);
    expect(await status('by.key', '')).toBe(401);
    expect(await status('by.key', 'x')).toBe(401);
  });
});

it('the log tells why, and has no assertion in it', async () => {
  const made = await assertion();
  await grant(made);
  await grant(made);
  expect(token.lines).toContainEqual(
    expect.objectContaining({ reason: 'The client_assertion has been used before.', client_id: 'by.key' }),
  );
  const text = JSON.stringify([...token.lines, ...copy.lines]);
  expect(text).not.toContain(made.split('.')[2]);
  expect(token.lines.filter(({ level }) => level === 'error' || level === 'raw')).toEqual([]);
});
