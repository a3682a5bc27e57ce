// The documentation of a route: the type of an entry in operations/, and the operation that it makes with its route.
import type * as v from 'valibot';
import type { OAuthErrorCode } from '../../functions/token/oauth-error.ts';
import type { Scope } from '../../lib/auth/caller.ts';
import type { ErrorCode } from '../../lib/http/errors.ts';
import type { Route } from '../../lib/http/route.ts';
import type { AnswerHeader, RequestHeader } from './headers.ts';

/** Sections of the reference page, in this order, and what each is about. */
export const tags = {
  Tokens: 'Access tokens for the API (OAuth2), and the keys they are signed with.',
  Send: 'Emails: sent, called back, moved, sent again.',
  History: 'What became of each email.',
  Templates: 'Subjects and bodies that are kept here, and filled in when an email is accepted.',
  Recipients: 'What is kept of those who get emails, and to whom nothing is sent any more.',
  Webhooks: 'Where the client is told of what becomes of its emails: calls after the Standard Webhooks specification.',
  'API keys': 'Keys in place of access tokens, for programs that cannot renew a token.',
  'What comes back': 'Bounces and complaints that mail servers of the operator and providers hand in.',
  Reference: 'This document.',
} as const satisfies Record<string, string>;

/** The documentation of a route, beyond its declaration. */
export interface Documentation {
  tag: keyof typeof tags;
  summary: string;
  description: string;
  /** Of each `{name}` in the path. */
  path_parameters?: Record<string, PathParameter>;
  /** Of each query parameter, what it is. */
  query?: Record<string, string>;
  headers?: readonly RequestHeader[];
  /** By status. */
  answers: Record<number, Answer>;
  /**
   * Beyond those that follow from the rest: see `errorsOf` in problems.ts.
   */
  errors?: readonly ErrorCode[];
  /** In place of problem details: what an OAuth2 endpoint answers (RFC 6749 §5.2). With a body, the client proves in it who it is. */
  oauth_errors?: readonly OAuthErrorCode[];
  /** Run by infra/test/openapi.test.ts; shown with curl in the document. At least one. */
  examples: readonly [Example, ...Example[]];
}

type AnyRoute = Pick<Route<Scope>, 'method' | 'path' | 'scope' | 'query' | 'body'>;

/** A route with its documentation. */
export interface Operation extends Omit<Documentation, 'query'>, Pick<AnyRoute, 'method' | 'path'> {
  /** The operationId, which is the name of the route: what generated clients call it. */
  id: string;
  /** The scope of the access token or API key that it wants; `client`: a client's credentials in place of a token; null: nothing. */
  security: Scope | 'client' | null;
  query?: { schema: v.GenericSchema; descriptions: Record<string, string> };
  body?: { schema: v.GenericSchema; types: readonly string[] };
}

/** The documentation of each of these routes, by name: the compiler reports a missing one. */
export type DocumentationOf<Table> = Record<keyof Table & string, Documentation>;

/** In the order of `documentation`. */
export function toOperations(
  routes: Readonly<Record<string, AnyRoute>>,
  documentation: Readonly<Record<string, Documentation>>,
): Operation[] {
  return Object.entries(documentation).map(([id, { query: descriptions = {}, ...said }]) => {
    const route = routes[id];
    if (route === undefined) throw new Error(`there is no route ${id}`);
    const { method, path, scope, query, body } = route;
    if (body && body.schema === undefined) throw new Error(`${id}: its body has no schema`);
    return {
      ...said,
      ...{ id, method, path },
      security: scope ?? (said.oauth_errors && body ? 'client' : null),
      ...(query && { query: { schema: query, descriptions } }),
      ...(body?.schema && { body: { schema: body.schema, types: body.types } }),
    };
  });
}

export interface PathParameter {
  description: string;
  schema: v.GenericSchema;
  example: string;
  /** A value that names nothing, for tests of errors; by default the example. */
  unknown?: string;
}

export interface Answer {
  description: string;
  headers?: readonly AnswerHeader[];
  /** By media type; none: no body. The schema is strict: the tests refuse a field that it does not have. */
  body?: Record<string, { schema: v.GenericSchema; example: unknown }>;
  /** What another media type gets where it is asked for: the description tells of it. In the document, generated clients would expect it of every answer. */
  unlisted?: Record<string, v.GenericSchema>;
}

export interface Example {
  summary: string;
  /**
   * What must be there before: gives what stands in place of words of the example when it is run, as in the id of an email that
   * there is for the one that is shown.
   */
  given?: (call: Call) => Promise<Record<string, string>>;
  query?: Record<string, string>;
  headers?: Record<string, string>;
  /** HTTP Basic: client id and secret. */
  basic?: readonly [string, string];
  /** Sent as JSON. */
  json?: unknown;
  /** Sent as it is, in place of `json`. */
  message?: string;
  /** Sent as a form, in place of `json`. */
  form?: Record<string, string>;
  /** What it is answered with: one of `answers`. */
  status: number;
}

/** Asks the running API, as the example client with both scopes; the answer's JSON. */
// biome-ignore lint/suspicious/noExplicitAny: examples take what they need from an answer
export type Call = (method: Route['method'], path: string, json?: unknown) => Promise<any>;

/** A message that the API sends to endpoints of its clients. */
export interface WebhookMessage {
  /** The event. */
  type: string;
  /** The operationId: what generated servers call it. */
  id: string;
  summary: string;
  schema: v.GenericSchema;
  example: unknown;
}

/** What is said of a request schema's object: its name in the document, and what each of its fields is. */
export interface Prose {
  schema: v.GenericSchema;
  name: string;
  description?: string;
  fields: Record<string, string>;
}

/**
 * Times in examples. They lie in the future when the document is read, and the tests put others of the coming days in their place.
 */
export const exampleTimes = { soon: '2030-01-31T12:00:00Z', later: '2030-01-31T13:00:00Z' };
/** The id of an email wherever an example shows one, and of what else has one. */
export const exampleId = '01971d8c-6f1e-7a52-9c0b-3f2a4e5d6c7b';
export const exampleTemplateId = '01971d8c-6f1e-7a52-9c0b-3f2a4e5d6c7c';
export const exampleWebhookId = '01971d8c-6f1e-7a52-9c0b-3f2a4e5d6c7d';
export const exampleSuppressionId = '01971d8c-6f1e-7a52-9c0b-3f2a4e5d6c80';
export const exampleKeyId = '01971d8c-6f1e-7a52-9c0b-3f2a4e5d6c7f';
export const exampleDeliveryId = '01971d8c-6f1e-7a52-9c0b-3f2a4e5d6c7e';
/** Where a webhook leads; the tests put an endpoint of theirs in its place. */
export const exampleEndpoint = 'https://example.com/hook';
