// The operations of the token function: OAuth2, with its own errors.
import * as v from 'valibot';
import { OwnTokenRequest, TokenRequest } from '../../../functions/token/token-request.ts';
import type { Call, Documentation, Prose } from '../operation.ts';
import { count, described, text } from './fields.ts';

const optional = (description: string) => v.optional(text(description));

const credentials = {
  client_id: 'Who asks; not needed with HTTP Basic or an assertion.',
  client_secret: 'The secret, where it is not sent with HTTP Basic.',
  client_assertion:
    'In place of a secret: a JWT signed with a key of the client (private_key_jwt, RFC 7523). It is good once.',
  client_assertion_type: 'Comes with client_assertion.',
};

export const tokenProse: Prose[] = [
  {
    schema: TokenRequest,
    name: 'TokenRequest',
    fields: {
      grant_type: 'The one grant there is.',
      scope: 'The scopes asked for, with one space between; all of the client’s unless given.',
      ...credentials,
      resource: 'The API that the token is for (RFC 8707): this one. In a form it may be repeated.',
    },
  },
  { schema: OwnTokenRequest, name: 'OwnTokenRequest', fields: { token: 'An access token.', ...credentials } },
];

const exampleToken = 'eyJhbGciOiJSUzI1NiIsInR5cCI6ImF0K2p3dCJ9.eyJzdWIiOiJteWF3ZXNvbWVhcHAifQ.c2lnbmF0dXJl';
const client = { client_id: 'myawesomeapp', client_secret: 'abc123' };
const basic = [client.client_id, client.client_secret] as const;
const grant = { grant_type: 'client_credentials', scope: 'basic email' };

const IssuedToken = v.pipe(
  v.strictObject({
    token_type: described(v.literal('Bearer'), 'How it is used (RFC 6750).'),
    expires_in: count('Seconds that it lives.'),
    access_token: text('The token: a JWT (RFC 9068).'),
    scope: text('The scopes it has.'),
  }),
  v.title('IssuedToken'),
);

function tokenEndpoint(description: string): Documentation {
  return {
    tag: 'Tokens',
    summary: 'Get an access token',
    description,
    oauth_errors: ['invalid_request', 'unsupported_grant_type', 'invalid_scope', 'invalid_target'],
    answers: {
      200: {
        description: 'The token.',
        body: {
          'application/json': {
            schema: IssuedToken,
            example: { token_type: 'Bearer', expires_in: 3600, access_token: exampleToken, scope: 'basic email' },
          },
        },
      },
    },
    examples: [
      { summary: 'As JSON', json: { ...grant, ...client }, status: 200 },
      { summary: 'As a form', form: { ...grant, ...client }, status: 200 },
      { summary: 'With HTTP Basic', basic, form: { grant_type: 'client_credentials' }, status: 200 },
    ],
  };
}

async function givenToken(call: Call) {
  const { access_token } = await call('POST', '/token', { ...grant, ...client });
  return { [exampleToken]: access_token };
}

const seconds = (description: string) => v.optional(count(`${description}, in seconds since 1970.`));
const Introspection = v.pipe(
  v.strictObject({
    active: described(v.boolean(), 'Whether the API takes it now.'),
    token_type: v.optional(described(v.literal('Bearer'), 'How it is used.')),
    iss: optional('Who issued it.'),
    aud: optional('The API that it is for.'),
    sub: optional('The client.'),
    client_id: optional('The client.'),
    jti: optional('Its id.'),
    scope: optional('The scopes it has.'),
    iat: seconds('When it was issued'),
    nbf: seconds('From when it can be used'),
    exp: seconds('When it ends'),
  }),
  v.title('Introspection'),
  v.description('A token that is not active has no other field.'),
);

const texts = (description: string) => described(v.array(v.string()), description);
const methods = texts('How clients may authenticate there.');
const algorithms = texts('How their assertions may be signed there.');
const ServerMetadata = v.pipe(
  v.strictObject({
    issuer: text('The `iss` of the tokens.'),
    token_endpoint: text('Where tokens are issued.'),
    introspection_endpoint: text('Where they are looked at.'),
    revocation_endpoint: text('Where they are ended.'),
    jwks_uri: text('Where the keys are.'),
    grant_types_supported: texts('The grants there are.'),
    response_types_supported: texts('None: there is no authorization endpoint for browsers.'),
    scopes_supported: texts('Every scope there is.'),
    token_endpoint_auth_methods_supported: methods,
    token_endpoint_auth_signing_alg_values_supported: algorithms,
    introspection_endpoint_auth_methods_supported: methods,
    introspection_endpoint_auth_signing_alg_values_supported: algorithms,
    revocation_endpoint_auth_methods_supported: methods,
    revocation_endpoint_auth_signing_alg_values_supported: algorithms,
  }),
  v.title('ServerMetadata'),
);
const ResourceMetadata = v.pipe(
  v.strictObject({
    resource: text('The API: its public base URL.'),
    resource_name: text('What it is called.'),
    resource_documentation: text('Where people read about it.'),
    authorization_servers: texts('Issuers of the tokens that it takes.'),
    scopes_supported: texts('Every scope there is.'),
    bearer_methods_supported: texts('Where a token may stand.'),
  }),
  v.title('ResourceMetadata'),
);
const KeySet = v.pipe(
  v.strictObject({
    keys: described(
      v.array(
        v.looseObject({
          kty: text('The kind of key.'),
          kid: text('Its id.'),
          use: text('What it is for: signatures.'),
          alg: text('Their algorithm.'),
          crv: v.optional(text('Its curve.')),
          x: v.optional(text('A part of it.')),
        }),
      ),
      'The public keys.',
    ),
  }),
  v.title('KeySet'),
);

