import { describe, expect, it } from 'vitest';
import { createPushRoutes } from './push-routes.ts';
import { batched, readPushed, structured } from './pushed-ids.ts';
import { handshake } from './webhook-handshake.ts';

const id = (n: number) => `01890000-0000-7000-8000-${String(n).padStart(12, '0')}`;
const base64 = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64');
const message = { id: id(1) };
const event = (fields: object) => ({ specversion: '1.0', id: '1', source: 'test', type: 'queued', ...fields });
const pubSub = (data: unknown) => ({
  message: { data, attributes: {}, messageId: '7', publishTime: '2026-01-31T12:00:00Z' },
  subscription: 'projects/p/subscriptions/s',
});
const fromLambda = (...messages: unknown[]) => ({
  eventSource: 'aws:rmq',
  eventSourceArn: 'arn:aws:mq:eu-west-1:123456789012:broker:b:b-1',
  rmqMessagesByQueue: {
    'transactional::/': messages.map((said) => ({
      basicProperties: { contentType: 'application/json', deliveryMode: 2, bodySize: 13 },
      redelivered: false,
      data: base64(said),
    })),
  },
});
const azure = (said: unknown) => ({ Data: { message: said }, Metadata: { DeliveryTag: '1', sys: {} } });
const json = 'application/json';
const read = (body: unknown, type = json) => readPushed(body, { 'content-type': type }, 'email');

describe('the ids of a push', () => {
  it.each<[string, unknown, string?]>([
    ['a queue message, as Pub/Sub sends it unwrapped', message],
    ['a structured CloudEvent', event({ data: message }), structured],
    ['a structured CloudEvent, with parameters of its type', event({ data: message }), `${structured}; charset=utf-8`],
    ['a structured CloudEvent whose data is base64', event({ data_base64: base64(message) }), structured],
    ['a structured CloudEvent whose data is text', event({ data: JSON.stringify(message) }), structured],
    ['a batch of one CloudEvent', [event({ data: message })], batched],
    ['a batch whose data is base64', [event({ data_base64: base64(message) })], batched],
    ['Pub/Sub, wrapped', pubSub(base64(message))],
    ['Eventarc, structured', event({ data: pubSub(base64(message)) }), structured],
    ['Eventarc, batched and in base64', [event({ data_base64: base64(pubSub(base64(message))) })], batched],
    ["Lambda's RabbitMQ", fromLambda(message)],
    ["Azure's invocation with text", azure(JSON.stringify(message))],
    ["Azure's invocation with text written as JSON again", azure(JSON.stringify(JSON.stringify(message)))],
    ["Azure's invocation with an object", azure(message)],
    ["Azure's invocation with bytes", azure(base64(message))],
  ])('%s', (_what, body, type) => {
    expect(read(body, type)).toMatchObject({ ids: [id(1)], faults: [] });
  });

  it('of several messages are all of them, each once', () => {
    const ids = [id(1), id(2), id(3)];
    expect(read([event({ data: { ids } }), event({ data: { id: id(2) } })], batched).ids).toEqual(ids);
    expect(read(fromLambda({ ids: [id(1), id(2)] }, { id: id(3) }, message)).ids).toEqual(ids);
    expect(read([], batched)).toMatchObject({ ids: [], faults: [] });
  });

  it.each<[string, unknown, string, string?]>([
    ['an event without data', event({}), 'data', structured],
    ['base64 of something else', event({ data_base64: 'aGVsbG8=' }), 'data_base64', structured],
    ['an event of a batch', [event({ data: {} })], '[0].data', batched],
    ['no event in a batch', [7], '[0].', batched],
    ['Pub/Sub with attributes alone', pubSub(undefined), 'message.data'],
    ['a message of Lambda', fromLambda({ other: 1 }), 'rmqMessagesByQueue.transactional::/[0].data'],
    ['an invocation', azure('text'), 'Data.message'],
    ['a wrap too deep', event({ data: pubSub(base64(pubSub(base64(pubSub(base64(message)))))) }), 'data', structured],
    ['nothing of ours', { hello: 1 }, ''],
    ['a list', [message], ''],
  ])('are missing in %s, and it is said where', (_what, body, path, type) => {
    expect(read(body, type)).toMatchObject({ ids: [], faults: [{ path }] });
  });

  it('are 2,000 at most', () => {
    const messages = (count: number) =>
      Array.from({ length: count / 100 }, (_, m) => ({ ids: Array.from({ length: 100 }, (_, n) => id(m * 100 + n)) }));
    expect(read(fromLambda(...messages(2_000))).ids).toHaveLength(2_000);
    expect(() => read(fromLambda(...messages(2_100)))).toThrow('2000 ids at most');
  });

  it('stand in a list where it is a batch', () => {
    expect(() => read(event({ data: message }), batched)).toThrow('must be a list');
  });
});

