// Errors in the document: those that an operation can give, and their answers.
import * as v from 'valibot';
import { type OAuthErrorCode, statuses } from '../../functions/token/oauth-error.ts';
import { type ErrorCode, problemName, problems } from '../../lib/http/errors.ts';
import { type AnswerHeader, answerHeaders, rateLimits } from './headers.ts';
import type { Operation } from './operation.ts';

const described = (description: string) => v.pipe(v.string(), v.description(description));
const status = v.pipe(v.number(), v.integer(), v.description('The HTTP status.'));

/** RFC 9457, with what the SDKs of common mail APIs read beside it. */
export const Problem = v.pipe(
  v.strictObject({
    type: described('`urn:email-api:problem:` and the code.'),
    title: described('What the code means.'),
    status,
    detail: described('What is wrong with this request, and often what to do about it.'),
    instance: described('The path of the request.'),
    request_id: described('The `X-Request-Id` of the answer: our log has the request by it.'),
    errors: v.optional(
      v.pipe(
        v.array(
          v.strictObject({
            path: described('The field, as in `to[1].email`; empty for the body itself.'),
            message: described('What is wrong with it.'),
          }),
        ),
        v.description('Every fault at once, where a body or a query is faulty.'),
      ),
    ),
    name: described('The code again, as SDKs of common mail APIs call it.'),
    message: described('The detail again.'),
    statusCode: status,
  }),
  v.title('Problem'),
  v.description('Problem details (RFC 9457).'),
);

export const OAuthProblem = v.pipe(
  v.strictObject({ error: described('The code.'), error_description: described('What is wrong, in words.') }),
  v.title('OAuthError'),
  v.description('The error of an OAuth2 endpoint (RFC 6749 §5.2).'),
);

/** Headers that come with a code. */
const headersOf: Partial<Record<ErrorCode, AnswerHeader[]>> = {
  missing_token: ['WWW-Authenticate'],
  invalid_token: ['WWW-Authenticate'],
  restricted_api_key: ['WWW-Authenticate'],
  invalid_api_key: ['WWW-Authenticate'],
  insufficient_scope: ['WWW-Authenticate'],
  rate_limit_exceeded: ['Retry-After', ...rateLimits],
  daily_quota_exceeded: ['Retry-After', ...rateLimits],
  unavailable: ['Retry-After'],
};

/** Of a token or a key. The last one is of a network that makes keys up. */
const accessErrors = [
  'missing_token',
  'invalid_token',
  'restricted_api_key',
  'invalid_api_key',
  'insufficient_scope',
  'rate_limit_exceeded',
] as const;

/** All that an operation can give: what it says itself, and what follows from how it is asked. */
export function errorsOf({
  security,
  query,
  headers = [],
  body,
  path_parameters,
  errors = [],
}: Operation): ErrorCode[] {
  const hasToken = security !== null && security !== 'client';
  const all: ErrorCode[] = [
    ...(query ? (['invalid_parameter'] as const) : []),
    ...(hasToken ? accessErrors : []),
    ...(path_parameters ? (['malformed_request', 'not_found'] as const) : []),
    ...(body ? (['content_too_large', 'unsupported_media_type'] as const) : []),
    ...(body?.types.includes('application/json') ? (['invalid_json', 'validation_error'] as const) : []),
    ...(headers.includes('Idempotency-Key')
      ? (['invalid_idempotency_key', 'invalid_idempotent_request'] as const)
      : []),
    ...(hasToken ? (['internal_server_error', 'unavailable'] as const) : []),
    ...errors,
  ];
  return [...new Set(all)].sort((one, other) => problems[one].status - problems[other].status);
}

interface ErrorAnswer {
  status: number;
  description: string;
  headers: AnswerHeader[];
  schema: object;
  type: string;
}

/** The answers of these codes, one a status. */
export function problemAnswers(codes: readonly ErrorCode[]): ErrorAnswer[] {
  return byStatus(codes, (code) => problems[code].status).map(([status, together]) => ({
    status,
    description: together.map((code) => `\`${problemName(code)}\`: ${problems[code].title}.`).join(' '),
    headers: [...new Set(together.flatMap((code) => headersOf[code] ?? []))],
    type: 'application/problem+json',
    schema: narrowed('Problem', 'name', together.map(problemName)),
  }));
}

/** Those of an OAuth2 endpoint: of its codes, and, where a client proves who it is in a body, of what befalls any of them. */
export function oauthAnswers({
  oauth_errors: codes = [],
  body,
}: Pick<Operation, 'oauth_errors' | 'body'>): ErrorAnswer[] {
  if (body === undefined)
    return byStatus(codes, (code) => statuses[code]).map(([status, together]) => oauthAnswer(status, together, []));
  const all = byStatus(
    [...codes, 'invalid_client', 'server_error', 'temporarily_unavailable'],
    (code) => statuses[code],
  );
  const answers = all.map(([status, together]) => oauthAnswer(status, together, oauthHeaders[status] ?? []));
  const others: ErrorAnswer[] = [
    { ...oauthAnswer(413, ['invalid_request'], []), description: 'The request body has more than 16,384 bytes.' },
    { ...oauthAnswer(415, ['invalid_request'], []), description: 'The request body is neither JSON nor a form.' },
    {
      ...oauthAnswer(429, ['invalid_client'], ['Retry-After']),
      description: 'Client authentication failed too often from this address; it is not tried before the time is over.',
    },
  ];
  return [...answers, ...others].sort((one, other) => one.status - other.status);
}

const oauthHeaders: Record<number, AnswerHeader[]> = { 401: ['WWW-Authenticate'], 503: ['Retry-After'] };

function oauthAnswer(status: number, codes: readonly OAuthErrorCode[], headers: AnswerHeader[]): ErrorAnswer {
  return {
    status,
    description: codes.map((code) => `\`${code}\``).join(', '),
    headers,
    type: 'application/json',
    schema: narrowed('OAuthError', 'error', codes),
  };
}

function narrowed(name: string, field: string, codes: readonly string[]) {
  return { allOf: [{ $ref: `#/components/schemas/${name}` }, { properties: { [field]: { enum: codes } } }] };
}

function byStatus<Code extends string>(codes: readonly Code[], statusOf: (code: Code) => number): [number, Code[]][] {
  const unique = [...new Set(codes)];
  const all = [...new Set(unique.map(statusOf))].sort((one, other) => one - other);
  return all.map((status) => [status, unique.filter((code) => statusOf(code) === status)]);
}

/** The header objects of an answer. */
export function headerRefs(names: readonly AnswerHeader[]) {
  if (names.length === 0) return {};
  return { headers: Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }])) };
}

export const headerComponents = Object.fromEntries(
  Object.entries(answerHeaders).map(([name, { always: _, ...header }]) => [name, header]),
);
