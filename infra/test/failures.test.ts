// Failures under load: the broker goes away, a worker is killed, everything must stop. No email is lost.
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { freePort } from '../local/ports.ts';
import { type RabbitMq, startRabbitMq } from '../local/rabbitmq.ts';
import { createTestDatabase, type TestDatabase } from './database.ts';
import { type Api, brokerUrl, eventually, json, startApi, startFunction } from './functions.ts';
import { startSmtpServer, type TestSmtpServer } from './smtp-server.ts';

const good = { from: 'a@example.com', to: 'b@example.com', subject: 'Hello', text: 'Hi' };
/** Short, so that what takes a lease or a grace takes seconds here. */
const impatient = {
  LEASE_SECONDS: '2',
  PUBLISH_GRACE_SECONDS: '1',
  DISPATCH_INTERVAL_SECONDS: '0.1',
  RETRY_BASE_SECONDS: '0.5',
};

let database: TestDatabase;
let smtp: TestSmtpServer;
let api: Api;

async function start(amqpUrl = brokerUrl()) {
  database = await createTestDatabase();
  smtp = await startSmtpServer();
  api = await startApi({ databaseUrl: database.url, smtpUrl: smtp.url, amqpUrl, settings: impatient });
}
async function stop() {
  await api?.stop();
  await smtp?.stop();
  await database?.drop();
}

const accept = async (body: object = good): Promise<string> => {
  const response = await api.send(body);
  expect(response.status).toBe(202);
  return (await json(response)).id;
};
const inStatus = (id: string, status: string) =>
  eventually(async () => {
    const email = await api.read(`/emails/${id}`);
    return email.status === status && email;
  });
/** Of a message as it came in: what its header says. */
const messageIds = (raw: string) =>
  [...(raw.split('\r\n\r\n', 1)[0] ?? '').matchAll(/^message-id: *(.*)$/gim)].map(([, id = '']) => id.trim());
const types = (email: { events: { type: string }[] }) => email.events.map(({ type }) => type);

describe('the broker goes', () => {
  let broker: RabbitMq;
  let port: number;
  const startBroker = () =>
    startRabbitMq({ directory: join(inject('workDirectory'), 'broker-that-goes'), port, log: () => {} });

  beforeAll(async () => {
    port = await freePort();
    broker = await startBroker();
    await start(broker.url);
  });
  afterAll(async () => {
    await stop();
    await broker?.stop();
  });

  it('emails are accepted without it, and arrive when it is back', async () => {
    const before = await accept();
    await inStatus(before, 'sent');

    await broker.stop();
    const ids = [await accept(), await accept()];
    for (const id of ids) expect((await api.read(`/emails/${id}`)).status).toBe('queued');
    // Still ready: it takes emails. Those that need the broker say so.
    expect((await fetch(`${api.functions.send.url}/readyz`)).status).toBe(200);
    await eventually(async () => (await fetch(`${api.functions.consume.url}/readyz`)).status === 503);

    broker = await startBroker();
    for (const id of ids) expect(types(await inStatus(id, 'sent'))).toEqual(['accepted', 'queued', 'attempt', 'sent']);
    expect(smtp.received).toHaveLength(3);
  });
});

