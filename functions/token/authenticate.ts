// Client authentication (RFC 6749 §2.3): who calls, and is it true? Each request reads the client's row, so that what the operator changes holds at once.
import { createBatcher } from '../../lib/batch.ts';
import { databaseError, isDatabaseAway, type Sql } from '../../lib/db.ts';
import { ApiError } from '../../lib/errors.ts';
import type { Request } from '../../lib/http.ts';
import { createSecretCheck, type SecretCheckOptions } from './check-secret.ts';
import { type Client, findClients, isClientId } from './clients.ts';
import { type credentialNames, presentedCredentials } from './credentials.ts';
import { OAuthError } from './oauth-error.ts';
import type { Parameters } from './parameters.ts';

export type Authenticate = (
  request: Pick<Request, 'headers' | 'address'>,
  parameters: Parameters<(typeof credentialNames)[number]>,
) => Promise<Client>;

/**
 * The returned function throws `invalid_client` (401, or 429 for a caller that guesses), `invalid_request`, or `unavailable` (503).
 * It does not tell a caller whether the client is unknown, disabled, or has another secret.
 */
export function createAuthentication(sql: Sql, options?: SecretCheckOptions): Authenticate {
  const findClient = createBatcher((ids: string[]) => findClients(sql, ids), {
    maxItems: 500,
    failsAll: isDatabaseAway,
  });
  const checkSecret = createSecretCheck(options);

  return async ({ headers, address }, parameters) => {
    const credentials = presentedCredentials(headers.authorization, parameters);
    const clientId = isClientId(credentials.clientId) ? credentials.clientId : '';
    const client = clientId ? await findClient(clientId).catch(rethrowDatabaseError) : undefined;
    const storedHash = client?.secret_hash;
    const check = await checkSecret({ clientId, secret: credentials.secret, storedHash, address });
    switch (check.outcome) {
      case 'wrong':
        throw refused(clientId, client ? 'wrong secret' : 'unknown client');
      case 'slowed':
        throw slowed(clientId, check.retryAfterSeconds);
      case 'busy':
        throw new ApiError('unavailable', 'Too many secrets are being checked. Try again.', {
          headers: { 'retry-after': '1' },
        });
      case 'right':
        if (client === undefined || client.disabled_at !== null) throw refused(clientId, 'disabled client');
        return client;
    }
  };
}

function rethrowDatabaseError(error: unknown): never {
  throw databaseError(error);
}

function refused(clientId: string, reason: string): OAuthError {
  return new OAuthError('invalid_client', 'Client authentication failed.', { clientId, reason });
}

function slowed(clientId: string, retryAfterSeconds: number): OAuthError {
  const description = `Client authentication failed too often. Try again in ${retryAfterSeconds} s.`;
  return new OAuthError('invalid_client', description, { clientId, reason: 'slowed', retryAfterSeconds });
}
