// The commands `migrate` and `database roles` on a server of its own, where no role is there yet.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { openDatabase, type Sql } from '../../lib/store/database.ts';
import { freePort } from '../local/ports.ts';
import { type Postgres, startPostgres } from '../local/postgres.ts';
import { databaseUsers } from '../migrations/grants.ts';
import { runAdmin } from './run.ts';
import { scramVerifier } from './scram.ts';

const password = 'p'.repeat(32);
const all = databaseUsers.map((user) => `${user}=${password}\n`).join('');
let postgres: Postgres;
let superuser: Sql;
let said: string[] = [];

beforeAll(async () => {
  const directory = join(inject('workDirectory'), 'postgres-of-roles');
  postgres = await startPostgres({ directory, port: await freePort(), log: () => {} });
  superuser = openDatabase(postgres.url, { connections: 1, name: 'test' });
});
afterAll(async () => {
  await superuser?.end();
  await postgres?.stop();
});

/** Who owns the database of the same name, and has these attributes. */
async function createOwner(name: string, attributes: string): Promise<string> {
  await superuser.unsafe(`create role ${name} login ${attributes} password '${password}'`);
  await superuser.unsafe(`create database ${name} owner ${name}`);
  return urlOf(name, name);
}

function urlOf(user: string, database: string): string {
  const url = new URL(postgres.url);
  Object.assign(url, { username: user, password, pathname: `/${database}` });
  return url.href;
}

function admin(databaseUrl: string, ...args: string[]) {
  said = [];
  const say = (line: string) => said.push(line);
  return runAdmin(args, { databaseUrl, amqpUrl: undefined, migrationsDirectory: undefined, say });
}

function fileOf(content: string): string {
  const file = join(inject('workDirectory'), 'roles-of-the-command');
  writeFileSync(file, content);
  return file;
}

/** What the role reads of a table; the error's SQLSTATE where it may not. */
async function read(url: string, table: string): Promise<string> {
  const sql = openDatabase(url, { connections: 1, name: 'test' });
  const outcome = await sql`select from ${sql(table)}`.then(
    () => 'read',
    (error) => error.code,
  );
  await sql.end();
  return outcome;
}

it('an owner that may make no roles migrates, is told so in one line, and gets no further with roles', async () => {
  const url = await createOwner('plain', '');
  expect(await admin(url, 'migrate')).toMatchObject({ exitCode: 0, output: expect.stringContaining('0012_roles') });
  expect(said.filter((line) => line.includes('CREATEROLE'))).toHaveLength(1);
  expect(await read(url, 'emails')).toBe('read');
  expect(await admin(url, 'database', 'roles', fileOf(all))).toEqual({
    exitCode: 1,
    complaint: expect.stringMatching(/^the user of DATABASE_URL may not make the roles email_api_token, .*CREATEROLE/),
  });
});

it('an owner that may makes them, without being a superuser; each logs in, with its own rights, in its own database', async () => {
  const url = await createOwner('able', 'createrole');
  expect(await admin(url, 'migrate')).toMatchObject({ exitCode: 0 });
  expect(said.filter((line) => line.includes('CREATEROLE'))).toEqual([]);
  const { exitCode, output } = await admin(url, 'database', 'roles', fileOf(all));
  expect({ exitCode, output }).toEqual({
    exitCode: 0,
    output: expect.stringContaining('able_token, able_send, able_consume'),
  });
  expect(await read(urlOf('able_consume', 'able'), 'templates')).toBe('42501');
  expect(await read(urlOf('able_history', 'able'), 'emails')).toBe('read');
  expect(await read(urlOf('able_history', 'able'), 'client_secrets')).toBe('42501');
});

it('two databases of one server share the rights, and not the roles that log in', async () => {
  // Whoever made the groups may make members of them; the owner of another database may not.
  const url = await createOwner('other', 'createrole');
  expect(await admin(url, 'migrate')).toMatchObject({ exitCode: 0 });
  expect(await admin(url, 'database', 'roles', fileOf(all))).toMatchObject({
    exitCode: 1,
    complaint: expect.stringContaining('role'),
  });
  const asSuperuser = new URL(postgres.url);
  asSuperuser.pathname = '/other';
  expect(await admin(asSuperuser.href, 'database', 'roles', fileOf(all))).toMatchObject({ exitCode: 0 });
  expect(await read(urlOf('other_history', 'other'), 'emails')).toBe('read');
  expect(await read(urlOf('able_history', 'other'), 'emails')).toBe('42501');
  expect(await read(urlOf('other_history', 'able'), 'emails')).toBe('42501');
  // Once they are there, an owner that may make none migrates as well.
  expect(await admin(urlOf('plain', 'plain'), 'migrate')).toMatchObject({ exitCode: 0 });
  expect(said.filter((line) => line.includes('CREATEROLE'))).toEqual([]);
});

it('may be run again: a password changes, and nothing else', async () => {
  const next = 'q'.repeat(40);
  expect(await admin(urlOf('able', 'able'), 'database', 'roles', fileOf(`history=${next}`))).toEqual({
    exitCode: 0,
    output: 'Roles that may log in: able_history',
  });
  expect(await read(urlOf('able_history', 'able'), 'emails')).toBe('28P01');
  expect(await read(urlOf('able_history', 'able').replace(password, next), 'emails')).toBe('read');
  expect(await read(urlOf('able_send', 'able'), 'emails')).toBe('read');
});

it('leaves alone a role of that name that is somebody else’s', async () => {
  await superuser`create role plain_send login`;
  expect(await admin(urlOf('able', 'able'), 'database', 'roles', fileOf(all))).toMatchObject({ exitCode: 0 });
  const asSuperuser = new URL(postgres.url);
  asSuperuser.pathname = '/plain';
  expect(await admin(asSuperuser.href, 'database', 'roles', fileOf(all))).toEqual({
    exitCode: 1,
    complaint: 'There is a role "plain_send" that is no member of email_api_send: rename it.',
  });
  // All or nothing.
  expect(await superuser`select from pg_roles where rolname = 'plain_token'`).toHaveLength(0);
});

it.each([
  ['no line', '', 'no line'],
  ['an unknown function', `console=${password}`, 'begins with none of'],
  ['a short password', 'send=secret', '32 to 200'],
  ['a password that does not stand in a URL', `send=${password}@/`, '32 to 200'],
  ['more than there can be', `send=${password}\n`.repeat(1_000), 'too long'],
])('refuses %s, and quotes nothing', async (_, content, complaint) => {
  const outcome = await admin(postgres.url, 'database', 'roles', fileOf(content));
  expect(outcome).toEqual({ exitCode: 2, complaint: expect.stringContaining(complaint) });
  expect(outcome.complaint).not.toMatch(/secret\b|p{32}/);
});

it('a file that is not there is one line', async () => {
  expect(await admin(postgres.url, 'database', 'roles', '/nowhere')).toEqual({
    exitCode: 1,
    complaint: '/nowhere cannot be read.',
  });
});

it('no statement holds a password: what is sent is what PostgreSQL would keep', async () => {
  await superuser`set password_encryption = 'scram-sha-256'`;
  await superuser.unsafe(`create role kept login password '${password}'`);
  const [row] = await superuser<{ kept: string }[]>`select rolpassword as kept from pg_authid where rolname = 'kept'`;
  const salt = Buffer.from(row?.kept.split(/[:$]/)[2] ?? '', 'base64');
  expect(scramVerifier(password, salt)).toBe(row?.kept);
});
