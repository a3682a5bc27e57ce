// Client authentication (RFC 6749 §2.3): who calls, and is it true? Each request reads the client's row, so that what the operator changes holds at once.

import { ApiError } from '../../lib/http/errors.ts';
import type { Request } from '../../lib/http/exchange.ts';
import { createBatcher } from '../../lib/process/batch.ts';
import { noteSecretUse } from '../../lib/store/clients/client-secrets.ts';
import { type Client, findClients, isClientId } from '../../lib/store/clients/clients.ts';
import { isDatabaseUnavailable, type Sql } from '../../lib/store/database.ts';
import { useAssertion } from '../../lib/store/tokens/used-assertions.ts';
import { checkAssertion } from './check-assertion.ts';
import { createSecretCheck, type SecretToCheck } from './check-secret.ts';
import { type credentialNames, presentedCredentials } from './credentials.ts';
import { OAuthError } from './oauth-error.ts';
import type { Parameters } from './parameters.ts';

export type Authenticate = (
  request: Pick<Request, 'headers' | 'address'>,
  parameters: Parameters<(typeof credentialNames)[number]>,
) => Promise<Client>;

/**
 * `audiences` is what an assertion may be for: the issuer, and its token endpoint. The returned function throws `invalid_client`
 * (401, or 429 for a caller that guesses), `invalid_request`, or `unavailable` (503).
 * It does not tell a caller whether the client is unknown, disabled, or has another secret or key.
 */
export function createAuthentication(sql: Sql, audiences: readonly string[]): Authenticate {
  const findClient = createBatcher((ids: string[]) => findClients(sql, ids), {
    maxItems: 500,
    failsAll: isDatabaseUnavailable,
  });
  const checkSecret = createSecretCheck({ noteUse: (secretId) => noteSecretUse(sql, secretId) });

  return async ({ headers, address }, parameters) => {
    const credentials = presentedCredentials(headers.authorization, parameters);
    const asWritten = 'asWritten' in credentials ? credentials.asWritten : undefined;
    let [clientId, client] = await lookUp(credentials.clientId);
    if (client === undefined && asWritten && asWritten.clientId !== credentials.clientId)
      [clientId, client] = await lookUp(asWritten.clientId);
    if ('secret' in credentials) {
      const secrets = { secret: credentials.secret, orElse: asWritten?.secret };
      await proveBySecret(clientId, client, secrets, address);
    } else await proveByAssertion(clientId, client, credentials.assertion);
    if (client === undefined || client.disabled_at !== null) throw refused(clientId, 'disabled client');
    return client;
  };

  async function lookUp(named: string): Promise<[clientId: string, client: Client | undefined]> {
    return isClientId(named) ? [named, await findClient(named)] : ['', undefined];
  }

  async function proveBySecret(
    clientId: string,
    client: Client | undefined,
    secrets: Pick<SecretToCheck, 'secret' | 'orElse'>,
    address: string,
  ) {
    const stored = client?.secrets ?? [];
    const check = await checkSecret({ clientId, ...secrets, stored, address });
    switch (check.outcome) {
      case 'right':
        return;
      case 'wrong':
        throw refused(clientId, client ? 'wrong secret' : 'unknown client');
      case 'slowed':
        throw slowed(clientId, check.retryAfterSeconds);
      case 'crowded':
        throw crowded(clientId, check.retryAfterSeconds);
      case 'busy':
        throw new ApiError('unavailable', 'Too many secrets are being checked. Try again.', {
          headers: { 'retry-after': '1' },
        });
    }
  }

  async function proveByAssertion(clientId: string, client: Client | undefined, assertion: string) {
    const keys = client?.public_keys ?? [];
    const check = await checkAssertion({ assertion, clientId, keys, audiences, now: Date.now() });
    switch (check.outcome) {
      case 'unproven':
        throw refused(clientId, client ? check.reason : 'unknown client');
      case 'unfit':
        throw new OAuthError('invalid_client', `The client_assertion ${check.fault}.`, { clientId });
      case 'right': {
        const isFirst = await useAssertion(sql, clientId, check.jti, check.expiresAt);
        if (!isFirst)
          throw new OAuthError('invalid_client', 'The client_assertion has been used before.', { clientId });
      }
    }
  }
}

function refused(clientId: string, reason: string): OAuthError {
  return new OAuthError('invalid_client', 'Client authentication failed.', { clientId, reason });
}

function crowded(clientId: string, retryAfterSeconds: number): OAuthError {
  const description = 'Too many secrets from your network are being checked. Try again.';
  return new OAuthError('invalid_client', description, { clientId, reason: 'crowded', retryAfterSeconds });
}

function slowed(clientId: string, retryAfterSeconds: number): OAuthError {
  const description = `Client authentication failed too often. Try again in ${retryAfterSeconds} s.`;
  return new OAuthError('invalid_client', description, { clientId, reason: 'slowed', retryAfterSeconds });
}
