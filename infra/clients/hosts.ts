// Hosts that others wrote, unmodified, around the built bundles: what goes in and comes out through each, and who pushes to them.
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { startChild } from '../local/child.ts';
import { freePort } from '../local/ports.ts';
import {
  asRole,
  brokerUrl,
  eventually,
  exampleClient,
  type FunctionName,
  issuer,
  type Json,
  json,
} from '../test/functions.ts';
import { startWholeApi, type WholeApi } from '../test/whole-api.ts';
import { type Asked, lambdaEvents, responseOf } from './lambda-events.ts';

const load = (name: string): Json => createRequire(new URL('package.json', import.meta.url))(name);

let ground: WholeApi;
beforeAll(async () => {
  ground = await startWholeApi();
});
afterAll(() => ground?.stop());

interface Host {
  ask(asked: Asked): Promise<Response>;
  stop(): Promise<void>;
}

/** Hosts of events are asked by an event of this form. */
async function startHost(kind: string, name: FunctionName, form?: string, settings = {}): Promise<Host> {
  const port = await freePort();
  const { api, database, smtp } = ground;
  // An id that finds no broker yet is published by dispatch, half a minute later.
  const awaited = new Set(['listening', ...(name === 'send' ? ['broker: connected'] : [])]);
  const child = startChild({
    name: `${name} under ${kind}`,
    command: process.execPath,
    args: [join(import.meta.dirname, 'host.mjs'), kind, inject('bundles'), name, String(port)],
    env: {
      ...{ NODE_ENV: 'production', ISSUER: issuer, SMTP_URL: smtp.url },
      JWKS_URL: `${api.functions.token.url}/.well-known/jwks.json`,
      SIGNING_KEYS_FILE: join(inject('workDirectory'), 'signing-keys.json'),
      DATABASE_URL: asRole(name, database.url),
      ...(name !== 'consume' && { AMQP_URL: brokerUrl() }),
      ...settings,
    },
    log(line) {
      for (const each of awaited) if (line.includes(each)) awaited.delete(each);
    },
  });
  await child.until(async () => awaited.size === 0);
  const make = form === undefined ? undefined : lambdaEvents[form];
  return {
    async ask(asked) {
      const { method, path, headers, body } = asked;
      const url = `http://127.0.0.1:${port}`;
      if (!make) return fetch(url + path, { method, ...(headers && { headers }), ...(body && { body }) });
      const event = JSON.stringify(make(asked));
      return responseOf(await json(await fetch(url, { method: 'POST', body: event })));
    },
    async stop() {
      await child.stop();
      expect(await child.exited).toBe('exit code 0');
    },
  };
}

const onRequests = ['http', 'express', 'express with json and forms', 'express with raw', 'express with text'];
const onEvents = [
  'serverless-http',
  'serverless-http, express with json',
  'codegenie',
  'codegenie, express',
  'codegenie, express with json',
];
const all = [
  ...onRequests.map((kind) => [kind, undefined] as const),
  ...onEvents.flatMap((kind) => Object.keys(lambdaEvents).map((form) => [kind, form] as const)),
];
const text = 'Grüße, 日本 \u{1f600}';
const attachments = [{ filename: 'a.bin', content: Buffer.alloc(300_000, 7).toString('base64') }];
const email = { from: 'shop@example.com', to: 'a@example.com', subject: 'Hi', text };

describe.each(all)('send under %s, asked by %s', (kind, form) => {
  let host: Host;
  beforeAll(async () => {
    host = await startHost(kind, 'send', form);
  });
  afterAll(() => host?.stop());
  const authorization = () => ({ authorization: `Bearer ${ground.api.token}`, 'content-type': 'application/json' });
  const post = (body: string, headers: Record<string, string> = authorization()) =>
    host.ask({ method: 'POST', path: '/send', headers, body });

  it('accepts an email with a file, which arrives', async () => {
    const answer = await post(JSON.stringify({ ...email, attachments }));
    expect([answer.status, answer.headers.get('content-type')]).toEqual([202, 'application/json']);
    const { id } = await json(answer);
    expect(answer.headers.get('location')).toBe(`/emails/${id}`);
    const found = await eventually(async () => {
      const shown = await ground.api.read(`/emails/${id}`);
      return shown.status === 'sent' && shown;
    });
    expect(found).toMatchObject({ text, attachments: [{ filename: 'a.bin', size: 300_000 }] });
  });

  it('answers in its own form whatever it does not take', async () => {
    const refused = async (answer: Promise<Response>) => {
      const { status, headers } = await answer;
      return [status, headers.get('content-type')];
    };
    const problem = 'application/problem+json';
    expect(await refused(post(JSON.stringify({ ...email, to: 'nope' })))).toEqual([422, problem]);
    expect(await refused(post('{}', { 'content-type': 'application/json' }))).toEqual([401, problem]);
    expect(await refused(host.ask({ method: 'GET', path: '/nope' }))).toEqual([404, problem]);
    const other = await host.ask({ method: 'GET', path: '/send' });
    expect([other.status, other.headers.get('allow')]).toEqual([405, 'POST']);
    if (!kind.includes('json')) expect(await refused(post('{"from":'))).toEqual([400, problem]);
  });

  it('says that it is up, also without a body', async () => {
    expect(await json(await host.ask({ method: 'GET', path: '/healthz' }))).toEqual({ status: 'up' });
    const head = await host.ask({ method: 'HEAD', path: '/healthz' });
    expect([head.status, await head.text()]).toEqual([200, '']);
  });
});

