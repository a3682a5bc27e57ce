// Roles that functions log in as, each with the privileges of its function alone.
import { inTransaction, type Query, type Sql } from '../../lib/store/database.ts';
import { type DatabaseUser, groupOf } from '../migrations/grants.ts';
import { AdminError } from './command.ts';
import { scramVerifier } from './scram.ts';

/** What PostgreSQL cuts names to. */
const mostBytes = 63;

/** The name of a function's role: that of the database comes first, because roles belong to the whole server. */
export function loginOf(database: string, user: DatabaseUser): string {
  return `${database}_${user}`;
}

/**
 * Makes the role of each function that has a password here, or gives it this password; closes the database to everybody else but its
 * owner and superusers. Returns the roles. Apply the grants first. Throws where a role of that name has another purpose.
 */
export async function makeLogins(sql: Sql, passwords: ReadonlyMap<DatabaseUser, string>): Promise<string[]> {
  return inTransaction(sql, async (transaction) => {
    const [{ database }] = await transaction<[{ database: string }]>`select current_database()::text as database`;
    const logins: string[] = [];
    for (const [user, password] of passwords) {
      const login = loginOf(database, user);
      await makeLogin(transaction, { login, group: groupOf(user), database, password });
      logins.push(login);
    }
    await closeDatabase(transaction, database, logins);
    return logins;
  });
}

interface Login {
  login: string;
  group: string;
  database: string;
  password: string;
}

async function makeLogin(sql: Query, { login, group, database, password }: Login): Promise<void> {
  if (Buffer.byteLength(login) > mostBytes) throw new AdminError(`The role "${login}" would have too long a name.`);
  const [names] = await sql<[{ role: string; database: string }]>`
    select quote_ident(${login}) as role, quote_ident(${database}) as database`;
  const [present] = await sql<{ is_ours: boolean }[]>`
    select exists (select from pg_auth_members join pg_roles of_group on of_group.oid = roleid
                   where member = pg_roles.oid and of_group.rolname = ${group}) as is_ours
    from pg_roles where rolname = ${login}`;
  if (present && !present.is_ours)
    throw new AdminError(`There is a role "${login}" that is no member of ${group}: rename it.`);
  await sql.unsafe(`${present ? 'alter' : 'create'} role ${names.role} login password '${scramVerifier(password)}'`);
  if (!present) await sql.unsafe(`grant ${group} to ${names.role}`);
  await sql.unsafe(`grant connect on database ${names.database} to ${names.role}`);
}

/** All databases of the API on one server share the groups, so a role must not get into another database. */
async function closeDatabase(sql: Query, database: string, logins: string[]): Promise<void> {
  const [name] = await sql<[{ quoted: string }]>`select quote_ident(${database}) as quoted`;
  await sql.unsafe(`revoke connect, temporary on database ${name.quoted} from public`);
  await sql.unsafe('revoke create on schema public from public');
  const open = await sql<{ role: string }[]>`
    select rolname::text as role from pg_roles
    where rolname = any(${logins}::text[])
      and (has_database_privilege(oid, ${database}, 'temporary, create') or has_schema_privilege(oid, 'public', 'create'))`;
  // A revocation by somebody who is not the owner is a warning only.
  if (open.length > 0)
    throw new AdminError(`Roles may still make tables: run this as the owner of the database and its schema public.`);
}
