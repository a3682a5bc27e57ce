// OAuth2 libraries that others wrote, unmodified: they find all that they need from the address of the API alone.
import { createRequire } from 'node:module';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BehindGateway, startBehindGateway } from '../test/behind-gateway.ts';
import { exampleClient, type Json } from '../test/functions.ts';

/** The packages are not the root's: their types are not known here. */
const require = createRequire(new URL('package.json', import.meta.url));
const { client_id, client_secret } = exampleClient;

let ground: BehindGateway;
beforeAll(async () => {
  ground = await startBehindGateway();
});
afterAll(() => ground?.stop());

/** A token is good if the API takes it. */
async function isTaken(token: string): Promise<boolean> {
  const { status } = await fetch(`${ground.baseUrl}/emails`, { headers: { authorization: `Bearer ${token}` } });
  return status === 200;
}

describe('openid-client 5', () => {
  const { Issuer } = require('openid-client5');

  it.each(['', '/', '/.well-known/openid-configuration', '/.well-known/oauth-authorization-server'])(
    'discovers the API from its address and %j, and gets, looks at and ends a token',
    async (path) => {
      const issuer = await Issuer.discover(ground.baseUrl + path);
      expect(issuer.metadata.token_endpoint).toBe(`${ground.baseUrl}/token`);
      const client = new issuer.Client({ client_id, client_secret });
      const { access_token, scope } = await client.grant({ grant_type: 'client_credentials', scope: 'basic' });
      expect(scope).toBe('basic');
      expect(await isTaken(access_token)).toBe(true);
      expect(await client.introspect(access_token)).toMatchObject({ active: true, client_id });
      await client.revoke(access_token);
      expect(await isTaken(access_token)).toBe(false);
    },
  );

  it('reads a refusal', async () => {
    const issuer = await Issuer.discover(ground.baseUrl);
    const client = new issuer.Client({ client_id, client_secret: 'wrong' });
    await expect(client.grant({ grant_type: 'client_credentials' })).rejects.toMatchObject({ error: 'invalid_client' });
  });
});

describe('openid-client 6', () => {
  it.each(['oidc', 'oauth2'])('discovers the API as %s does, and gets a token', async (algorithm) => {
    const library: Json = await import(require.resolve('openid-client6'));
    const config = await library.discovery(new URL(ground.baseUrl), client_id, client_secret, undefined, {
      algorithm,
      execute: [library.allowInsecureRequests],
    });
    const { access_token, token_type } = await library.clientCredentialsGrant(config, { scope: 'basic email' });
    expect(token_type).toBe('bearer');
    expect(await isTaken(access_token)).toBe(true);
    const resource = new URL(`${ground.baseUrl}/.well-known/oauth-protected-resource`);
    const { authorization_servers } = (await (await fetch(resource)).json()) as Json;
    expect(authorization_servers).toEqual([config.serverMetadata().issuer]);
  });
});
