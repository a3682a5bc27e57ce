// Makes the roles of the functions, and gives each the privileges of grants.ts: no fewer, no more.
import { inTransaction, type Query, type Sql } from '../../lib/store/database.ts';
import { databaseUsers, groupOf, type Privilege, privilegesOf, textOf } from './grants.ts';

/** Whoever applies grants to this database waits for the one before. The number is any. */
const lock = 727_019_451;

export interface AppliedGrants {
  /** Roles that are missing and that our user may not make; then nothing was granted. */
  missing: string[];
  granted: number;
  revoked: number;
}

/**
 * May run any number of times: it changes only what is not as it should be, so that plans of running functions stay. Roles belong to
 * the whole server, and all databases of this API on it share them.
 */
export async function applyGrants(sql: Sql): Promise<AppliedGrants> {
  return inTransaction(sql, async (transaction) => {
    await transaction`select pg_advisory_xact_lock(${lock})`;
    const missing = await makeRoles(transaction);
    if (missing.length > 0) return { missing, granted: 0, revoked: 0 };
    const wanted = databaseUsers.flatMap(privilegesOf);
    const present = await presentPrivileges(transaction);
    const lacking = without(wanted, present);
    const surplus = without(present, wanted);
    for (const statement of [...statements('grant', 'to', lacking), ...statements('revoke', 'from', surplus)]) {
      await transaction.unsafe(statement);
    }
    return { missing, granted: lacking.length, revoked: surplus.length };
  });
}

/** What the roles have in this database. */
export async function presentPrivileges(sql: Query): Promise<Privilege[]> {
  const roles = databaseUsers.map(groupOf);
  return sql<Privilege[]>`
    select rolname::text as role, object, privilege_type as privilege, column_name as column
    from (
      select 'table ' || oid::regclass as object, null as column_name, relacl as acl
      from pg_class where relnamespace = 'public'::regnamespace and relkind <> 'i'
      union all
      select 'table ' || attrelid::regclass, quote_ident(attname), attacl
      from pg_attribute join pg_class on pg_class.oid = attrelid
      where relnamespace = 'public'::regnamespace and attacl is not null and not attisdropped
      union all
      select 'function ' || oid::regprocedure, null, proacl from pg_proc where pronamespace = 'public'::regnamespace
      union all
      select 'schema ' || oid::regnamespace, null, nspacl from pg_namespace where nspname = 'public'
    ) objects, lateral aclexplode(acl) given join pg_roles on pg_roles.oid = given.grantee
    where rolname = any(${roles}::text[])
    order by role, object, privilege, column_name`;
}

/** Returns those that are missing because our user may not make them. */
async function makeRoles(sql: Query): Promise<string[]> {
  const roles = databaseUsers.map(groupOf);
  const rows = await sql<{ name: string }[]>`
    select rolname::text as name from pg_roles where rolname = any(${roles}::text[])`;
  const present = new Set(rows.map(({ name }) => name));
  const missing = roles.filter((role) => !present.has(role));
  const [user] = await sql<[{ may: boolean }]>`
    select rolsuper or rolcreaterole as may from pg_roles where rolname = current_user`;
  if (missing.length > 0 && !user.may) return missing;
  for (const role of missing) {
    // Somebody may be making it for another database in this very moment.
    await sql.unsafe(`
      do $$ begin
        create role ${role} nologin;
        comment on role ${role} is 'Privileges of a function of the email API: infra/migrations/grants.ts';
      exception when duplicate_object or unique_violation then null; end $$`);
  }
  return [];
}

function without(privileges: readonly Privilege[], others: readonly Privilege[]): Privilege[] {
  const known = new Set(others.map(textOf));
  return privileges.filter((privilege) => !known.has(textOf(privilege)));
}

/** One statement for each role and object. */
function statements(verb: 'grant' | 'revoke', preposition: 'to' | 'from', privileges: readonly Privilege[]): string[] {
  const groups = new Map<string, string[]>();
  for (const { role, object, privilege, column } of privileges) {
    const where = `on ${object} ${preposition} ${role}`;
    const what = column === null ? privilege : `${privilege} (${column})`;
    groups.set(where, [...(groups.get(where) ?? []), what]);
  }
  return [...groups].map(([where, what]) => `${verb} ${what.join(', ')} ${where}`);
}