it('send mounted by express names the paths of its host', async () => {
  const host = await startHost('express at /mail', 'send');
  const headers = { authorization: `Bearer ${ground.api.token}`, 'content-type': 'application/json' };
  const answer = await host.ask({ method: 'POST', path: '/mail/send', headers, body: JSON.stringify(email) });
  expect([answer.status, answer.headers.get('location')]).toEqual([202, `/mail/emails/${(await json(answer)).id}`]);
  const refused = await host.ask({ method: 'POST', path: '/mail/send?x=y', headers, body: '{}' });
  expect(await json(refused)).toMatchObject({ status: 422, instance: '/mail/send' });
  await host.stop();
});

describe.each([
  ['http', undefined],
  ['express', undefined],
  ['serverless-http', "API Gateway's HTTP API"],
  ['codegenie', "API Gateway's REST API"],
  ['codegenie, express', 'a load balancer'],
])('console under %s, asked by %s', (kind, form) => {
  it('gives a large document as it is, and compressed, however often', async () => {
    const host = await startHost(kind, 'console', form, { BODY_MEMORY_BYTES: '10000000' });
    const ask = (encoding: string) =>
      host.ask({ method: 'GET', path: '/openapi.json', headers: { 'accept-encoding': encoding } });
    const plain = await ask('identity');
    const document = await plain.text();
    expect(document.length).toBeGreaterThan(300_000);
    expect(JSON.parse(document).openapi).toMatch(/^3/);
    // More than the memory for answers has room for, were it not given back.
    for (let times = 0; times < 20; times += 1)
      expect((await (await ask('identity')).text()).length).toBe(document.length);
    const packed = await ask('gzip');
    expect(packed.headers.get('content-encoding')).toBe('gzip');
    // Where `fetch` has it from the wire, it has unpacked it.
    if (form === undefined) expect(await packed.text()).toBe(document);
    await host.stop();
  });
});

it('what is compressed leaves serverless-http as bytes', async () => {
  const host = await startHost('serverless-http', 'console', 'a load balancer');
  const answer = await host.ask({ method: 'GET', path: '/openapi.json', headers: { 'accept-encoding': 'gzip' } });
  expect(JSON.parse(gunzipSync(Buffer.from(await answer.arrayBuffer())).toString()).openapi).toMatch(/^3/);
  await host.stop();
});

it.each([
  ['express with json and forms', undefined],
  ['serverless-http', 'a load balancer'],
  ['codegenie', 'a function URL'],
])('token under %s, asked by %s, takes a form', async (kind, form) => {
  const host = await startHost(kind, 'token', form);
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  const body = new URLSearchParams({ grant_type: 'client_credentials', ...exampleClient }).toString();
  const answer = await host.ask({ method: 'POST', path: '/token', headers, body });
  expect(await json(answer)).toMatchObject({ token_type: 'Bearer', access_token: expect.any(String) });
  const twice = await host.ask({ method: 'POST', path: '/token', headers, body: `${body}&scope=email` });
  expect([twice.status, (await json(twice)).error]).toEqual([400, 'invalid_request']);
  await host.stop();
});

describe('consume, pushed to', () => {
  beforeAll(() => ground.api.functions.consume.stop());
  const status = async (id: string) => (await ground.api.read(`/emails/${id}`)).status;

  it.each([
    ['http', undefined],
    ['express with json and forms', undefined],
    ['express with text', undefined],
    ['serverless-http', 'a function URL'],
    ['codegenie, express with json', "API Gateway's HTTP API"],
  ])('under %s, asked by %s, takes what the cloudevents package makes', async (kind, form) => {
    const host = await startHost(kind, 'consume', form);
    const { CloudEvent, HTTP } = load('cloudevents');
    const event = (data: unknown) => new CloudEvent({ source: '/test', type: 'email.queued', data });
    const bytes = (id: string) => new Uint8Array(Buffer.from(JSON.stringify({ id })));
    const made: [string, (id: string) => { headers: Record<string, string>; body: string }][] = [
      ['binary', (id) => HTTP.binary(event({ id }))],
      ['structured', (id) => HTTP.structured(event({ id }))],
      ['structured, in base64', (id) => HTTP.structured(event(bytes(id)))],
      [
        'batched',
        (id) => ({
          headers: { 'content-type': 'application/cloudevents-batch+json' },
          body: JSON.stringify([event({ id }), event({ id })]),
        }),
      ],
    ];
    for (const [how, make] of made) {
      const { id } = await json(await ground.api.send(email));
      const { headers, body } = make(id);
      const answer = await host.ask({ method: 'POST', path: '/', headers, body });
      expect([how, answer.status, await status(id)]).toEqual([how, 204, 'sent']);
    }
    await host.stop();
  });
});
