// Through PgBouncer in transaction mode: every email is accepted and delivered once; a pooler that nobody told us of stops the start.
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { openDatabase } from '../../lib/store/database.ts';
import { migrate } from '../admin/migrate.ts';
import { findProgram } from '../bench/services/programs.ts';
import { functionRoles } from '../local/function-roles.ts';
import { createTestDatabase, type TestDatabase } from './database.ts';
import { type Api, asRole, brokerUrl, eventually, rolesFile, startApi, startFunction } from './functions.ts';
import { type PgBouncer, startPgBouncer } from './pgbouncer.ts';
import { startSmtpServer, type TestSmtpServer } from './smtp-server.ts';

const folder = (name: string) => join(inject('workDirectory'), name);
const good = { from: 'a@example.com', to: 'b@example.com', text: 'Hi' };

let database: TestDatabase;
/** As it is installed, and told to pass over settings that it does not carry. */
let plain: PgBouncer;
let lenient: PgBouncer;

/** As root on Debian, it is installed. */
const program = await findProgram('pgbouncer', 'pgbouncer', () => {});

beforeAll(async () => {
  if (program === undefined) return;
  database = await createTestDatabase();
  const start = (name: string, line: string) =>
    startPgBouncer(program, folder(name), database.url, functionRoles(rolesFile()), [line]);
  plain = await start('pgbouncer-plain', 'query_wait_timeout = 2');
  lenient = await start('pgbouncer-lenient', 'ignore_startup_parameters = enable_seqscan,jit');
});
afterAll(async () => {
  await plain?.stop();
  await lenient?.stop();
  await database?.drop();
});

describe.skipIf(program === undefined)('with DATABASE_POOLER=transaction', () => {
  let smtp: TestSmtpServer;
  let api: Api;
  beforeAll(async () => {
    smtp = await startSmtpServer();
    api = await startApi({
      databaseUrl: plain.url,
      smtpUrl: smtp.url,
      also: ['notify', 'manage'],
      settings: {
        DATABASE_POOLER: 'transaction',
        // Due before a worker had a chance, so that dispatch takes part.
        PUBLISH_GRACE_SECONDS: '0.1',
        DISPATCH_INTERVAL_SECONDS: '0.05',
        RETRY_BASE_SECONDS: '0.2',
      },
    });
  });
  afterAll(async () => {
    await api?.stop();
    await smtp?.stop();
  });

  it('180 emails, 20 at a time: none fails, none is doubled', async () => {
    // Some come again, by way of dispatch.
    smtp.behave({ refuse: { 'later@example.com': [450, '4.2.0 later'] } });
    const statuses: number[] = [];
    let next = 0;
    const client = async () => {
      for (let mine = next++; mine < 180; mine = next++) {
        const to = mine % 30 === 0 ? 'later@example.com' : good.to;
        statuses.push((await api.send({ ...good, to, subject: `m${mine}` })).status);
        if (mine === 120) smtp.behave({});
      }
    };
    await Promise.all(Array.from({ length: 20 }, client));
    expect(statuses).toEqual(Array.from({ length: 180 }, () => 202));
    await eventually(async () => {
      const [row] = await database.sql`select count(*)::integer as open from emails where finished_at is null`;
      return row?.open === 0;
    });
    const subjects = smtp.received.map(({ raw }) => /^Subject: (\S+)/m.exec(raw)?.[1]);
    expect(subjects.sort()).toEqual(Array.from({ length: 180 }, (_, mine) => `m${mine}`).sort());
    expect(await database.sql`select status from emails where status <> 'sent'`).toHaveLength(0);
  });

  it('none of its sessions left: callers are told to come again', async () => {
    // Each holds one of the sessions that it shares out to send.
    const holders = Array.from({ length: 4 }, () =>
      openDatabase(asRole('send', plain.url), { connections: 1, name: 'holder', pooler: 'transaction' }),
    );
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const all = holders.map(async (holder) => {
      await holder.begin(async (transaction) => {
        await transaction`select 1`;
        await held;
      });
      await holder.end();
    });
    const [answer] = await Promise.all([
      eventually(async () => {
        const response = await api.send({ ...good, subject: 'late' });
        return response.status !== 202 && response;
      }, 30_000),
    ]);
    release();
    await Promise.all(all);
    expect(answer.status).toBe(503);
    expect(answer.headers.get('retry-after')).toBe('1');
    await eventually(async () => (await api.send({ ...good, subject: 'again' })).status === 202);
  });
});

describe.skipIf(program === undefined)('without it', () => {
  it.each([
    ['as it is installed', () => plain],
    ['told to pass over our settings', () => lenient],
  ])('a pooler, %s, stops the start, in one line', async (_what, pooler) => {
    const settings = { DATABASE_URL: pooler().url, AMQP_URL: brokerUrl(), SMTP_URL: 'smtp://127.0.0.1:1' };
    const running = await startFunction('consume', settings, { until: 'up' }).catch((error: Error) => error);
    const how = running instanceof Error ? running.message : await running.child.exited;
    expect(how).toContain('exit code 1');
    const told = running instanceof Error ? running.message : JSON.stringify(running.lines);
    expect(told.match(/DATABASE_POOLER=transaction/g)).toHaveLength(1);
  });

  it('migrations are not made through one', async () => {
    await expect(migrate(plain.url)).rejects.toThrow('migrations need PostgreSQL itself');
  });
});
