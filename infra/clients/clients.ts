// Clients that others wrote, unmodified but for the address and the key: Resend's SDKs of each major version, what is built on them, axios, Svix's verifier.
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BehindGateway, startBehindGateway } from '../test/behind-gateway.ts';
import { eventually, type Json } from '../test/functions.ts';

/** The packages are not the root's: their types are not known here. */
const load = (name: string): Json => createRequire(new URL('package.json', import.meta.url))(name);

let ground: BehindGateway;
const email = { from: 'Shop <shop@example.com>', to: ['a@example.com'], subject: 'Your order', text: 'Thank you.' };

beforeAll(async () => {
  ground = await startBehindGateway();
  // Those before version 6 read it when they are loaded.
  process.env.RESEND_BASE_URL = ground.baseUrl;
});
afterAll(() => ground?.stop());

const sent = (id: string) =>
  eventually(async () => {
    const found = await ground.api.read(`/emails/${id}`);
    return found.status === 'sent' && found;
  });

describe.each(['resend2', 'resend3', 'resend4', 'resend5', 'resend6'])('%s', (version) => {
  const client = () => {
    const { Resend } = load(version);
    return new Resend(ground.api.token);
  };

  it('sends an email with a file, and reads it', async () => {
    const attachments = [{ filename: 'a.bin', content: Buffer.from([0, 255, 128]) }];
    const { data, error } = await client().emails.send({ ...email, attachments });
    expect(error).toBeNull();
    expect((await sent(data.id)).attachments).toMatchObject([{ filename: 'a.bin', size: 3 }]);
    expect((await client().emails.get(data.id)).data).toMatchObject({ id: data.id, last_event: 'sent', to: email.to });
  });

  it('sends a batch', async () => {
    const { data } = await client().batch.send([email, { ...email, subject: 'Other' }]);
    const list = data.data ?? data;
    expect(list.map(({ id }: Json) => typeof id)).toEqual(['string', 'string']);
  });

  it('reads errors', async () => {
    const { data, error } = await client().emails.send({ ...email, to: ['nope'] });
    expect(data).toBeNull();
    expect(error).toMatchObject({ name: 'validation_error', message: expect.stringContaining('to[0] must be') });
  });
});

describe('@documenso/nodemailer-resend', () => {
  const transport = () => {
    const { ResendTransport } = load('@documenso/nodemailer-resend');
    return load('nodemailer').createTransport(ResendTransport.makeTransport({ apiKey: ground.api.token }));
  };

  it('sends what nodemailer composes, with files and an empty part', async () => {
    const { id } = await transport().sendMail({
      ...{ from: { name: 'Shop', address: 'shop@example.com' }, to: 'a@example.com', subject: 'Hi', text: 'Hi' },
      attachments: [{ filename: 'a.txt', content: Buffer.from('hello') }],
      headers: { 'X-Order': '7' },
    });
    const found = await sent(id);
    expect(found).toMatchObject({ text: 'Hi', html: null, headers: { 'X-Order': '7' } });
    expect(found.attachments[0]).toMatchObject({ filename: 'a.txt', size: 5 });
  });

  it('reads errors', async () => {
    const refused = transport().sendMail({ from: 'shop@example.com', to: 'nope', subject: 'Hi', text: 'Hi' });
    await expect(refused).rejects.toThrow(/validation_error to\[0\] must be/);
  });
});

describe('@novu/providers', () => {
  const provider = () => {
    const { ResendEmailProvider } = load('@novu/providers/build/main/lib/resend/resend.provider.js');
    return new ResendEmailProvider({ apiKey: ground.api.token, from: 'shop@example.com', senderName: 'Shop' });
  };

  it('sends, with null for what there is not', async () => {
    const attachments = [{ mime: 'text/plain', file: Buffer.from('hello'), name: 'a.txt' }];
    const { id } = await provider().sendMessage({
      to: ['a@example.com'],
      subject: 'Hi',
      html: '<p>Hi</p>',
      attachments,
    });
    expect(await sent(id)).toMatchObject({ html: '<p>Hi</p>', reply_to: [], attachments: [{ size: 5 }] });
  });

  it('reads errors', async () => {
    await expect(provider().sendMessage({ to: ['nope'], subject: 'Hi', html: 'x' })).rejects.toThrow('to[0] must be');
  });
});

describe('axios', () => {
  const client = () =>
    load('axios').create({ baseURL: ground.baseUrl, headers: { Authorization: `Bearer ${ground.api.token}` } });

  it('gets the id of an email that it sends, from both routes', async () => {
    for (const path of ['/send', '/emails']) {
      const { status, data } = await client().post(path, email);
      expect({ status, id: typeof data.id }).toEqual({ status: 202, id: 'string' });
    }
  });

  it('gets errors as objects', async () => {
    const { response } = await client()
      .post('/send', { ...email, cc: 5 })
      .catch((error: unknown) => error);
    expect(response.headers['content-type']).toBe('application/json');
    expect(response.data).toMatchObject({
      status: 422,
      message: expect.stringContaining('cc must be one email address'),
    });
  });
});

describe('svix', () => {
  let server: Server;
  const told: { headers: IncomingHttpHeaders; body: string }[] = [];
  beforeAll(async () => {
    server = createServer(async (request, response) => {
      told.push({ headers: request.headers, body: Buffer.concat(await request.toArray()).toString() });
      response.writeHead(204).end();
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  afterAll(() => server?.close());

  it('verifies what endpoints are told, by the headers of its own name', async () => {
    const { Resend } = load('resend6');
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
    const { data } = await new Resend(ground.api.token).webhooks.create({ endpoint, events: ['email.delivered'] });
    const { id } = (await (await ground.api.send(email)).json()) as Json;
    const { headers, body } = await eventually(async () => told.find(({ body }) => body.includes(id)));
    const { Webhook } = load('svix');
    const own = Object.fromEntries(Object.entries(headers).filter(([name]) => name.startsWith('svix-')));
    expect(Object.keys(own)).toHaveLength(3);
    expect(new Webhook(data.signing_secret).verify(body, own)).toMatchObject({
      ...{ type: 'email.delivered', created_at: expect.any(String), data: { email_id: id, to: email.to } },
    });
    expect(() => new Webhook(data.signing_secret).verify(`${body} `, own)).toThrow();
  });
});