describe('a worker is lost', () => {
  beforeEach(() => start());
  afterEach(stop);

  it('killed in mid-delivery: the email is delivered after the lease', async () => {
    const killed = new Promise<void>((resolve) => {
      smtp.behave({
        slowMs: 30_000,
        onMessage: () => {
          smtp.behave({});
          void api.functions.consume.kill().then(resolve);
        },
      });
    });
    const id = await accept();
    await killed;
    expect((await api.read(`/emails/${id}`)).status).toBe('sending');

    api.functions.consume = await startFunction('consume', {
      ...impatient,
      DATABASE_URL: database.url,
      AMQP_URL: brokerUrl(),
      SMTP_URL: smtp.url,
    });
    const email = await inStatus(id, 'sent');
    // Where the machine has no time for the new worker, its lease may be over before it begins, too.
    const told = types(email);
    const [again, last] = [told.lastIndexOf('queued'), told.lastIndexOf('attempt')];
    expect(told).toEqual(['accepted', ...Array(again).fill('queued'), 'attempt', 'sent']);
    expect(email.events[1].reason).toBe('lease_expired');
    expect(email.events[last].attempt).toBeGreaterThan(1);
  });

  it('slow, but alive: a delivery that takes longer than the lease is not done twice', async () => {
    smtp.behave({ slowMs: 5_000 });
    const id = await accept();
    expect(types(await inStatus(id, 'sent'))).toEqual(['accepted', 'attempt', 'sent']);
    expect(smtp.received).toHaveLength(1);
  });

  it('the connection drops after the final dot: said, and tried again with the same Message-ID', async () => {
    const dropped: string[] = [];
    smtp.behave({
      drop: 'after_final_dot',
      onMessage: (raw) => {
        dropped.push(raw);
        smtp.behave({});
      },
    });
    const id = await accept();
    const email = await inStatus(id, 'sent');
    expect(email.events.find(({ type }: { type: string }) => type === 'attempt')).toMatchObject({
      outcome: 'unknown',
      category: 'outcome_unknown',
    });
    const copies = [...dropped, ...smtp.received.map(({ raw }) => raw)];
    expect(copies.map(messageIds)).toEqual([[email.message_id], [email.message_id]]);
  });

  it('a refused recipient bounces, a deferred one is tried again, each told apart', async () => {
    smtp.behave({
      refuse: { 'gone@example.com': [550, '5.1.1 no such user'], 'later@example.com': [450, '4.2.0 later'] },
    });
    const id = await accept({ ...good, to: ['b@example.com', 'gone@example.com', 'later@example.com'] });
    await inStatus(id, 'deferred');
    smtp.behave({});
    const email = await inStatus(id, 'sent');
    expect(email.recipients).toMatchObject([
      { email: 'b@example.com', status: 'sent' },
      { email: 'gone@example.com', status: 'bounced', code: 550, enhanced_code: '5.1.1' },
      { email: 'later@example.com', status: 'sent' },
    ]);
    expect(smtp.received.map(({ to }) => to)).toEqual([['b@example.com'], ['later@example.com']]);
  });
});

describe('SIGTERM under load', () => {
  beforeEach(() => start());
  afterEach(stop);

  it('with a slow relay: what is under way is finished, what only waits is handed back, each is delivered once', async () => {
    smtp.behave({ slowMs: 3_000 });
    const ids = await Promise.all(Array.from({ length: 60 }, () => accept()));
    await eventually(async () => {
      const sending = await database.sql`select id from emails where status = 'sending'`;
      return sending.length > 20;
    });
    await api.functions.consume.stop();
    const statuses = await database.sql`select status, count(*)::int from emails group by status order by status`;
    expect(statuses.map(({ status }) => status)).toEqual(['queued', 'sent']);
    expect(smtp.received.length).toBeLessThan(30);

    smtp.behave({});
    const common = { ...impatient, DATABASE_URL: database.url, AMQP_URL: brokerUrl(), SMTP_URL: smtp.url };
    api.functions.consume = await startFunction('consume', common);
    await smtp.waitFor(ids.length);
    expect(smtp.received).toHaveLength(ids.length);
  });

  it('every request that was taken is answered, every accepted email is delivered, all exit 0', async () => {
    smtp.behave({ slowMs: 50 });
    const answers: (Response | Error)[] = [];
    let sending = true;
    const clients = Array.from({ length: 20 }, async () => {
      while (sending) {
        const answer = await api.send(good).catch((error) => error as Error);
        answers.push(answer);
        if (answer instanceof Error) return;
      }
    });
    await eventually(async () => answers.length > 300);
    // SIGTERM to both at once; stop() checks for exit status 0.
    await Promise.all([api.functions.send.stop(), api.functions.consume.stop()]);
    sending = false;
    await Promise.all(clients);

    const refused = answers.filter((answer) => answer instanceof Error);
    const accepted = answers.filter((answer): answer is Response => !(answer instanceof Error));
    // Once the port is closed, new connections are refused. A kept one that ends at that moment takes no request any more, and one that was
    // taken is never cut off: there are as many emails as answers.
    const codes = new Set(refused.map(({ cause }) => (cause as { code?: string }).code));
    expect(['ECONNREFUSED', 'UND_ERR_SOCKET', 'ECONNRESET']).toEqual(expect.arrayContaining([...codes]));
    expect(accepted.map(({ status }) => status)).toEqual(accepted.map(() => 202));
    const [row] = await database.sql`select count(*)::int from emails`;
    expect(row?.count).toBe(accepted.length);
    expect(await database.sql`select id from emails where status = 'sending'`).toHaveLength(0);

    const common = { ...impatient, DATABASE_URL: database.url, AMQP_URL: brokerUrl(), SMTP_URL: smtp.url };
    smtp.behave({});
    api.functions.consume = await startFunction('consume', common);
    await smtp.waitFor(accepted.length, 120_000);
    expect(smtp.received).toHaveLength(accepted.length);
  });
});
