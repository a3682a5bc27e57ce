// Makes the OpenAPI 3.1 document of the operations.
import { curl } from './curl.ts';
import { messageHeaders, requestHeaders } from './headers.ts';
import { convert, type JsonSchema } from './json-schema.ts';
import { type Answer, type Example, type Operation, type Prose, tags, type WebhookMessage } from './operation.ts';
import {
  errorsOf,
  headerComponents,
  headerRefs,
  OAuthProblem,
  oauthAnswers,
  Problem,
  problemAnswers,
} from './problems.ts';

export interface DocumentOptions {
  operations: readonly Operation[];
  messages: readonly WebhookMessage[];
  prose: readonly Prose[];
  version: string;
}

const description = `
A self-hosted API that accepts an email, keeps it, delivers it over SMTP and can say at any time what became of it.

Get a token with \`POST /token\`, or an API key, and send it as \`Authorization: Bearer …\`. The examples are for a shell in which \`API\` is where this
document came from, as in \`API=http://localhost:8080\`, and \`TOKEN\` an access token or an API key.

A 202 of an email means that it is committed: it goes out even if everything restarts. Ids are UUIDs (version 7), times are ISO 8601.
What goes into a header of a message (subjects, names, tags) may have no line breaks and no other control characters.

Errors are problem details (RFC 9457); \`errors\` names every fault of a request at once. Those of the OAuth2 endpoints are RFC 6749's.
With \`Accept: application/json\`, problem details come under that type, with the same body.
A client may have limits, of emails a second and a day: \`RateLimit\` tells what is left of them, 429 with \`Retry-After\` that it is not enough.
A path that is not here answers 404 \`not_found\`, another method 405 \`method_not_allowed\` with \`Allow\`. GET serves HEAD, too.
Every answer has \`X-Request-Id\`, the request's own if it has one (up to 128 letters, digits and \`._~:+/=-\`). \`Accept-Encoding: gzip\` gets long answers of GET
packed; request bodies are taken as they are only.
Answers may get further fields; requests with fields that are not listed are refused. A field that is null is not there.`.trim();

