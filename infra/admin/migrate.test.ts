import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { openDatabase, type Sql } from '../../lib/store/database.ts';
import { freePort } from '../local/ports.ts';
import { migrate } from './migrate.ts';

let server: Sql;
let url: string;
let sql: Sql;
let directory: string;

beforeAll(() => {
  server = openDatabase(databaseUrl('template1'), { connections: 1, name: 'test' });
});
afterAll(() => server.end());

beforeEach(async () => {
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  await server`create database ${server(name)} template template0`;
  url = databaseUrl(name);
  sql = openDatabase(url, { connections: 1, name: 'test' });
  directory = mkdtempSync(join(tmpdir(), 'migrations-'));
});
afterEach(async () => {
  await sql.end();
  await server`drop database ${server(new URL(url).pathname.slice(1))} with (force)`;
  rmSync(directory, { recursive: true });
});

function databaseUrl(name: string): string {
  const changed = new URL(inject('postgresUrl'));
  changed.pathname = `/${name}`;
  return changed.href;
}

const write = (name: string, content: string) => writeFileSync(join(directory, name), content);
const tables = async () => (await sql`select tablename from pg_tables where schemaname = 'public' order by 1`).flat();
const tableNames = async () => (await tables()).map(({ tablename }) => tablename);

describe('migrate', () => {
  it('applies the migrations of the API to an empty database, once', async () => {
    const [first] = await migrate(url);
    expect(first).toBe('0001_initial');
    expect(await tableNames()).toEqual(expect.arrayContaining(['clients', 'emails', 'revoked_tokens']));
    expect(await migrate(url)).toEqual([]);
  });

  it('may run any number of times at once', async () => {
    write('0001_first.sql', 'select pg_sleep(0.2); create table a (id int);');
    const applied = await Promise.all(Array.from({ length: 5 }, () => migrate(url, { directory })));
    expect(applied.flat()).toEqual(['0001_first']);
  });

  it('applies in order of number, only what is new, and takes nothing else for a migration', async () => {
    write('0002_second.sql', 'alter table a add column second int;');
    write('0001_first.sql', 'create table a (id int);');
    for (const name of ['README.md', '0003_third.sql.orig', '.0004_fourth.sql', '0005_fifth.js'])
      write(name, 'nonsense');
    expect(await migrate(url, { directory })).toEqual(['0001_first', '0002_second']);
    write('0003_third.sql', 'alter table a add column third int;');
    expect(await migrate(url, { directory })).toEqual(['0003_third']);
  });

  it('leaves nothing of a migration that fails, and keeps those before it', async () => {
    write('0001_first.sql', 'create table a (id int);');
    write('0002_second.sql', 'create table b (id int); select 1/0;');
    await expect(migrate(url, { directory })).rejects.toThrow('division by zero');
    expect(await tableNames()).toEqual(['a', 'migrations']);
    write('0002_second.sql', 'create table b (id int);');
    expect(await migrate(url, { directory })).toEqual(['0002_second']);
  });

  it('waits for a database that is not up yet', async () => {
    write('0001_first.sql', 'create table a (id int);');
    const { hostname, port } = new URL(url);
    const late = new URL(url);
    late.port = String(await freePort());
    // How a connection ends (the server may reset one that is closing) is none of this test's business.
    const forwarder = createServer((socket) => pipeline(socket, connect(Number(port), hostname), socket, () => {}));
    const said: string[] = [];
    const applied = migrate(late.href, {
      directory,
      log: (line) => {
        said.push(line);
        if (!forwarder.listening) forwarder.listen(Number(late.port), '127.0.0.1');
      },
    });
    expect(await applied).toEqual(['0001_first']);
    expect(said[0]).toMatch(/^Waiting for the database: connect ECONNREFUSED/);
    forwarder.close();
    await once(forwarder, 'close');
  });

  it('gives up when patience ends', async () => {
    const away = new URL(url);
    away.port = String(await freePort());
    await expect(migrate(away.href, { patienceMs: 0 })).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  it('does not wait for what waiting does not cure', async () => {
    const wrong = new URL(url);
    wrong.pathname = '/there_is_no_such_database';
    const said: string[] = [];
    await expect(migrate(wrong.href, { log: (line) => said.push(line) })).rejects.toMatchObject({ code: '3D000' });
    expect(said).toEqual([]);
  });
});

it('a client that has emails cannot be deleted', async () => {
  await migrate(url);
  await sql`insert into clients (client_id, scopes) values ('idle', array['email']), ('busy', array['email'])`;
  await sql`
    insert into emails (id, client_id, status, sender, recipients, subject, message_id, due_at)
    values (gen_random_uuid(), 'busy', 'queued', 'a@example.com', array['b@example.com'], '', '', now())`;
  await expect(sql`delete from clients where client_id = 'busy'`).rejects.toMatchObject({ code: '23503' });
  expect(await sql`delete from clients where client_id = 'idle' returning client_id`).toEqual([{ client_id: 'idle' }]);
});
