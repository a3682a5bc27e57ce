// The database answers, but refuses: read-only after a failover, locked, out of time. What was handed over is recorded all the same, once.
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { openDatabase, type Sql } from '../../lib/store/database.ts';
import { freePort } from '../local/ports.ts';
import { type Postgres, startPostgres } from '../local/postgres.ts';
import { type Api, eventually, exampleClient, json, rolesFile, startApi } from './functions.ts';
import { prepareDatabase } from './prepare-database.ts';
import { startSmtpServer, type TestSmtpServer } from './smtp-server.ts';

const good = { from: 'a@example.com', to: 'b@example.com', subject: 'Hello', text: 'Hi' };
/** Longer than a lease, so that what is not renewed looks abandoned when it is over. */
const refusedMs = 3_000;
const settings = {
  LEASE_SECONDS: '2',
  PUBLISH_GRACE_SECONDS: '3',
  DISPATCH_INTERVAL_SECONDS: '0.1',
  RETRY_BASE_SECONDS: '0.5',
};

let postgres: Postgres;
let sql: Sql;
let smtp: TestSmtpServer;
let api: Api;

beforeAll(async () => {
  const directory = join(inject('workDirectory'), 'postgres-that-refuses');
  postgres = await startPostgres({ directory, port: await freePort(), log: () => {} });
  await prepareDatabase(postgres.url, rolesFile());
  sql = openDatabase(postgres.url, { connections: 2, name: 'test' });
  smtp = await startSmtpServer();
  api = await startApi({ databaseUrl: postgres.url, smtpUrl: smtp.url, settings });
});
afterAll(async () => {
  await api?.stop();
  await smtp?.stop();
  await sql?.end();
  await postgres?.stop();
});

/** How the database is made to refuse; each resolves with what ends it. */
const refusals = {
  async 'is read-only'() {
    return setSystem('default_transaction_read_only', 'on');
  },
  async 'is locked, and statements run out of time'() {
    const back = await setSystem('statement_timeout', '300ms');
    const unlock = await lockTables();
    return async () => {
      await unlock();
      await back();
    };
  },
  async 'is locked, and locks run out of time'() {
    const back = await setSystem('lock_timeout', '300ms');
    const unlock = await lockTables();
    return async () => {
      await unlock();
      await back();
    };
  },
  async 'is locked, and nothing runs out of time'() {
    return lockTables();
  },
};

async function setSystem(name: string, value: string): Promise<() => Promise<void>> {
  await sql.unsafe(`alter system set ${name} = '${value}'`);
  await sql`select pg_reload_conf()`;
  await eventually(async () => (await sql.unsafe(`show ${name}`))[0]?.[name] === value);
  return async () => {
    await sql.unsafe(`alter system reset ${name}`);
    await sql`select pg_reload_conf()`;
  };
}

async function lockTables(): Promise<() => Promise<void>> {
  let unlock = () => {};
  const held = new Promise<void>((resolve) => {
    unlock = resolve;
  });
  const own = openDatabase(postgres.url, { connections: 1, name: 'locker' });
  let done = Promise.resolve();
  await new Promise<void>((locked, failed) => {
    done = own
      .begin(async (transaction) => {
        await transaction`set local statement_timeout = 0`;
        await transaction`set local lock_timeout = 0`;
        await transaction`lock table emails, clients in access exclusive mode`;
        locked();
        await held;
      })
      .then(() => {}, failed);
  });
  return async () => {
    unlock();
    await done;
    await own.end();
  };
}

async function accept(further: object = {}): Promise<string> {
  const response = await api.send({ ...good, ...further });
  expect(response.status).toBe(202);
  return (await json(response)).id;
}
const ended = (id: string) =>
  eventually(async () => {
    const email = await api.read(`/emails/${id}`);
    return (['sent', 'unknown', 'failed'].includes(email.status) && email) as typeof email;
  });

describe.each(Object.entries(refusals))('the database %s', (_what, refuse) => {
  beforeEach(() => {
    smtp.received.length = 0;
    smtp.behave({});
  });

  it('while the replies to the final dots are waited for: recorded as sent, one copy of each', async () => {
    const modes = ['at_least_once', 'at_most_once'];
    let reply = () => {};
    const hold = new Promise<void>((resolve) => (reply = resolve));
    const arrived = new Promise<void>((resolve) => {
      let coming = 0;
      smtp.behave({ hold, onMessage: () => ++coming === modes.length && resolve() });
    });
    const ids = await Promise.all(modes.map((delivery) => accept({ delivery })));
    await arrived;
    const allow = await refuse();
    reply();
    // The replies come in this time, and cannot be recorded.
    await smtp.waitFor(modes.length);
    await setTimeout(refusedMs);
    await allow();

    for (const id of ids) {
      const { status, events } = await ended(id);
      expect(status).toBe('sent');
      expect(events).toMatchObject([{ type: 'accepted' }, { type: 'attempt' }, { type: 'sent' }]);
      expect(events[1]).toMatchObject({ attempt: 1, outcome: 'sent', code: 250 });
    }
    // Longer than what a second copy would take.
    await setTimeout(1_000);
    expect(smtp.received).toHaveLength(modes.length);
  });

  it('callers are told to come again', async () => {
    const allow = await refuse();
    const { grant_type, ...rest } = { grant_type: 'client_credentials', ...exampleClient };
    const asked = [
      api.send(good),
      fetch(`${api.functions.token.url}/authorize`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ grant_type, ...rest }),
      }),
      fetch(`${api.functions.dispatch.url}/`, { method: 'POST' }),
    ];
    // Where nothing runs out of time, they wait.
    const answers = await Promise.race([Promise.all(asked), setTimeout(2_000)]);
    await allow();
    for (const answer of answers ?? (await Promise.all(asked))) {
      expect([200, 202, 503]).toContain(answer.status);
      if (answer.status === 503) expect(answer.headers.get('retry-after')).toBe('1');
    }
    if (answers) expect(answers[0]?.status).toBe(503);
    await eventually(async () => (await sql`select from emails where finished_at is null`).length === 0);
  });
});
