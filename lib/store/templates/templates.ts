// SQL of templates and their versions, for the client they belong to.
import type { Query } from '../database.ts';
import { isTemplateId, type TemplateSource, type TemplateVariables } from './template.ts';

/** Most templates of a client; more would be single emails. */
export const maxTemplates = 1_000;
/** Most versions of one template, and of all templates of a client. */
export const maxVersions = 1_000;
export const maxVersionsInAll = 10_000;

export interface TemplateSummary {
  id: string;
  name: string;
  title: string | null;
  /** The newest one. */
  version: number;
  created_at: Date;
  /** When the newest version was made. */
  updated_at: Date;
}

export interface TemplateVersion extends TemplateSource {
  id: string;
  name: string;
  /** What it is called where that cannot be its name; null: by its name. */
  title: string | null;
  version: number;
  latest_version: number;
  variables: TemplateVariables;
  created_at: Date;
  /** When this version was made. */
  updated_at: Date;
}

export interface NewVersion {
  source: TemplateSource;
  variables: TemplateVariables;
}

export type NewTemplate = NewVersion & Pick<TemplateVersion, 'id' | 'name' | 'title'>;

/** How many versions all templates of a client have, and how many bytes those are, before they are compressed. */
export async function measureVersions(sql: Query, clientId: string): Promise<{ versions: number; bytes: number }> {
  const [row] = await sql<{ versions: number; bytes: number }[]>`
    select count(*)::integer as versions,
           coalesce(sum(octet_length(subject) + coalesce(octet_length(text), 0) + coalesce(octet_length(html), 0)
                        + coalesce(octet_length((variables -> 'declared')::text), 0)), 0)::float8 as bytes
    from templates join template_versions on template_id = id where client_id = ${clientId}`;
  return row ?? { versions: 0, bytes: 0 };
}

/**
 * Stores a template with its version 1, unless the client has one of that name, or as many as it may have. Lock what the client
 * stores first (`lockStored`).
 */
export async function insertTemplate(
  sql: Query,
  clientId: string,
  { id, name, title, source: { subject, text, html }, variables }: NewTemplate,
): Promise<'inserted' | 'name_taken' | 'too_many'> {
  const [row] = await sql<{ present: number; inserted: boolean }[]>`
    with counted as (
      select count(*)::integer as present from templates where client_id = ${clientId}
    ), inserted as (
      insert into templates (id, client_id, name, title)
      select ${id}, ${clientId}, ${name}, ${title} from counted where present < ${maxTemplates}
      on conflict (client_id, name) do nothing
      returning id
    ), versions as (
      insert into template_versions (template_id, version, subject, text, html, variables)
      select id, 1, ${subject}, ${text}, ${html}, ${JSON.stringify(variables)}::text::jsonb from inserted
    )
    select present, exists (select from inserted) as inserted from counted`;
  if (row?.inserted) return 'inserted';
  return (row?.present ?? 0) >= maxTemplates ? 'too_many' : 'name_taken';
}

/** Makes the version after `version`, unless somebody else has made it meanwhile. */
export async function insertVersion(
  sql: Query,
  id: string,
  version: number,
  { source: { subject, text, html }, variables }: NewVersion,
): Promise<boolean> {
  const rows = await sql`
    with moved as (
      update templates set version = version + 1, updated_at = now() where id = ${id} and version = ${version}
      returning id, version
    )
    insert into template_versions (template_id, version, subject, text, html, variables)
    select id, version, ${subject}, ${text}, ${html}, ${JSON.stringify(variables)}::text::jsonb from moved
    returning version`;
  return rows.length === 1;
}

/** The client's template with this name or id, in the version given or the newest; `version` is null where it has no such version. */
export async function findTemplate(
  sql: Query,
  clientId: string,
  nameOrId: string,
  version: number | null = null,
): Promise<TemplateVersion | { version: null; latest_version: number } | undefined> {
  const [template] = await sql<(TemplateVersion | { version: null; latest_version: number })[]>`
    select id, name, title, template_versions.version, templates.version as latest_version, subject, text, html, variables,
           templates.created_at, template_versions.created_at as updated_at
    from templates
         left join template_versions on template_id = id
                                    and template_versions.version = coalesce(${version}::integer, templates.version)
    where client_id = ${clientId} and ${named(sql, nameOrId)}`;
  return template;
}

/** Gives it other names. False where the client has another template of this name. */
export async function renameTemplate(
  sql: Query,
  id: string,
  { name, title }: Pick<TemplateVersion, 'name' | 'title'>,
): Promise<boolean> {
  const rows = await sql`
    update templates set name = ${name}, title = ${title}
    where id = ${id} and not exists (
      select from templates other where other.client_id = templates.client_id and other.name = ${name} and other.id <> ${id})
    returning id`;
  return rows.length === 1;
}

/** Newest first, at most `limit`; with `before`, those next to it, and the oldest first. */
export async function listTemplates(
  sql: Query,
  clientId: string,
  { after, before, limit }: { after?: string | undefined; before?: string | undefined; limit: number },
): Promise<TemplateSummary[]> {
  return sql<TemplateSummary[]>`
    select id, name, title, version, created_at, updated_at from templates
    where client_id = ${clientId} ${after ? sql`and id < ${after}` : sql``} ${before ? sql`and id > ${before}` : sql``}
    order by id ${before ? sql`` : sql`desc`} limit ${limit}`;
}

/** With all its versions. Its id; undefined: the client has none of that name or id. */
export async function deleteTemplate(sql: Query, clientId: string, nameOrId: string): Promise<string | undefined> {
  const [deleted] = await sql<{ id: string }[]>`
    delete from templates where client_id = ${clientId} and ${named(sql, nameOrId)} returning id`;
  return deleted?.id;
}

function named(sql: Query, nameOrId: string) {
  return isTemplateId(nameOrId) ? sql`id = ${nameOrId}` : sql`name = ${nameOrId}`;
}
