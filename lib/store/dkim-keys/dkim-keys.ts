// SQL of dkim_keys. The operator's command writes the keys; consume reads those that sign.
import type { Query } from '../database.ts';

/** A key without its private part. */
export interface DkimKey {
  /** In lower case and ASCII. */
  domain: string;
  selector: string;
  active: boolean;
  created_at: Date;
}

export interface DkimKeyRow {
  domain: string;
  selector: string;
  /** PKCS#8 as PEM. */
  private_key: string;
}

/** The keys that sign for these domains, at most one for each domain. */
export async function findActiveKeys(sql: Query, domains: readonly string[]): Promise<DkimKeyRow[]> {
  return sql<DkimKeyRow[]>`
    select domain, selector, private_key from dkim_keys where active and domain = any(${domains as string[]}::text[])`;
}

/** Lists the keys of one domain, or of all. */
export async function listKeys(sql: Query, domain: string | null): Promise<DkimKey[]> {
  return sql<DkimKey[]>`
    select domain, selector, active, created_at from dkim_keys
    where ${domain}::text is null or domain = ${domain}
    order by domain, created_at, selector`;
}

/** With its private part; undefined if there is none. */
export async function findKey(sql: Query, domain: string, selector: string): Promise<DkimKeyRow | undefined> {
  const [key] = await sql<DkimKeyRow[]>`
    select domain, selector, private_key from dkim_keys where domain = ${domain} and selector = ${selector}`;
  return key;
}

/** A key that does not sign yet; false when the domain has this selector already. */
export async function insertKey(sql: Query, { domain, selector, private_key }: DkimKeyRow): Promise<boolean> {
  const { count } = await sql`
    insert into dkim_keys (domain, selector, private_key) values (${domain}, ${selector}, ${private_key})
    on conflict do nothing`;
  return count === 1;
}

/** Makes this key sign instead of the present one; false when there is no such key. Run it in a transaction. */
export async function activateKey(transaction: Query, domain: string, selector: string): Promise<boolean> {
  // Locks all keys of the domain, so that one of two operators waits for the other.
  const keys = await transaction<{ selector: string }[]>`
    select selector from dkim_keys where domain = ${domain} order by selector for update`;
  if (!keys.some((key) => key.selector === selector)) return false;
  await transaction`update dkim_keys set active = false where domain = ${domain} and active and selector <> ${selector}`;
  await transaction`update dkim_keys set active = true where domain = ${domain} and selector = ${selector}`;
  return true;
}

/** Deletes a key. False when it does not exist, or signs while the domain has other keys. */
export async function deleteKey(sql: Query, domain: string, selector: string): Promise<boolean> {
  const { count } = await sql`
    delete from dkim_keys where domain = ${domain} and selector = ${selector}
      and not (active and exists (select from dkim_keys other where other.domain = ${domain} and other.selector <> ${selector}))`;
  return count === 1;
}