const jsonAnswer = (description: string, schema: v.GenericSchema, example: unknown): Documentation['answers'] => ({
  200: { description, body: { 'application/json': { schema, example } } },
});
const authMethods = ['client_secret_basic', 'client_secret_post', 'private_key_jwt'];
const here = 'https://mail.example.com';

const metadata = {
  issuer: here,
  token_endpoint: `${here}/token`,
  introspection_endpoint: `${here}/introspect`,
  revocation_endpoint: `${here}/revoke`,
  jwks_uri: `${here}/.well-known/jwks.json`,
  grant_types_supported: ['client_credentials'],
  response_types_supported: [],
  scopes_supported: ['basic', 'email'],
  ...Object.fromEntries(
    ['token', 'introspection', 'revocation'].flatMap((endpoint) => [
      [`${endpoint}_endpoint_auth_methods_supported`, authMethods],
      [`${endpoint}_endpoint_auth_signing_alg_values_supported`, ['RS256', 'PS256', 'ES256', 'EdDSA']],
    ]),
  ),
};

export const tokenDocs = {
  issueToken: tokenEndpoint(
    'The client-credentials grant (RFC 6749 §4.4). The client proves who it is with its secret, with HTTP Basic or in the body, or with a JWT signed by its own key (RFC 7523). Five failures in a row are free; then each makes the caller wait.',
  ),
  authorize: tokenEndpoint('The same as `POST /token`, under the name of the original API.'),
  introspectToken: {
    tag: 'Tokens',
    summary: 'Look at a token',
    description:
      'Whether a token of the client is good, and what is in it (RFC 7662). One that is not the client’s is not active.',
    oauth_errors: ['invalid_request'],
    answers: jsonAnswer('What became of it.', Introspection, { active: false }),
    examples: [
      { summary: 'A token of one’s own', given: givenToken, basic, form: { token: exampleToken }, status: 200 },
      { summary: 'Another text, as JSON', json: { token: 'x', ...client }, status: 200 },
    ],
  },
  revokeToken: {
    tag: 'Tokens',
    summary: 'End a token',
    description:
      'Ends a token of the client before its time (RFC 7009). The answer is the same where there is nothing to end.',
    oauth_errors: ['invalid_request'],
    answers: { 200: { description: 'It is of no use to anybody from now on.' } },
    examples: [
      { summary: 'A token that leaked', given: givenToken, basic, form: { token: exampleToken }, status: 200 },
      { summary: 'The same as JSON', given: givenToken, json: { token: exampleToken, ...client }, status: 200 },
    ],
  },
  getServerMetadata: {
    tag: 'Tokens',
    summary: 'Read what OAuth2 libraries need',
    description: 'The metadata of the authorization server (RFC 8414).',
    oauth_errors: ['invalid_request'],
    answers: jsonAnswer('The metadata.', ServerMetadata, metadata),
    examples: [{ summary: 'The metadata', status: 200 }],
  },
  getOpenidConfiguration: {
    tag: 'Tokens',
    summary: 'Read what libraries for OpenID Connect need',
    description: 'The same, where libraries look that were made for OpenID Connect. There are no ID tokens here.',
    oauth_errors: ['invalid_request'],
    answers: jsonAnswer('The metadata.', ServerMetadata, metadata),
    examples: [{ summary: 'The metadata', status: 200 }],
  },
  getResourceMetadata: {
    tag: 'Tokens',
    summary: 'Read whose tokens the API takes',
    description:
      'The metadata of the protected resource (RFC 9728). Each 401 says where this is: `WWW-Authenticate: Bearer resource_metadata="…"`.',
    oauth_errors: ['invalid_request'],
    answers: jsonAnswer('The metadata.', ResourceMetadata, {
      resource: here,
      resource_name: 'Email API',
      resource_documentation: `${here}/docs`,
      authorization_servers: [here],
      scopes_supported: ['basic', 'email'],
      bearer_methods_supported: ['header'],
    }),
    examples: [{ summary: 'The metadata', status: 200 }],
  },
  getKeys: {
    tag: 'Tokens',
    summary: 'Read the keys of tokens',
    description: 'The public keys that access tokens are verified with (RFC 7517).',
    oauth_errors: ['invalid_request'],
    answers: jsonAnswer('The keys.', KeySet, {
      keys: [{ kty: 'OKP', crv: 'Ed25519', x: '…', kid: '2026', use: 'sig', alg: 'EdDSA' }],
    }),
    examples: [{ summary: 'The keys', status: 200 }],
  },
} satisfies Record<string, Documentation>;
