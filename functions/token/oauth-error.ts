// The errors of OAuth2 endpoints (RFC 6749 §5.2): a closed list of codes, each with its HTTP status, and the functions that write them.
import { type ApiError, toApiError } from '../../lib/http/errors.ts';
import type { Reply } from '../../lib/http/exchange.ts';
import type { Log } from '../../lib/process/log.ts';

/** Code → HTTP status. `invalid_target` is of RFC 8707 §2, the last two of RFC 6749 §4.1.2.1, for which §5.2 has no words. */
export const statuses = {
  invalid_request: 400,
  invalid_client: 401,
  invalid_scope: 400,
  invalid_target: 400,
  unsupported_grant_type: 400,
  server_error: 500,
  temporarily_unavailable: 503,
} as const;

export type OAuthErrorCode = keyof typeof statuses;

/** What comes of an answer with a token or an error is nobody else's (RFC 6749 §5.1). */
export const noStore = { 'cache-control': 'no-store', pragma: 'no-cache' };

/** A refusal whose `description` is written for the caller; `reason` and `clientId` are for the log alone. */
export class OAuthError extends Error {
  override readonly name = 'OAuthError';
  readonly code: OAuthErrorCode;
  readonly description: string;
  readonly reason: string | undefined;
  readonly clientId: string | undefined;
  readonly retryAfterSeconds: number | undefined;

  constructor(
    code: OAuthErrorCode,
    description: string,
    details: { reason?: string; clientId?: string; retryAfterSeconds?: number } = {},
  ) {
    super(description);
    this.code = code;
    this.description = description;
    this.reason = details.reason;
    this.clientId = details.clientId;
    this.retryAfterSeconds = details.retryAfterSeconds;
  }
}

/** Gives the function that answers whatever was thrown; refusals are logged. */
export function createErrorReply(log: Log) {
  return (
    thrown: unknown,
    { path, address, requestId }: { path: string; address: string; requestId: string },
  ): Reply => {
    if (!(thrown instanceof OAuthError)) return apiErrorReply(toApiError(thrown));
    const { code, clientId, reason = thrown.description } = thrown;
    log.warn('refused', { path, error: code, reason, client_id: clientId, address, request_id: requestId });
    return oauthErrorReply(thrown);
  };
}

/** Writes a refusal. One that says when to try again is 429 (RFC 6585 §4), whatever its code. */
export function oauthErrorReply({ code, description, retryAfterSeconds }: OAuthError): Reply {
  const status = retryAfterSeconds === undefined ? statuses[code] : 429;
  return errorReply(status, code, description, {
    ...(status === 401 && { 'www-authenticate': 'Basic realm="email-api"' }),
    ...(retryAfterSeconds !== undefined && { 'retry-after': String(retryAfterSeconds) }),
  });
}

/** Writes an error of lib in the form that OAuth2 clients read; its HTTP status and headers stay. */
export function apiErrorReply(error: ApiError): Reply {
  return errorReply(error.status, codeOf(error), error.message, error.headers);
}

function codeOf({ status }: ApiError): OAuthErrorCode {
  if (status === 503) return 'temporarily_unavailable';
  return status >= 500 ? 'server_error' : 'invalid_request';
}

function errorReply(status: number, error: OAuthErrorCode, text: string, headers: Record<string, string>): Reply {
  return { status, headers: { ...noStore, ...headers }, body: { error, error_description: descriptionOf(text) } };
}

/** RFC 6749 §5.2: printable ASCII without double quotes and backslashes. */
function descriptionOf(text: string): string {
  return text.replaceAll('"', "'").replace(/[^\x20-\x5b\x5d-\x7e]/g, '?');
}
