// SQL that finds templates to render, several at once.
import type { Query } from '../database.ts';
import { type DeclaredVariable, isTemplateId, type TemplateSource } from './template.ts';

export interface WantedTemplate {
  client_id: string;
  /** Its name or id. */
  template: string;
  /** Null: the newest. */
  version: number | null;
}

export interface ResolvedTemplate {
  id: string;
  name: string;
  /** Null: it has no such version. */
  version: number | null;
  latest_version: number;
}

/** In order; undefined where the client has no such template. */
export async function resolveTemplates(
  sql: Query,
  wanted: WantedTemplate[],
): Promise<(ResolvedTemplate | undefined)[]> {
  const rows = wanted.map(({ template, ...one }, position) => ({
    ...one,
    position,
    ...(isTemplateId(template) ? { id: template } : { name: template }),
  }));
  const found = await sql<(ResolvedTemplate & { position: number })[]>`
    select position, template.id, template.name, template.version as latest_version, template_versions.version
    from json_to_recordset(${JSON.stringify(rows)}::text::json)
           as wanted(position integer, client_id text, id uuid, name text, version integer)
         cross join lateral (
           select * from templates where wanted.name is not null and client_id = wanted.client_id and name = wanted.name
           union all
           select * from templates where id = wanted.id and client_id = wanted.client_id) template
         left join template_versions on template_id = template.id
                                    and template_versions.version = coalesce(wanted.version, template.version)`;
  const byPosition = new Map(found.map(({ position, ...template }) => [position, template]));
  return wanted.map((_, position) => byPosition.get(position));
}

export interface ReadSource extends TemplateSource {
  declared: DeclaredVariable[];
}

/** In order; undefined where the version has been deleted meanwhile. */
export async function readSources(
  sql: Query,
  versions: { id: string; version: number }[],
): Promise<(ReadSource | undefined)[]> {
  const rows = await sql<(ReadSource & { position: number })[]>`
    select position, subject, text, html, coalesce(variables -> 'declared', '[]') as declared
    from json_to_recordset(${JSON.stringify(versions.map((one, position) => ({ ...one, position })))}::text::json)
           as wanted(position integer, id uuid, version integer)
         join template_versions on template_id = wanted.id and template_versions.version = wanted.version`;
  const byPosition = new Map(rows.map(({ position, ...source }) => [position, source]));
  return versions.map((_, position) => byPosition.get(position));
}