describe('what is answered', () => {
  async function pushed(
    body: unknown,
    deliver: (id: string) => Promise<void>,
    stopping = new AbortController().signal,
  ) {
    const { push } = createPushRoutes({ what: 'email', name: 'consume', deliver });
    const parsed = push.body?.parse(Buffer.from(JSON.stringify(body)), { 'content-type': json });
    // biome-ignore lint/suspicious/noExplicitAny: the rest of a request is not looked at
    return push.handle({ body: parsed, stopping } as any, undefined);
  }

  it('is 204 once all ids are dealt with, and what its host asks for where that is Azure', async () => {
    const delivered: string[] = [];
    const deliver = async (each: string) => void delivered.push(each);
    expect(await pushed(fromLambda({ id: id(1) }, { id: id(2) }), deliver)).toEqual({ status: 204 });
    expect(delivered).toEqual([id(1), id(2)]);
    const body = { Outputs: {}, Logs: [], ReturnValue: null };
    expect(await pushed(azure(JSON.stringify(message)), deliver)).toEqual({ status: 200, body });
  });

  it('is the fault of one of them, after all that had begun, and no more is begun', async () => {
    let begun = 0;
    let ended = 0;
    const deliver = async (each: string) => {
      begun += 1;
      if (each === id(5)) throw new Error('the database is away');
      await new Promise((resolve) => setImmediate(resolve));
      ended += 1;
    };
    const messages = [0, 1, 2, 3].map((m) => ({ ids: Array.from({ length: 100 }, (_, n) => id(m * 100 + n)) }));
    await expect(pushed(fromLambda(...messages), deliver)).rejects.toThrow('the database is away');
    expect([begun, ended]).toEqual([100, 99]);
  });

  it('names messages that are none, after the others were dealt with', async () => {
    const delivered: string[] = [];
    const body = fromLambda({ id: id(1) }, { nothing: true }, { id: id(2) });
    const refused = pushed(body, async (each) => void delivered.push(each));
    await expect(refused).rejects.toMatchObject({
      code: 'validation_error',
      errors: [{ path: 'rmqMessagesByQueue.transactional::/[1].data' }],
    });
    expect(delivered).toEqual([id(1), id(2)]);
  });

  it('is 503 where the process is about to end before they begin', async () => {
    const delivered: string[] = [];
    const refused = pushed(message, async (each) => void delivered.push(each), AbortSignal.abort());
    await expect(refused).rejects.toMatchObject({ code: 'unavailable' });
    expect(delivered).toEqual([]);
  });
});

describe('the handshake of web hooks', () => {
  it.each([
    ['a sender that says its rate', { 'webhook-request-rate': '120' }, '120'],
    ['one that says none', {}, '*'],
    ['one that says no number', { 'webhook-request-rate': 'many' }, '*'],
    ['one that says 0', { 'webhook-request-rate': '0' }, '*'],
  ])('grants what is asked to %s', (_what, more, rate) => {
    expect(handshake({ 'webhook-request-origin': 'events.example.com', ...more })).toEqual({
      status: 200,
      headers: {
        allow: 'POST, OPTIONS',
        'webhook-allowed-origin': 'events.example.com',
        'webhook-allowed-rate': rate,
      },
    });
  });

  it('grants nothing to whoever does not ask', () => {
    expect(handshake({ 'webhook-request-callback': 'https://a.test' })).toEqual({
      status: 200,
      headers: { allow: 'POST, OPTIONS' },
    });
  });

  it.each(['', '*', 'a.test, b.test', 'https://a.test', 'a.test\u00ff', 'a'.repeat(300)])('refuses %j', (origin) => {
    expect(() => handshake({ 'webhook-request-origin': origin })).toThrow("must be a host's name");
  });
});
