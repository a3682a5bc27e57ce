// The database's connection, plain or secured by TLS, is reset, and queries are made before the driver has noticed it whole: none hangs, none gets another's answer.
import { connect, createServer, type Server, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isDatabaseAway, openDatabase, type Sql, untilDatabaseIsBack } from '../../lib/store/database.ts';
import { migrate } from '../admin/migrate.ts';
import { createTestDatabase, type TestDatabase } from './database.ts';
import { expiredCertificate } from './expired-certificate.ts';
import { eventually } from './functions.ts';

let database: TestDatabase;
let proxy: Server;
/** The database through the proxy. */
let target: URL;
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
  target = new URL(database.url);
  target.port = String(typeof address === 'object' ? address?.port : 0);
  await speakTls(database.sql);
});
afterAll(async () => {
  // A session that sleeps does not notice that its client has gone.
  await database.sql`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'email-api reset'`;
  await new Promise((resolve) => proxy.close(resolve));
  await database?.drop();
});

/** The certificate has expired and is signed by nobody: good enough for `require`, and for nothing else. */
async function speakTls(sql: Sql): Promise<void> {
  for (const [name, pem] of Object.entries(expiredCertificate)) {
    // Only the server's own account may read the key.
    await sql.unsafe(
      `copy (select regexp_split_to_table('${pem.trim()}', '\n')) to program 'umask 077; cat > server.${name}'`,
    );
  }
  await sql`alter system set ssl_cert_file = 'server.cert'`;
  await sql`alter system set ssl_key_file = 'server.key'`;
  await sql`alter system set ssl = on`;
  await sql`select pg_reload_conf()`;
  await eventually(async () => (await sql`show ssl`)[0]?.ssl === 'on');
}

function openThroughProxy(sslmode: string): Sql {
  const url = new URL(target);
  url.searchParams.set('sslmode', sslmode);
  return openDatabase(url.href, { connections: 1, name: 'reset' });
}

it.each(['verify-ca', 'verify-full'])(
  'sslmode %s does not take a certificate that nobody vouches for',
  async (mode) => {
    const sql = openThroughProxy(mode);
    await expect(sql`select 1`).rejects.toMatchObject({ code: expect.stringMatching(/CERT/) });
    await expect(sql`select 1`).rejects.toMatchObject({ code: expect.stringMatching(/CERT/) });
    await sql.end({ timeout: 1 });
  },
);

it('migrations go over TLS as well', async () => {
  const url = `${database.url}?sslmode=`;
  expect(await migrate(`${url}require`)).toEqual([]);
  await expect(migrate(`${url}verify-full`)).rejects.toMatchObject({ code: expect.stringMatching(/CERT/) });
});

describe.each(['disable', 'require'])('sslmode %s', (mode) => {
  let sql: Sql;
  beforeAll(() => {
    sql = openThroughProxy(mode);
  });
  afterAll(() => sql?.end({ timeout: 1 }));

  it('secures the connection, or does not', async () => {
    const [row] = await sql`select ssl from pg_stat_ssl where pid = pg_backend_pid()`;
    expect(row?.ssl).toBe(mode === 'require');
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
});
