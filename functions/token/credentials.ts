// How a client says who it is (RFC 6749 §2.3.1): with HTTP Basic or in the body, never both.
import { OAuthError } from './oauth-error.ts';
import type { Parameters } from './parameters.ts';

export interface Credentials {
  clientId: string;
  secret: string;
}

/** Parameters of the body that name and prove the client. */
export const credentialNames = ['client_id', 'client_secret'] as const;

/** Throws `invalid_client` where there are none or they cannot be read, and `invalid_request` where they come twice. */
export function presentedCredentials(
  authorization: string | undefined,
  body: Parameters<(typeof credentialNames)[number]>,
): Credentials {
  if (authorization !== undefined) return withoutSecondProof(basicCredentials(authorization), body);
  if (body.client_id === undefined || body.client_secret === undefined) {
    throw new OAuthError('invalid_client', 'Send client_id and client_secret, either with HTTP Basic or in the body.');
  }
  return { clientId: body.client_id, secret: body.client_secret };
}

/** A body may still name the client, as some libraries do, but not another one, and not prove it again (§2.3). */
function withoutSecondProof(credentials: Credentials, body: Parameters<(typeof credentialNames)[number]>): Credentials {
  if (body.client_secret !== undefined || (body.client_id ?? credentials.clientId) !== credentials.clientId) {
    throw new OAuthError(
      'invalid_request',
      'The client authenticates with HTTP Basic and in the body: use one of them.',
    );
  }
  return credentials;
}

function basicCredentials(authorization: string): Credentials {
  const [, encoded] = /^Basic +([A-Za-z0-9+/]+={0,2})$/i.exec(authorization) ?? [];
  const [, id, secret] = /^([^:]*):(.*)$/s.exec(Buffer.from(encoded ?? '', 'base64').toString()) ?? [];
  if (id === undefined || secret === undefined) throw unreadable('is not of the form "Basic <base64 of id:secret>"');
  return { clientId: formDecoded(id), secret: formDecoded(secret) };
}

/** Id and secret are form-urlencoded before they are joined, so that an id may hold a colon (§2.3.1). */
function formDecoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    throw unreadable('has an id or a secret that is not form-urlencoded');
  }
}

function unreadable(fault: string): OAuthError {
  return new OAuthError('invalid_client', `The Authorization header ${fault}.`);
}
