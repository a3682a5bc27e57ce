// What each function's role of the database may not: every right outside of its list is tried, and the ways around the lists.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDatabase, type Sql } from '../../lib/store/database.ts';
import { functionRoles } from '../local/function-roles.ts';
import { type DatabaseUser, databaseUsers, groupOf, privilegesOf } from '../migrations/grants.ts';
import { createTestDatabase, type TestDatabase } from './database.ts';
import { rolesFile } from './functions.ts';
import { prepareDatabase } from './prepare-database.ts';

const denied = '42501';

let database: TestDatabase;
/** As the owner. */
let owner: Sql;
const sqlOf = new Map<DatabaseUser, Sql>();
/** By column; a table has its rows once for each. */
let columns: { table: string; column: string; type: string }[];

beforeAll(async () => {
  database = await createTestDatabase();
  owner = database.sql;
  await prepareDatabase(database.url, rolesFile());
  for (const user of databaseUsers) sqlOf.set(user, openDatabase(urlOf(user), { connections: 1, name: 'test' }));
  columns = await owner`
    select relname::text as table, quote_ident(attname) as column, format_type(atttypid, atttypmod) as type
    from pg_attribute join pg_class on pg_class.oid = attrelid
    where relnamespace = 'public'::regnamespace and relkind = 'r' and attnum > 0 and not attisdropped
    order by relname, attnum`;
  await owner.unsafe('create schema other; create table other.secrets (secret text)');
});
afterAll(async () => {
  for (const sql of sqlOf.values()) await sql.end();
  for (const user of databaseUsers) await dropLogin(user);
  await database?.drop();
});

/** The roles of this database, not those of the template. */
function urlOf(user: DatabaseUser, url = database.url): string {
  return functionRoles(rolesFile(), new URL(database.url).pathname.slice(1)).urlOf(user, url);
}

async function dropLogin(user: DatabaseUser): Promise<void> {
  const login = owner(new URL(urlOf(user)).username);
  await owner`drop owned by ${login}`;
  await owner`drop role ${login}`;
}

/** These run in no transaction. */
const alone = /^(create database|alter system)/;

/** The SQLSTATE that refuses it; undefined when nothing does. What it did is taken back. */
async function refusal(user: DatabaseUser, statement: string): Promise<string | undefined> {
  const sql = sqlOf.get(user) as Sql;
  if (alone.test(statement))
    return sql.unsafe(statement).then(
      () => undefined,
      (error) => error.code,
    );
  const done = new Error('rolled back');
  const outcome = await sql
    .begin(async (sql) => {
      await sql.unsafe(statement);
      throw done;
    })
    .catch((error) => error);
  return outcome === done ? undefined : String(outcome.code);
}

