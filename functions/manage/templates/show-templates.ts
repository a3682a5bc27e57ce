// The handlers of GET /templates and GET /templates/{name}, and how a template is shown.
import type * as v from 'valibot';
import type { ClientRequest } from '../../../lib/auth/client-route.ts';
import { ApiError } from '../../../lib/http/errors.ts';
import type { Reply } from '../../../lib/http/exchange.ts';
import { pageOf } from '../../../lib/http/query.ts';
import { findTemplate, listTemplates, type TemplateVersion } from '../../../lib/store/templates/templates.ts';
import type { ManageDependencies } from '../dependencies.ts';
import { entityTag, type TemplateListQuery, type TemplateQuery } from './template-request.ts';

/** 200 `{object: "list", data, has_more, next_after}`, newest first, paged as GET /emails. */
export async function showTemplates(
  { query: { after, limit }, client }: ClientRequest<v.InferOutput<typeof TemplateListQuery>>,
  { sql }: ManageDependencies,
): Promise<Reply> {
  // One row more than asked for: it shows whether there is another page.
  const templates = await listTemplates(sql, client.clientId, { after, limit: limit + 1 });
  const show = (template: (typeof templates)[number]) => ({ object: 'template', ...template });
  const body = pageOf(templates, limit, show, ({ id }) => id);
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

/** Its `ETag` is what `If-Match` of PUT names. */
export function showTemplate(template: TemplateVersion): Reply {
  const { id, name, version, latest_version, subject, text, html, variables, created_at, updated_at } = template;
  return {
    status: 200,
    headers: { 'cache-control': 'no-store', etag: entityTag(version), location: `/templates/${name}` },
    body: {
      object: 'template',
      ...{ id, name, version, latest_version, subject, text, html, variables, created_at, updated_at },
    },
  };
}

/** Another client's template gets the same 404 as a name that does not exist. */
export function unknownTemplate(nameOrId: string): ApiError {
  return new ApiError('not_found', `You have no template ${nameOrId}.`);
}
