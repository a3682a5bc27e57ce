// The database's connection is reset, and queries are made before the driver has noticed it whole: none hangs, none gets another's answer.
import { connect, createServer, type Server, type Socket } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { isDatabaseAway, openDatabase, type Sql, untilDatabaseIsBack } from '../../lib/db.ts';
import { createTestDatabase, type TestDatabase } from './database.ts';
import { eventually } from './functions.ts';

let database: TestDatabase;
let proxy: Server;
let sql: Sql;
const clients = new Set<Socket>();

beforeAll(async () => {
  database = await createTestDatabase();
  const { port, hostname } = new URL(database.url);
  proxy = createServer((client) => {
    const server = connect(Number(port), hostname);
    clients.add(client);
    client
      .on('error', () => {})
      .on('close', () => {
        clients.delete(client);
        server.destroy();
      });
    server.on('error', () => {}).on('close', () => client.destroy());
    client.pipe(server).pipe(client);
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  const address = proxy.address();
  const target = new URL(database.url);
  target.port = String(typeof address === 'object' ? address?.port : 0);
  sql = openDatabase(target.href, { connections: 1, name: 'reset' });
});
afterAll(async () => {
  await sql?.end({ timeout: 1 });
  // A session that sleeps does not notice that its client has gone.
  await database.sql`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'email-api reset'`;
  await new Promise((resolve) => proxy.close(resolve));
  await database?.drop();
});

it.each([1, 2, 3])('reset number %i', async () => {
  const inTheVeryMoment = sql`select pg_sleep(30)`.then(
    () => 'no reset',
    (error) => {
      expect(isDatabaseAway(error)).toBe(true);
      return Promise.allSettled([1, 2, 3].map((n) => sql`select ${n}::int as n`));
    },
  );
  await eventually(async () => {
    const [row] = await database.sql`
      select from pg_stat_activity where application_name = 'email-api reset' and wait_event = 'PgSleep'`;
    return row !== undefined;
  });
  for (const client of clients) client.resetAndDestroy();

  const settled = await inTheVeryMoment;
  expect(settled).toHaveLength(3);
  for (const [index, result] of [...settled].entries()) {
    if (typeof result === 'string') throw new Error(result);
    if (result.status === 'fulfilled') expect(result.value[0]?.n).toBe(index + 1);
    else expect(isDatabaseAway(result.reason)).toBe(true);
  }
  const answers = await untilDatabaseIsBack(() => Promise.all([4, 5, 6].map((n) => sql`select ${n}::int as n`)));
  expect(answers.map(([row]) => row?.n)).toEqual([4, 5, 6]);
});