export function createDocument({ operations, messages, prose, version }: DocumentOptions) {
  const schemas: Record<string, unknown> = {};
  const request = { prose, schemas, open: false };
  const requested = { ...request, tellsDefaults: true };
  const answer = { prose, schemas, open: true };
  convert(Problem, answer);
  convert(OAuthProblem, answer);
  const paths: Record<string, Record<string, object>> = {};
  for (const operation of operations) {
    paths[operation.path] ??= {};
    Object.assign(paths[operation.path] ?? {}, { [operation.method.toLowerCase()]: toOperation(operation) });
  }
  return {
    openapi: '3.1.1',
    info: {
      ...{ title: 'Email API', version, description },
      contact: { name: 'Whoever runs this API' },
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/', description: 'Where this document came from.' }],
    // Each operation says its own. Here both are named, as an API key stands for an access token in every one of them.
    security: [{ accessToken: [] }, { apiKey: [] }],
    tags: Object.entries(tags)
      .filter(([name]) => operations.some(({ tag }) => tag === name))
      .map(([name, description]) => ({ name, description })),
    paths,
    webhooks: Object.fromEntries(messages.map((message) => [message.type, { post: toWebhook(message) }])),
    components: {
      schemas: Object.fromEntries(Object.entries(schemas).sort(([one], [other]) => (one < other ? -1 : 1))),
      parameters: Object.fromEntries(
        Object.entries({ ...requestHeaders, ...messageHeaders }).map(([name, header]) => [
          name,
          { name, in: 'header', ...header },
        ]),
      ),
      headers: headerComponents,
      securitySchemes,
    },
  };

  function toOperation(operation: Operation) {
    const { id, tag, summary, description, body, answers, examples, oauth_errors } = operation;
    const errors = oauth_errors ? oauthAnswers(operation) : problemAnswers(errorsOf(operation));
    const parameters = [...pathParameters(operation), ...queryParameters(operation), ...headerParameters(operation)];
    return {
      operationId: id,
      tags: [tag],
      summary,
      description,
      security: securityOf(operation),
      ...(parameters.length > 0 && { parameters }),
      ...(body && { requestBody: requestBody(body, examples) }),
      responses: Object.fromEntries([
        ...Object.entries(answers).map(([status, one]) => [status, toResponse(one)]),
        ...errors.map(({ status, description, headers, type, schema }) => [
          String(status),
          { description, ...headerRefs(headers), content: { [type]: { schema } } },
        ]),
      ]),
      'x-codeSamples': examples.map((example) => ({
        lang: 'Shell',
        label: example.summary,
        source: curl(operation, example),
      })),
    };
  }

  /** What an endpoint is asked, and what it is to answer. */
  function toWebhook({ id, summary, schema, example }: WebhookMessage) {
    return {
      operationId: id,
      tags: ['Webhooks'],
      // It is the signature that says who calls.
      security: [],
      summary,
      description: messageDescription,
      parameters: Object.keys(messageHeaders).map((name) => ({ $ref: `#/components/parameters/${name}` })),
      requestBody: {
        required: true,
        content: { 'application/json': { schema: convert(schema, answer), example } },
      },
      responses: {
        '2XX': { description: 'It was taken.' },
        410: { description: 'The endpoint is gone: it is disabled, and what waits for it fails.' },
        default: {
          description:
            'It was not taken, and is tried again; `Retry-After` can ask for a longer wait. Redirects are not followed.',
        },
      },
    };
  }

  function pathParameters({ path_parameters = {} }: Operation) {
    return Object.entries(path_parameters).map(([name, { description, schema, example }]) => ({
      name,
      in: 'path',
      required: true,
      description,
      schema: convert(schema, request),
      example,
    }));
  }

  function queryParameters({ id, query }: Operation) {
    if (query === undefined) return [];
    const { properties = {} }: JsonSchema = convert(query.schema, request);
    return Object.entries(properties).map(([name, schema]) => {
      const description = query.descriptions[name];
      if (description === undefined) throw new Error(`${id}: nothing is said of the parameter ${name}`);
      return { name, in: 'query', description, schema };
    });
  }

  function headerParameters({ headers = [] }: Operation) {
    return headers.map((name) => ({ $ref: `#/components/parameters/${name}` }));
  }

  function requestBody({ schema, types }: NonNullable<Operation['body']>, examples: readonly Example[]) {
    const content = types.map((type) => {
      const fitting = examples.flatMap((example) => {
        const value = example.message ?? (type === 'application/json' ? example.json : example.form);
        return value === undefined ? [] : [[toName(example.summary), { summary: example.summary, value }] as const];
      });
      return [
        type,
        { schema: convert(schema, requested), ...(fitting.length > 0 && { examples: Object.fromEntries(fitting) }) },
      ];
    });
    return { required: true, content: Object.fromEntries(content) };
  }

  function toResponse({ description, headers = [], body }: Answer) {
    const content = Object.entries(body ?? {}).map(([type, { schema, example }]) => [
      type,
      { schema: convert(schema, answer), example },
    ]);
    return { description, ...headerRefs(headers), ...(body && { content: Object.fromEntries(content) }) };
  }
}

const messageDescription =
  'Sent to endpoints that ask for this event. At least once, and not always in order: `webhook-id` tells duplicates, `timestamp` the order. Verify it with a library of Standard Webhooks.';
const securitySchemes = {
  accessToken: {
    type: 'oauth2',
    description: 'The client-credentials grant of `POST /token`.',
    flows: {
      clientCredentials: {
        tokenUrl: '/token',
        scopes: {
          basic: 'Reads what the client has sent and keeps.',
          email: 'Sends emails and changes what the client keeps.',
        },
      },
    },
  },
  // Apart from the others: whoever asks for all scopes of an access token on the reference page would be refused.
  intakeToken: {
    type: 'oauth2',
    description: 'The same grant, for clients of the operator that hand in what came back.',
    flows: {
      clientCredentials: {
        tokenUrl: '/token',
        scopes: { 'intake:write': 'Hands in what came back: for mail servers of the operator.' },
      },
    },
  },
  apiKey: {
    type: 'http',
    scheme: 'bearer',
    description:
      'In place of an access token, in every operation that takes one: an API key (`re_…`), of `POST /api-keys` or from the operator. One for sending alone (`emails:send`) may send and preview emails.',
  },
  clientSecret: { type: 'http', scheme: 'basic', description: 'Client id and secret (RFC 6749 §2.3.1).' },
};

function securityOf({ security }: Operation): object[] {
  if (security === null) return [];
  // The body may prove the client, too. An API key stands for the token everywhere: as an alternative of each operation it would take the
  // place of the form for client id and secret on the reference page.
  if (security === 'client') return [{ clientSecret: [] }, {}];
  return [security === 'intake:write' ? { intakeToken: [security] } : { accessToken: [security] }];
}

function toName(summary: string): string {
  return summary
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '');
}
