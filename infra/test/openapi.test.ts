// The examples of the OpenAPI document, run: each gets the status that it shows, and an answer that has no field, type or header but those of the document.
import * as v from 'valibot';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { functionFor } from '../gateway/routes.ts';
import { type AnswerHeader, answerHeaders } from '../openapi/headers.ts';
import { type Call, type Example, exampleTimes, type Operation } from '../openapi/operation.ts';
import { operations } from '../openapi/operations/index.ts';
import { exampleClient, getToken, json } from './functions.ts';
import { type Ground, startGround } from './ground.ts';

let ground: Ground;

beforeAll(async () => {
  ground = await startGround();
});
afterAll(async () => {
  await ground?.stop();
});

const inHours = (hours: number) => new Date(Date.now() + hours * 3_600_000).toISOString();

/** Puts what is so here in place of what is shown. */
function real(text: string, given: Record<string, string> = {}): string {
  const all = { [exampleTimes.soon]: inHours(1), [exampleTimes.later]: inHours(2), ...given };
  return Object.entries(all).reduce((soFar, [shown, here]) => soFar.replaceAll(shown, here), text);
}

function ask(method: string, path: string, init: RequestInit): Promise<Response> {
  const name = functionFor(method, path.split('?')[0] ?? '');
  if (name === undefined) throw new Error(`the gateway does not pass ${path} on`);
  return fetch(ground.api.functions[name].url + path, { method, ...init });
}

const call: Call = async (method, path, body) => {
  const headers = {
    ...(path !== '/token' && { authorization: `Bearer ${ground.api.token}` }),
    ...(body !== undefined && { 'content-type': 'application/json' }),
  };
  const response = await ask(method, path, {
    headers,
    ...(body !== undefined && { body: real(JSON.stringify(body)) }),
  });
  const answer = await json(response);
  if (!response.ok) throw new Error(`${method} ${path}: ${JSON.stringify(answer)}`);
  return answer;
};

async function run(operation: Operation, example: Example, token: string | undefined): Promise<Response> {
  const { method, path_parameters = {}, path } = operation;
  const given = await example.given?.(call);
  const filled = path.replace(/\{(\w+)\}/g, (_, name) => path_parameters[name]?.example ?? '');
  const query = new URLSearchParams(example.query).toString();
  const body = example.form ? new URLSearchParams(example.form).toString() : JSON.stringify(example.json);
  return ask(method, real(`${filled}${query && `?${query}`}`, given), {
    headers: {
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...(example.basic && { authorization: `Basic ${Buffer.from(example.basic.join(':')).toString('base64')}` }),
      ...(body !== undefined && {
        'content-type': example.form ? 'application/x-www-form-urlencoded' : 'application/json',
      }),
      ...example.headers,
    },
    ...(body !== undefined && { body: real(body, given) }),
  });
}

const wantsToken = ({ security }: Operation) => security === 'basic' || security === 'email';
const nameOf = ({ method, path }: Operation) => `${method} ${path}`;
const examples = operations.flatMap((operation) =>
  operation.examples.map((example) => ({ name: `${nameOf(operation)}: ${example.summary}`, operation, example })),
);

describe('examples of the document', () => {
  it.each(examples)('$name', async ({ operation, example }) => {
    const response = await run(operation, example, wantsToken(operation) ? ground.api.token : undefined);
    const text = await response.text();
    expect({ status: response.status, text }).toEqual({ status: example.status, text });

    const answer = operation.answers[example.status];
    const type = response.headers.get('content-type')?.split(';')[0] ?? '';
    const schema = answer?.body?.[type]?.schema;
    if (answer?.body === undefined) expect(text).toBe('');
    else {
      expect(Object.keys(answer.body)).toContain(type);
      const { issues } = v.safeParse(schema ?? v.never(), type === 'application/json' ? JSON.parse(text) : text);
      expect(issues?.map((issue) => `${v.getDotPath(issue)}: ${issue.message}`)).toBeUndefined();
    }
    const has = (Object.keys(answerHeaders) as AnswerHeader[]).filter((header) => response.headers.has(header));
    expect(answer?.headers ?? []).toEqual(expect.arrayContaining(has));
    expect(has).toEqual(expect.arrayContaining((answer?.headers ?? []).filter((name) => answerHeaders[name].always)));
  });
});

describe('security of the document', () => {
  const guarded = operations.filter(wantsToken).map((operation) => ({ name: nameOf(operation), operation }));

  it.each(guarded)('$name wants a token, with its scope', async ({ operation }) => {
    const example = { ...operation.examples[0], given: async () => ({}) };
    const other = { ...exampleClient, scope: operation.security === 'email' ? 'basic' : 'email' };
    const names = [];
    for (const token of [undefined, await getToken(ground.api.functions.token.url, other)]) {
      names.push((await json(await run(operation, example, token))).name);
    }
    expect(names).toEqual(['missing_token', 'insufficient_scope']);
  });

  it('whatever wants no token answers without one', () => {
    expect(operations.filter(({ security }) => security === null).map(({ path }) => path)).toEqual([
      '/.well-known/oauth-authorization-server',
      '/.well-known/jwks.json',
      '/openapi.json',
      '/docs',
    ]);
  });
});

describe('the reference', () => {
  const get = (path: string, headers = {}) => fetch(ground.api.functions.history.url + path, { headers });

  it.each(['/openapi.json', '/docs'])('%s is not sent again to who has it', async (path) => {
    const etag = (await get(path)).headers.get('etag') ?? '';
    const again = await get(path, { 'if-none-match': `"x", W/${etag}` });
    expect({ status: again.status, etag: again.headers.get('etag'), body: await again.text() }).toEqual({
      status: 304,
      etag,
      body: '',
    });
    expect((await get(path, { 'if-none-match': '"x"' })).status).toBe(200);
  });

  it('/docs shows every operation, runs no script and asks nobody else for anything', async () => {
    const response = await get('/docs');
    const page = await response.text();
    for (const { id, path } of operations) {
      expect(page).toContain(`<article id="${id}">`);
      expect(page).toContain(`<code>${path}</code>`);
    }
    expect(page).not.toMatch(/<script|<link|<img|<iframe|\son\w+=|\sstyle=|(src|href)="(?!#|openapi\.json")/i);
    expect(response.headers.get('content-security-policy')).toMatch(/^default-src 'none'; style-src 'sha256-[^']+';/);
    const links = [...page.matchAll(/href="#([^"]+)"/g)].map(([, id]) => id);
    expect(links.filter((id) => !page.includes(`id="${id}"`))).toEqual([]);
  });
});
