// Every call that the guide says is supported, by Resend's Node SDK as it is; and that the guide names every call there is.
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Resend } from 'resend';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BehindGateway, startBehindGateway } from './behind-gateway.ts';
import { eventually, type Json } from './functions.ts';
import { supported, unsupported } from './resend-calls.ts';

let ground: BehindGateway;
let resend: Resend;
let server: Server;
let endpoint: string;
const told: { headers: IncomingHttpHeaders; body: string }[] = [];

beforeAll(async () => {
  server = createServer(async (request, response) => {
    told.push({ headers: request.headers, body: Buffer.concat(await request.toArray()).toString() });
    response.writeHead(204).end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
  ground = await startBehindGateway();
  resend = new Resend(ground.api.token, { baseUrl: ground.baseUrl });
});
afterAll(async () => {
  await ground?.stop();
  server?.close();
});

const email = { from: 'Shop <shop@example.com>', to: ['a@example.com'], subject: 'Your order', text: 'Thank you.' };
const inAnHour = () => new Date(Date.now() + 3_600_000).toISOString();

/** The answer of a call that must have gone well. */
async function ok(call: PromiseLike<{ data: unknown; error: unknown }>): Promise<Json> {
  const { data, error } = await call;
  expect(error).toBeNull();
  return data as Json;
}

/** What the call is refused with. */
async function refused(call: PromiseLike<{ data: unknown; error: unknown }>): Promise<Json> {
  const { data, error } = await call;
  expect(data).toBeNull();
  return error as Json;
}

const sent = (id: string) =>
  eventually(async () => {
    const found = await ok(resend.emails.get(id));
    return found.last_event === 'sent' && found;
  });
const scheduled = async () => (await ok(resend.emails.send({ ...email, scheduledAt: inAnHour() }))).id as string;
const newTemplate = async () => {
  const made = resend.templates.create({ name: 'Order Confirmation', subject: 'Hi', html: '<p>{{{NAME}}}</p>' });
  return (await ok(made)).id as string;
};
const newWebhook = async () => await ok(resend.webhooks.create({ endpoint, events: ['email.sent'] }));
const newKey = async () => await ok(resend.apiKeys.create({ name: 'app' }));
const ids = (page: Json): string[] => page.data.map(({ id }: Json) => id);

const tests: Record<keyof typeof supported, () => Promise<void>> = {
  'emails.send': async () => {
    const { id } = await ok(
      resend.emails.send({
        ...email,
        attachments: [
          { filename: 'a.txt', content: Buffer.from('buffer') },
          { filename: 'b.txt', content: Buffer.from('text').toString('base64') },
          { content: Buffer.from('no name'), contentType: 'text/plain' },
        ],
        tags: [{ name: 'campaign', value: 'spring' }],
        headers: { 'X-Order': '7' },
      }),
    );
    expect((await sent(id)).attachments).toMatchObject([
      { filename: 'a.txt', size: 6 },
      { filename: 'b.txt', size: 4 },
      { filename: 'attachment-3.txt', size: 7 },
    ]);
    const error = await refused(resend.emails.send({ ...email, to: ['nope'] }));
    expect(error).toMatchObject({ statusCode: 422, name: 'validation_error', message: expect.any(String) });
  },
  'emails.create': async () => {
    const { id } = await ok(resend.emails.create({ ...email, scheduledAt: 'in 1 min' }));
    expect(await ok(resend.emails.get(id))).toMatchObject({ last_event: 'scheduled' });
  },
  'emails.get': async () => {
    const { id } = await ok(resend.emails.send({ ...email, cc: 'c@example.com', replyTo: 'r@example.com' }));
    expect(await sent(id)).toMatchObject({
      ...{ object: 'email', id, from: email.from, to: email.to, cc: ['c@example.com'], bcc: [] },
      ...{ reply_to: ['r@example.com'], subject: email.subject, text: email.text, html: null, scheduled_at: null },
      ...{ message_id: expect.stringContaining(id), created_at: expect.any(String) },
    });
  },
  'emails.list': async () => {
    for (let n = 0; n < 3; n += 1) await scheduled();
    const page = await ok(resend.emails.list({ limit: 3 }));
    expect(page).toMatchObject({ object: 'list', has_more: true });
    expect(page.data[0]).toMatchObject({
      ...{ from: expect.stringContaining('shop@example.com'), to: email.to, cc: [], bcc: [], reply_to: [] },
      ...{ last_event: 'scheduled', message_id: expect.any(String), scheduled_at: expect.any(String) },
    });
    const [first = '', second = '', third = ''] = ids(page);
    expect(ids(await ok(resend.emails.list({ limit: 1, after: first })))).toEqual([second]);
    const before = await ok(resend.emails.list({ limit: 2, before: third }));
    expect(ids(before)).toEqual([first, second]);
    expect(before.has_more).toBe(false);
    expect(await ok(resend.emails.list({ limit: 1, before: third }))).toMatchObject({
      ...{ data: [{ id: second }], has_more: true, next_after: second },
    });
    const both = await refused(resend.emails.list({ after: first, before: third } as never));
    expect(both).toMatchObject({ name: 'invalid_parameter', message: 'before must not be given together with after.' });
  },
  'emails.update': async () => {
    const id = await scheduled();
    const soon = Date.now() + 60_000;
    expect(await ok(resend.emails.update({ id, scheduledAt: 'in 1 min' }))).toMatchObject({ object: 'email', id });
    const { scheduled_at } = await ok(resend.emails.get(id));
    expect(Math.abs(Date.parse(scheduled_at) - soon)).toBeLessThan(30_000);
  },
  'emails.cancel': async () => {
    const id = await scheduled();
    expect(await ok(resend.emails.cancel(id))).toMatchObject({ object: 'email', id });
    expect(await ok(resend.emails.get(id))).toMatchObject({ last_event: 'canceled' });
  },
  'batch.send': async () => {
    const { data } = await ok(resend.batch.send([email, { ...email, subject: 'Other' }], { idempotencyKey: 'b-1' }));
    expect(data).toEqual([{ id: expect.any(String) }, { id: expect.any(String) }]);
  },
  'batch.create': async () => {
    const permissive = { batchValidation: 'permissive' } as const;
    const { data, errors } = await ok(resend.batch.create([email, { ...email, to: ['nope'] }], permissive));
    expect([data.length, errors]).toEqual([1, [{ index: 1, message: expect.stringContaining('to[0]') }]]);
  },
  'apiKeys.create': async () => {
    const { id, token } = await newKey();
    expect({ id, token }).toEqual({ id: expect.any(String), token: expect.any(String) });
    expect(await ok(new Resend(token, { baseUrl: ground.baseUrl }).emails.send(email))).toMatchObject({});
  },
  'apiKeys.list': async () => {
    const [one, two] = [(await newKey()).id, (await newKey()).id];
    const page = await ok(resend.apiKeys.list({ limit: 1 }));
    expect(page).toMatchObject({ object: 'list', has_more: true, data: [{ id: two, name: 'app' }] });
    expect(ids(await ok(resend.apiKeys.list({ before: one })))).toEqual([two]);
  },
  'apiKeys.update': async () => {
    const { id } = await newKey();
    expect(await ok(resend.apiKeys.update(id, { name: 'renamed' } as never))).toMatchObject({ id });
  },
  'apiKeys.remove': async () => {
    const { id, token } = await newKey();
    await ok(resend.apiKeys.remove(id));
    const gone = await refused(new Resend(token, { baseUrl: ground.baseUrl }).emails.send(email));
    expect(gone).toMatchObject({ name: 'invalid_api_key' });
  },
  'suppressions.add': async () => {
    const one = await ok(resend.suppressions.add({ email: 'Gone@example.com' }));
    expect(one).toMatchObject({ object: 'suppression', id: expect.any(String) });
    expect(await ok(resend.suppressions.add({ email: 'gone@example.com' }))).toMatchObject({ id: one.id });
  },
  'suppressions.get': async () => {
    const { id } = await ok(resend.suppressions.add({ email: 'get+1@example.com' }));
    const shown = { object: 'suppression', id, email: 'get+1@example.com', origin: 'manual', source_id: null };
    expect(await ok(resend.suppressions.get(id))).toMatchObject(shown);
    expect(await ok(resend.suppressions.get('get+1@example.com'))).toMatchObject(shown);
    for (const unknown of ['nobody@example.com', '01890000-0000-7000-8000-000000000000', 'x'])
      expect(await refused(resend.suppressions.get(unknown))).toMatchObject({ statusCode: 404, name: 'not_found' });
  },
  'suppressions.list': async () => {
    await ok(resend.suppressions.batch.add({ emails: ['l1@list.test', 'l2@list.test', 'l3@list.test'] }));
    const all = (await ok(resend.suppressions.list({ origin: 'manual', limit: 100 }))).data as Json[];
    const [one, two, three] = all.filter(({ email }) => email.endsWith('@list.test'));
    expect(one).toMatchObject({ email: 'l1@list.test', origin: 'manual', created_at: expect.any(String) });
    expect(ids(await ok(resend.suppressions.list({ after: one?.id, limit: 2 })))).toEqual([two?.id, three?.id]);
    expect(ids(await ok(resend.suppressions.list({ before: three?.id, limit: 1 })))).toEqual([two?.id]);
    expect(await ok(resend.suppressions.list({ origin: 'complaint' }))).toMatchObject({ data: [], has_more: false });
  },
  'suppressions.remove': async () => {
    const { id } = await ok(resend.suppressions.add({ email: 'remove@example.com' }));
    const removed = { object: 'suppression', id, deleted: true };
    expect(await ok(resend.suppressions.remove(id))).toMatchObject(removed);
    expect(await refused(resend.suppressions.remove('remove@example.com'))).toMatchObject({ statusCode: 404 });
    const again = await ok(resend.suppressions.add({ email: 'remove@example.com' }));
    expect(await ok(resend.suppressions.remove('remove@example.com'))).toMatchObject({ id: again.id, deleted: true });
  },
  'suppressions.batch.add': async () => {
    const { data } = await ok(resend.suppressions.batch.add({ emails: ['x1@example.com', 'X1@example.com'] }));
    expect(data).toMatchObject([{ object: 'suppression', id: expect.any(String) }]);
    const emails = Array.from({ length: 101 }, (_, n) => `r${n}@example.com`);
    expect(await refused(resend.suppressions.batch.add({ emails }))).toMatchObject({ statusCode: 422 });
  },
  'suppressions.batch.remove': async () => {
    const { data } = await ok(resend.suppressions.batch.add({ emails: ['y1@example.com', 'y2@example.com'] }));
    const [one, two] = data.map(({ id }: Json) => id);
    const byId = await ok(resend.suppressions.batch.remove({ ids: [one, '01890000-0000-7000-8000-000000000000'] }));
    expect(byId.data).toMatchObject([{ object: 'suppression', id: one, deleted: true }]);
    const byAddress = await ok(resend.suppressions.batch.remove({ emails: ['y2@example.com', 'y3@example.com'] }));
    expect(ids(byAddress)).toEqual([two]);
    const both = { ids: [one], emails: ['a@example.com'] } as never;
    expect(await refused(resend.suppressions.batch.remove(both))).toMatchObject({ statusCode: 422 });
  },
  'templates.create': async () => {
    const { id } = await ok(
      resend.templates.create({
        name: 'Order Nr. 1',
        html: '<p>{{{PRODUCT}}}: {{{PRICE}}}</p>',
        variables: [
          { key: 'PRODUCT', type: 'string', fallbackValue: 'item' },
          { key: 'PRICE', type: 'number' },
        ],
      }),
    );
    const preview = await ok(
      resend.emails.send({ ...email, text: undefined, template: { id, variables: { PRICE: 20 } } } as never),
    );
    expect((await sent(preview.id)).html).toBe('<p>item: 20</p>');
    const { subject: _, text: __, ...without } = email;
    const given = { id, variables: { PRODUCT: '<b>', PRICE: 1 } };
    expect(await refused(resend.emails.send({ ...without, template: given }))).toMatchObject({
      ...{ statusCode: 422, name: 'missing_required_field', message: 'subject is required.' },
    });
    const missing = await refused(resend.emails.send({ ...without, subject: 'Hi', template: { id } }));
    expect(missing.message).toContain('PRICE is missing');
    const published = await ok(resend.templates.create({ name: 'a b', html: 'x' }).publish());
    expect(published).toMatchObject({ object: 'template', id: expect.any(String) });
    const from = await refused(resend.templates.create({ name: 'c', html: 'x', from: 'a@example.com' }));
    expect(from.message).toContain('from is not kept with a template here');
  },
  'templates.get': async () => {
    const variables = [{ key: 'NAME', type: 'string', fallbackValue: 'you' }] as const;
    const alias = 'greeting-1';
    const created = resend.templates.create({
      name: 'A greeting',
      alias,
      html: '{{{NAME}}}',
      variables: [...variables],
    });
    const { id } = await ok(created);
    const found = await ok(resend.templates.get(alias));
    expect(found).toMatchObject({
      ...{ object: 'template', id, name: 'A greeting', alias, subject: '', html: '{{{NAME}}}', text: null },
      ...{ status: 'published', published_at: expect.any(String), has_unpublished_versions: false },
      ...{ from: null, reply_to: null, current_version_id: expect.any(String) },
    });
    expect(found.variables).toMatchObject([{ key: 'NAME', type: 'string', fallback_value: 'you' }]);
    expect(await ok(resend.templates.get(id))).toEqual(found);
  },
  'templates.list': async () => {
    const [one, two] = [await newTemplate(), await newTemplate()];
    const page = await ok(resend.templates.list({ limit: 1 }));
    expect(page).toMatchObject({
      ...{ object: 'list', has_more: true },
      data: [{ id: two, name: 'Order Confirmation', alias: expect.stringMatching(/^Order-Confirmation-/) }],
    });
    expect(ids(await ok(resend.templates.list({ after: two, limit: 1 })))).toEqual([one]);
    expect(ids(await ok(resend.templates.list({ before: one })))).toEqual([two]);
  },
  'templates.update': async () => {
    const id = await newTemplate();
    expect(await ok(resend.templates.update(id, { html: '<b>{{{NAME}}}</b>' }))).toMatchObject({
      object: 'template',
      id,
    });
    await ok(resend.templates.update(id, { name: 'Renamed', alias: 'renamed-1' }));
    const found = await ok(resend.templates.get('renamed-1'));
    expect(found).toMatchObject({ id, name: 'Renamed', subject: 'Hi', html: '<b>{{{NAME}}}</b>', version: 2 });
    const other = await newTemplate();
    expect(await refused(resend.templates.update(other, { alias: 'renamed-1' }))).toMatchObject({ statusCode: 409 });
    expect(await refused(resend.templates.update('nope', { html: 'x' }))).toMatchObject({ statusCode: 404 });
  },
  'templates.publish': async () => {
    const id = await newTemplate();
    expect(await ok(resend.templates.publish(id))).toMatchObject({ object: 'template', id });
    expect(await refused(resend.templates.publish('nope'))).toMatchObject({ statusCode: 404 });
  },
  'templates.duplicate': async () => {
    const id = await newTemplate();
    const copy = await ok(resend.templates.duplicate(id));
    expect(copy.id).not.toBe(id);
    expect(await ok(resend.templates.get(copy.id))).toMatchObject({ html: '<p>{{{NAME}}}</p>', subject: 'Hi' });
    const again = await ok(resend.templates.duplicate(copy.id).publish());
    expect(again).toMatchObject({ object: 'template' });
  },
  'templates.remove': async () => {
    const id = await newTemplate();
    expect(await ok(resend.templates.remove(id))).toEqual({ object: 'template', id, deleted: true });
    expect(await refused(resend.templates.remove(id))).toMatchObject({ statusCode: 404 });
  },
  'webhooks.create': async () => {
    const events = ['email.sent', 'email.delivered', 'email.opened'] as const;
    const made = await ok(resend.webhooks.create({ endpoint, events: [...events] }));
    expect(made).toMatchObject({
      object: 'webhook',
      id: expect.any(String),
      signing_secret: expect.stringMatching(/^whsec_/),
    });
    const { id } = await ok(resend.emails.send(email));
    const types = await eventually(async () => {
      const bodies = told.map(({ body }) => JSON.parse(body)).filter(({ data }) => data.email_id === id);
      return bodies.length === 2 && bodies;
    });
    expect(types.map(({ type }) => type).toSorted()).toEqual(['email.delivered', 'email.sent']);
    expect(types[0]).toMatchObject({
      ...{ created_at: expect.any(String), timestamp: expect.any(String) },
      data: { email_id: id, to: email.to, from: 'shop@example.com', message_id: expect.stringContaining(id) },
    });
    await ok(resend.webhooks.remove(made.id));
    const unknown = await refused(resend.webhooks.create({ endpoint, events: ['contact.created'] }));
    expect(unknown).toMatchObject({ statusCode: 422, message: expect.stringContaining('events[0] must be one of') });
    expect(await refused(resend.webhooks.create({ events: ['email.sent'] } as never))).toMatchObject({
      message: 'url is required.',
    });
  },
  'webhooks.get': async () => {
    const { id } = await newWebhook();
    expect(await ok(resend.webhooks.get(id))).toMatchObject({
      ...{ object: 'webhook', id, endpoint, status: 'enabled', events: ['email.sent'], created_at: expect.any(String) },
    });
    await ok(resend.webhooks.remove(id));
  },
  'webhooks.list': async () => {
    const [one, two] = [await newWebhook(), await newWebhook()].map(({ id }) => id);
    const page = await ok(resend.webhooks.list({ limit: 1 }));
    expect(page).toMatchObject({ object: 'list', has_more: true, data: [{ id: one, endpoint, status: 'enabled' }] });
    expect(ids(await ok(resend.webhooks.list({ after: one })))).toEqual([two]);
    expect(ids(await ok(resend.webhooks.list({ before: two })))).toEqual([one]);
    for (const id of [one, two]) await ok(resend.webhooks.remove(id));
  },
  'webhooks.update': async () => {
    const { id } = await newWebhook();
    const changed = resend.webhooks.update(id, {
      endpoint: `${endpoint}?2`,
      status: 'disabled',
      events: ['email.bounced'],
    });
    expect(await ok(changed)).toMatchObject({ object: 'webhook', id });
    const shown = { endpoint: `${endpoint}?2`, status: 'disabled', events: ['email.bounced'] };
    expect(await ok(resend.webhooks.get(id))).toMatchObject(shown);
    await ok(resend.webhooks.update(id, { status: 'enabled' }));
    expect(await ok(resend.webhooks.get(id))).toMatchObject({ ...shown, status: 'enabled' });
    await ok(resend.webhooks.remove(id));
  },
  'webhooks.remove': async () => {
    const { id } = await newWebhook();
    expect(await ok(resend.webhooks.remove(id))).toEqual({ object: 'webhook', id, deleted: true });
    expect(await refused(resend.webhooks.remove(id))).toMatchObject({ statusCode: 404 });
  },
  'webhooks.rotateSigningSecret': async () => {
    const { id, signing_secret } = await newWebhook();
    const rotated = await ok(resend.webhooks.rotateSigningSecret(id));
    expect(rotated).toMatchObject({ object: 'webhook', id, signing_secret: expect.stringMatching(/^whsec_/) });
    expect(rotated.signing_secret).not.toBe(signing_secret);
    await ok(resend.webhooks.remove(id));
  },
  'webhooks.verify': async () => {
    const { id, signing_secret: webhookSecret } = await newWebhook();
    const { id: emailId } = await ok(resend.emails.send(email));
    const { headers, body: payload } = await eventually(async () => told.find(({ body }) => body.includes(emailId)));
    for (const prefix of ['svix', 'webhook']) {
      const of = (name: string) => String(headers[`${prefix}-${name}`]);
      const signed = { id: of('id'), timestamp: of('timestamp'), signature: of('signature') };
      const verified = resend.webhooks.verify({ payload, headers: signed, webhookSecret });
      expect(verified).toMatchObject({ type: 'email.sent', data: { email_id: emailId } });
      const forged = { payload: `${payload} `, headers: signed, webhookSecret };
      expect(() => resend.webhooks.verify(forged)).toThrow();
    }
    await ok(resend.webhooks.remove(id));
  },
};

describe('the call', () => {
  it.each(Object.entries(tests))('%s', (_call, test) => test());
});

describe('the guide', () => {
  /** As in `suppressions.batch.add`. */
  function callsOf(part: object, path: string[] = []): string[] {
    const own = Object.entries(part).flatMap(([name, value]) =>
      typeof value === 'object' && value !== null && !['resend', 'headers'].includes(name)
        ? callsOf(value, [...path, name])
        : [],
    );
    const methods = Object.getOwnPropertyNames(Object.getPrototypeOf(part)).filter(
      // The client itself sends requests and has no calls of the API.
      (name) => path.length > 0 && !['constructor', 'performCreate'].includes(name),
    );
    return [...methods.map((name) => [...path, name].join('.')), ...own];
  }

  it('names every call that the SDK has, once', () => {
    const calls = callsOf(new Resend('re_1'));
    const isOf = (call: string, part: string) => call === part || call.startsWith(`${part}.`);
    const named = (call: string) => [
      ...Object.keys(supported).filter((one) => one === call),
      ...Object.keys(unsupported).filter((part) => isOf(call, part)),
    ];
    expect(calls.length).toBeGreaterThan(80);
    expect(calls.filter((call) => named(call).length !== 1)).toEqual([]);
    const gone = [...Object.keys(supported), ...Object.keys(unsupported)];
    expect(gone.filter((part) => !calls.some((call) => isOf(call, part)))).toEqual([]);
  });

  it('is right of those that are not supported: they say that there is nothing', async () => {
    const calls = [
      resend.contacts.list(),
      resend.broadcasts.list(),
      resend.emails.metrics(),
      resend.webhooks.events.list({ webhookId: '01890000-0000-7000-8000-000000000000' }),
    ];
    for (const call of calls)
      expect(await refused(call as never)).toMatchObject({ statusCode: 404, name: 'not_found' });
  });
});