describe.each(databaseUsers)('%s', (user) => {
  it('may do with every column of every table what its list says, and nothing else', async () => {
    const listed = new Set(
      privilegesOf(user).map(({ object, privilege, column }) => `${privilege} ${object} ${column}`),
    );
    const wrong: string[] = [];
    const expectListed = async (privilege: string, table: string, column: string | null, statement: string) => {
      const isListed = [null, column].some((one) => listed.has(`${privilege} table ${table} ${one}`));
      const refused = await refusal(user, statement);
      if (refused !== (isListed ? undefined : denied)) wrong.push(`${refused ?? 'allowed'}: ${statement}`);
    };
    for (const { table, column, type } of columns) {
      await expectListed('SELECT', table, column, `select ${column} from ${table} limit 0`);
      const insert = `insert into ${table} (${column}) overriding system value select null::${type} where false`;
      await expectListed('INSERT', table, column, insert);
      await expectListed('UPDATE', table, column, `update ${table} set ${column} = default where false`);
    }
    for (const table of new Set(columns.map((one) => one.table))) {
      await expectListed('DELETE', table, null, `delete from ${table} where false`);
      await expectListed('TRUNCATE', table, null, `truncate ${table}`);
      const trigger = `create trigger t before insert on ${table} for each row execute function suppress_redundant_updates_trigger()`;
      await expectListed('TRIGGER', table, null, trigger);
    }
    expect(wrong).toEqual([]);
  });

  const others = databaseUsers.filter((other) => other !== user);
  it.each([
    // Whom it is
    ...['set role postgres', 'set session authorization postgres', 'reset role; set role pg_read_all_data'],
    ...others.map((other) => `set role ${groupOf(other)}`),
    `grant ${groupOf(others[0] ?? user)} to current_user`,
    'grant postgres to current_user',
    'alter role postgres password null',
    'alter role current_user superuser',
    'create role intruder',
    // What there is
    ...['create table mine (id int)', 'create temporary table mine (id int)', 'create schema mine'],
    ...[
      'create database mine',
      'create function public.mine() returns int language sql return 1',
      'create view mine as select 1',
    ],
    ...['alter table emails add column mine int', 'alter table emails disable trigger all', 'drop table emails'],
    ...['drop trigger tell_webhooks on email_events', 'alter function tell_webhooks() security invoker'],
    'create or replace function uuid_v7() returns uuid language sql return gen_random_uuid()',
    'create policy mine on emails',
    // The server
    ...["select pg_read_file('/etc/passwd')", "select pg_ls_dir('.')", "select lo_import('/etc/passwd')"],
    ...["copy (select 1) to '/tmp/mine'", "copy (select 1) to program 'id'", 'alter system set fsync = off'],
    ...['select rolpassword from pg_authid', 'select passwd from pg_shadow', 'select * from pg_hba_file_rules'],
    ...['select pg_reload_conf()', 'select pg_switch_wal()', 'set session_replication_role = replica'],
    "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'postgres'",
    // Other schemas, and what runs as the owner
    ...['select from other.secrets', 'select tell_webhooks()'],
  ])('may not: %s', async (statement) => {
    expect(await refusal(user, statement)).toBe(denied);
  });

  it('rotates secrets of webhooks only as manage', async () => {
    const rotate = "select rotate_webhook_secret('a', gen_random_uuid(), 'x', 0, 1)";
    expect(await refusal(user, rotate)).toBe(user === 'manage' ? undefined : denied);
  });

  it('gives its own rights to nobody', async () => {
    for (const table of new Set(columns.map((one) => one.table))) {
      await sqlOf
        .get(user)
        ?.unsafe(`grant all on ${table} to public`)
        .catch(() => {});
      const [row] = await owner`
        select exists (select from pg_class, aclexplode(relacl) where oid = ${table}::regclass and grantee = 0) as is_open`;
      expect({ table, ...row }).toEqual({ table, is_open: false });
    }
  });

  it('does not get into another database of the same server', async () => {
    const url = new URL(urlOf(user));
    url.pathname = '/postgres';
    const sql = openDatabase(url.href, { connections: 1, name: 'test' });
    await expect(sql`select 1`).rejects.toMatchObject({ code: denied });
    await sql.end();
  });
});

it('whoever writes events does not choose which table of webhooks the trigger reads', async () => {
  await owner.unsafe(`
    create table other.webhooks (like public.webhooks);
    grant usage on schema other to public; grant select on other.webhooks to public;
    insert into clients (client_id, scopes) values ('a', array['email']);
    insert into public.webhooks (id, client_id, url, events, secrets) values (gen_random_uuid(), 'a', 'https://a.test', '{*}', '["s"]');
    insert into emails (id, client_id, status, sender, recipients, subject, message_id, due_at)
    values (gen_random_uuid(), 'a', 'queued', '', '{""}', '', '', now())`);
  const send = sqlOf.get('send') as Sql;
  await send`set search_path = other, public`;
  await send`insert into email_events (email_id, type) select id, 'accepted' from emails`;
  await send`reset search_path`;
  expect(await owner`select type from webhook_deliveries`).toEqual([{ type: 'email.accepted' }]);
});
