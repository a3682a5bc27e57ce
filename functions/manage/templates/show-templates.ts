// The handlers of GET /templates and GET /templates/{name}, and how a template is shown.
import type * as v from 'valibot';
import type { ClientRequest } from '../../../lib/auth/client-route.ts';
import { ApiError } from '../../../lib/http/errors.ts';
import type { Reply } from '../../../lib/http/exchange.ts';
import { pageOf } from '../../../lib/http/query.ts';
import {
  findTemplate,
  listTemplates,
  type TemplateSummary,
  type TemplateVersion,
} from '../../../lib/store/templates/templates.ts';
import type { ManageDependencies } from '../dependencies.ts';
import { entityTag, type TemplateListQuery, type TemplateQuery } from './template-request.ts';

/** 200 `{object: "list", data, has_more, next_after}`, newest first, paged as GET /emails. */
export async function showTemplates(
  { query, client }: ClientRequest<v.InferOutput<typeof TemplateListQuery>>,
  { sql }: ManageDependencies,
): Promise<Reply> {
  // One row more than asked for: it shows whether there is another page.
  const templates = await listTemplates(sql, client.clientId, { ...query, limit: query.limit + 1 });
  const body = pageOf(templates, query, showSummary, ({ id }) => id);
  return { status: 200, headers: { 'cache-control': 'no-store' }, body };
}

/** 200 with the newest version, or with that of `?version=`. */
export async function showOneTemplate(
  { params: { name = '' }, query: { version }, client }: ClientRequest<v.InferOutput<typeof TemplateQuery>>,
  { sql }: ManageDependencies,
): Promise<Reply> {
  const template = await findTemplate(sql, client.clientId, name, version);
  if (template === undefined) throw unknownTemplate(name);
  if (template.version === null) {
    throw new ApiError(
      'not_found',
      `The template ${name} has no version ${version}: the newest is ${template.latest_version}.`,
    );
  }
  return showTemplate(template);
}

function showSummary({ title, ...template }: TemplateSummary) {
  return { object: 'template', ...template, ...namesOf({ title, ...template }), ...publishedAt(template.updated_at) };
}

/** Its `ETag` is what `If-Match` of PUT names. */
export function showTemplate(template: TemplateVersion): Reply {
  const { id, name, version, latest_version, subject, text, html, created_at, updated_at } = template;
  return {
    status: 200,
    headers: { 'cache-control': 'no-store', etag: entityTag(version), location: `/templates/${name}` },
    body: {
      object: 'template',
      ...{ id, ...namesOf(template), version, latest_version, subject, text, html },
      variables: showVariables(template),
      ...{ created_at, updated_at, ...publishedAt(updated_at) },
      // What Resend has beside that: each version is published as soon as it is there, and says from whom with no word.
      ...{ from: null, reply_to: null, has_unpublished_versions: false, current_version_id: `${id}.${latest_version}` },
    },
  };
}

/** What it is called, and what stands in paths. */
function namesOf({ name, title }: Pick<TemplateVersion, 'name' | 'title'>) {
  return { name: title ?? name, alias: name };
}

function publishedAt(time: Date) {
  return { status: 'published', published_at: time };
}

/** Where its client told of its variables, what it told, as Resend has it; else how it uses them. */
function showVariables({ variables: { declared, ...used }, created_at, updated_at }: TemplateVersion) {
  return declared === undefined ? used : declared.map((variable) => ({ ...variable, created_at, updated_at }));
}

/** Another client's template gets the same 404 as a name that does not exist. */
export function unknownTemplate(nameOrId: string): ApiError {
  return new ApiError('not_found', `You have no template ${nameOrId}.`);
}
