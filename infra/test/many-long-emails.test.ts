// More long emails than a worker keeps waiting at once: it leaves the others for later, and looks at the small one behind all of them.
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { eventually, json } from './functions.ts';
import { startWholeApi, type WholeApi } from './whole-api.ts';

/** Of two connections: a hundred wait without their turn, sixteen more would have all turns. */
const count = 130;
const arrived: string[] = [];
let release = () => {};
const held = new Promise<void>((resolve) => {
  release = resolve;
});
let ground: WholeApi;

beforeAll(async () => {
  ground = await startWholeApi({
    settings: { SMTP_CONNECTIONS: '2' },
    smtpServer: {
      onData(stream, { envelope }, callback) {
        const to = envelope.rcptTo[0]?.address ?? '';
        stream.resume();
        stream.on('end', () => {
          arrived.push(to);
          void (to.startsWith('long') ? held : Promise.resolve()).then(() => callback(null, '2.0.0 taken'));
        });
      },
    },
  });
});
afterAll(async () => {
  release();
  await ground?.stop();
});

it('a small email arrives while no long one ends, and then each of those arrives once', async () => {
  const attachments = [{ filename: 'a.bin', content: randomBytes(780_000).toString('base64') }];
  const accept = async (to: string, over: object = {}) => {
    const good = { from: 'a@example.com', to, subject: 'Hello', text: 'Hi' };
    const response = await ground.api.send({ ...good, ...over });
    expect(response.status).toBe(202);
    return (await json(response)).id as string;
  };
  for (let n = 0; n < count; n += 2)
    await Promise.all([n, n + 1].map((each) => accept(`long${each}@example.com`, { attachments })));
  const small = await accept('small@example.com');
  await eventually(async () => arrived.includes('small@example.com'), 60_000);
  expect(arrived.filter((to) => to.startsWith('long')).length).toBe(1);
  const handedBack = await ground.database.sql`
    select detail from email_events where type = 'queued' and detail->>'reason' = 'worker_busy'`;
  expect(handedBack.length).toBeGreaterThanOrEqual(count - 100);

  release();
  const { sql } = ground.database;
  await eventually(async () => (await sql`select from emails where finished_at is null`).length === 0, 120_000);
  expect(arrived.toSorted()).toEqual([...new Set(arrived)].toSorted());
  expect(arrived).toHaveLength(count + 1);
  expect(await ground.api.read(`/emails/${small}`)).toMatchObject({ status: 'sent' });
}, 240_000);
