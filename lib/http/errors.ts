// The errors callers may see: a closed list of codes, each with its HTTP status and title, and the one function that writes them.
import type { IncomingHttpHeaders } from 'node:http';
import { fitOfType } from './accept.ts';
import type { Reply } from './exchange.ts';
import { headerWithin } from './size-limits.ts';

/** Code → HTTP status and title. The codes are also the `name` that SDKs of common mail APIs read, unless theirs is another one. */
export const problems = {
  malformed_request: { status: 400, title: 'Malformed request' },
  invalid_json: { status: 400, title: 'Malformed JSON' },
  invalid_parameter: { status: 400, title: 'Invalid query parameter' },
  invalid_idempotency_key: { status: 400, title: 'Idempotency key invalid' },
  missing_token: { status: 401, title: 'Access token or API key missing', name: 'missing_api_key' },
  invalid_token: { status: 401, title: 'Access token invalid' },
  restricted_api_key: { status: 401, title: 'API key without this right' },
  invalid_api_key: { status: 403, title: 'API key invalid' },
  insufficient_scope: { status: 403, title: 'Scope missing' },
  invalid_signature: { status: 403, title: 'Signature invalid' },
  invalid_from_address: { status: 403, title: 'Sender not allowed' },
  not_found: { status: 404, title: 'Not found' },
  method_not_allowed: { status: 405, title: 'Method not allowed' },
  request_timeout: { status: 408, title: 'Request too slow' },
  conflict: { status: 409, title: 'Too late' },
  already_exists: { status: 409, title: 'Name taken' },
  invalid_idempotent_request: { status: 409, title: 'Idempotency key used before' },
  precondition_failed: { status: 412, title: 'Changed meanwhile' },
  content_too_large: { status: 413, title: 'Request body too large' },
  unsupported_media_type: { status: 415, title: 'Unsupported media type' },
  missing_required_field: { status: 422, title: 'Required field missing' },
  validation_error: { status: 422, title: 'Request body invalid' },
  rate_limit_exceeded: { status: 429, title: 'Too many requests' },
  daily_quota_exceeded: { status: 429, title: 'Daily quota used up' },
  internal_server_error: { status: 500, title: 'Internal error' },
  unavailable: { status: 503, title: 'Temporarily unavailable' },
} as const;

export type ErrorCode = keyof typeof problems;

/** What SDKs of common mail APIs call it. */
export function problemName(code: ErrorCode): string {
  const problem = problems[code];
  return 'name' in problem ? problem.name : code;
}

/** One fault of a request body: `path` as in `to[1].email`, empty for the body itself. */
export interface Fault {
  path: string;
  message: string;
}

/**
 * An error whose `message` is written for the caller. What only the operator may know goes into `cause`, which is logged.
 * Any other error is answered as `internal_server_error` and tells the caller nothing.
 */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly code: ErrorCode;
  readonly errors: Fault[] | undefined;
  readonly headers: Record<string, string>;

  constructor(
    code: ErrorCode,
    message: string,
    options: { errors?: Fault[]; headers?: Record<string, string>; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.errors = options.errors;
    this.headers = options.headers ?? {};
  }

  get status(): number {
    return problems[this.code].status;
  }
}

/** Turns whatever was thrown into an error that can be shown. */
export function toApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  return new ApiError('internal_server_error', 'Something went wrong on our side; it has been logged.', {
    cause: error,
  });
}

const problemType = 'application/problem+json';
const plainType = 'application/json';
/** SDKs that read errors of `application/json` only. Those that say what they take say it in `Accept`; that for PHP says nothing. */
const plainAgents = /^resend-[a-z]+[:/]/;

/**
 * The media type of an error's body: `application/problem+json`, unless `Accept` puts `application/json` first, by its weight or, where
 * both weigh the same, by naming it more exactly. The body is the same.
 */
export function problemTypeFor({ accept, 'user-agent': agent }: IncomingHttpHeaders): string {
  if (accept === undefined) return plainAgents.test(headerWithin(agent, maxAgent) ?? '') ? plainType : problemType;
  const [plain, problem] = [fitOfType(accept, plainType), fitOfType(accept, problemType)];
  const isFirst =
    plain.quality > problem.quality || (plain.quality === problem.quality && plain.exactness > problem.exactness);
  return isFirst && plain.quality > 0 ? plainType : problemType;
}

/** Characters of `User-Agent` that are looked at. */
const maxAgent = 500;

/**
 * Whatever was thrown as RFC 9457 problem details, with `name`, `message` and `statusCode` beside them for SDKs that read those.
 * `instance` is the path of the request, `request_id` what our log has it by, and `headers` say in which media type it is wanted.
 */
export function problemReply(
  thrown: unknown,
  { path: instance, headers, requestId }: { path: string; headers: IncomingHttpHeaders; requestId: string },
): Reply {
  const error = toApiError(thrown);
  const { status, title } = problems[error.code];
  return {
    status,
    headers: { 'content-type': problemTypeFor(headers), vary: 'accept', ...error.headers },
    body: {
      type: `urn:email-api:problem:${error.code}`,
      title,
      status,
      detail: error.message,
      instance,
      request_id: requestId,
      ...(error.errors && { errors: error.errors }),
      name: problemName(error.code),
      message: error.message,
      statusCode: status,
    },
  };
}
