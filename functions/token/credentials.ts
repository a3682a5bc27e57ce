// How a client says who it is: with HTTP Basic or a secret in the body (RFC 6749 §2.3.1), or with an assertion (RFC 7521 §4.2); one way, never two.
import { decodeJwt } from 'jose';
import { headerWithin } from '../../lib/http/size-limits.ts';
import { OAuthError } from './oauth-error.ts';
import type { Parameters } from './parameters.ts';

export interface IdAndSecret {
  clientId: string;
  secret: string;
}

export type Credentials =
  /** `asWritten`: the same without decoding, where that is another: for clients that do not encode what they send. */
  | (IdAndSecret & { asWritten?: IdAndSecret })
  /** `clientId` is what the assertion says of itself, not yet proven. */
  | { clientId: string; assertion: string };

/** Parameters of the body that name and prove the client. */
export const credentialNames = ['client_id', 'client_secret', 'client_assertion', 'client_assertion_type'] as const;
type CredentialParameters = Parameters<(typeof credentialNames)[number]>;

/** The names that metadata has for them. */
export const authenticationMethods = ['client_secret_basic', 'client_secret_post', 'private_key_jwt'];

export const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

/** Throws `invalid_client` where there are none or they cannot be read, and `invalid_request` where they come twice. */
export function presentedCredentials(authorization: string | undefined, body: CredentialParameters): Credentials {
  const { client_id, client_secret, client_assertion, client_assertion_type } = body;
  const basic = authorization === undefined ? undefined : basicCredentials(authorization);
  const hasAssertion = client_assertion !== undefined || client_assertion_type !== undefined;
  if ([basic !== undefined, client_secret !== undefined, hasAssertion].filter(Boolean).length > 1) {
    throw new OAuthError('invalid_request', 'The client authenticates in two ways: use one of them.');
  }
  if (basic !== undefined) return ofOneClient(basic, client_id);
  if (hasAssertion) return ofOneClient(assertionCredentials(body), client_id);
  if (client_id !== undefined && client_secret !== undefined) return { clientId: client_id, secret: client_secret };
  throw new OAuthError(
    'invalid_client',
    'Send client_id and client_secret, with HTTP Basic or in the body, or a client_assertion.',
  );
}

/** The body may still name the client, as some libraries do, but not another one. */
function ofOneClient(credentials: Credentials, named: string | undefined): Credentials {
  if (named === undefined || named === credentials.clientId) return credentials;
  const asWritten = 'asWritten' in credentials ? credentials.asWritten : undefined;
  if (asWritten?.clientId === named) return asWritten;
  throw new OAuthError('invalid_request', 'The client_id in the body is not the one of the credentials.');
}

function assertionCredentials({ client_assertion, client_assertion_type }: CredentialParameters): Credentials {
  if (client_assertion === undefined || client_assertion_type === undefined) {
    throw new OAuthError('invalid_request', 'client_assertion and client_assertion_type come together.');
  }
  if (client_assertion_type !== assertionType) {
    throw new OAuthError('invalid_client', `client_assertion_type must be ${assertionType}.`);
  }
  return { clientId: claimedClient(client_assertion), assertion: client_assertion };
}

function claimedClient(assertion: string): string {
  try {
    const { sub } = decodeJwt(assertion);
    if (typeof sub === 'string') return sub;
  } catch {
    // Said below.
  }
  throw new OAuthError('invalid_client', 'The client_assertion is not a JWT whose sub is a client_id.');
}

/** Characters of the header: an id of 100 and a secret of 200, percent-encoded, in base64, and some room. */
const maxBasic = 2_000;

function basicCredentials(authorization: string): Credentials {
  const [, encoded] = /^Basic +([A-Za-z0-9+/]+={0,2})$/i.exec(headerWithin(authorization, maxBasic) ?? '') ?? [];
  const [, id, secret] = /^([^:]*):(.*)$/s.exec(Buffer.from(encoded ?? '', 'base64').toString()) ?? [];
  if (id === undefined || secret === undefined) throw unreadable('is not of the form "Basic <base64 of id:secret>"');
  const asWritten = { clientId: id, secret };
  // Id and secret are form-urlencoded before they are joined, so that an id may hold a colon (§2.3.1). Many clients leave that out.
  const [clientId, decodedSecret] = [formDecoded(id), formDecoded(secret)];
  if (clientId === undefined || decodedSecret === undefined) return asWritten;
  const isSame = clientId === id && decodedSecret === secret;
  return { clientId, secret: decodedSecret, ...(!isSame && { asWritten }) };
}

/** Undefined where it is not form-urlencoded. */
function formDecoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return undefined;
  }
}

function unreadable(fault: string): OAuthError {
  return new OAuthError('invalid_client', `The Authorization header ${fault}.`);
}
