// Several SMTP relays, through the whole API: what an email's history says of them.
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from './database.ts';
import { type Api, eventually, type Json, json, startApi } from './functions.ts';
import { startSmtpServer, type TestSmtpServer } from './smtp-server.ts';

const good = { from: 'a@example.com', to: 'b@example.com', subject: 'Hello', text: 'Hi' };

let database: TestDatabase;
let preferred: TestSmtpServer;
let other: TestSmtpServer;
let api: Api;

beforeEach(async () => {
  database = await createTestDatabase();
  preferred = await startSmtpServer();
  other = await startSmtpServer();
  api = await startApi({
    databaseUrl: database.url,
    smtpUrl: `${preferred.url}, ${other.url}`,
    settings: {
      RETRY_BASE_SECONDS: '0.2',
      DISPATCH_INTERVAL_SECONDS: '0.1',
      SMTP_BREAKER_FAILURES: '2',
      SMTP_BREAKER_SECONDS: '1',
    },
  });
});
afterEach(async () => {
  await api?.stop();
  await preferred?.stop();
  await other?.stop();
  await database?.drop();
});

const accept = async (): Promise<string> => (await json(await api.send(good))).id;
const eventsWhen = (id: string, condition: (email: Json) => boolean): Promise<Json[]> =>
  eventually(async () => {
    const email = await api.read(`/emails/${id}`);
    return condition(email) && email.events;
  });

it('the preferred relay is away: the other one takes it, and both conversations are told of', async () => {
  preferred.behave({ refuseConnection: [421, '4.3.2 busy'] });
  const events = await eventsWhen(await accept(), ({ status }) => status === 'sent');
  expect(events).toMatchObject([
    { type: 'accepted' },
    { type: 'attempt', attempt: 1, relay: `127.0.0.1:${preferred.port}`, code: 421, retryable: true },
    { type: 'attempt', attempt: 1, relay: `127.0.0.1:${other.port}`, outcome: 'sent', retryable: false },
    { type: 'sent' },
  ]);
});

it('all are away: the email waits without being tried, and goes out when one is back', async () => {
  for (const relay of [preferred, other]) relay.behave({ refuseConnection: [554, '5.3.2 closed'] });
  const id = await accept();
  const events = await eventsWhen(id, (email) => email.events.some(({ category }: Json) => category === 'relays_away'));
  const deferrals = events.filter(({ type }) => type === 'deferred');
  for (const { next_attempt_at } of deferrals) expect(Date.parse(next_attempt_at)).toBeGreaterThan(0);
  // Two failures of each open the breakers; after that nothing is tried.
  expect(events.filter(({ type }) => type === 'attempt')).toHaveLength(4);
  expect(api.functions.consume.lines.filter(({ message }) => message === 'relay left alone')).toHaveLength(2);

  for (const relay of [preferred, other]) relay.behave({});
  expect((await eventsWhen(id, ({ status }) => status === 'sent')).at(-1)).toMatchObject({ type: 'sent' });
  expect(preferred.received.length + other.received.length).toBe(1);
});
