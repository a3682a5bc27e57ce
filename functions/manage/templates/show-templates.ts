// The handlers of GET /templates and GET /templates/{name}, and how a template is shown.
import { ApiError } from '../../../lib/http/errors.ts';
import type { Reply } from '../../../lib/http/exchange.ts';
import { checkQuery } from '../../../lib/http/query.ts';
import { findTemplate, listTemplates, type TemplateVersion } from '../../../lib/store/templates/templates.ts';
import type { Handler } from '../handler.ts';
import { entityTag, TemplateListQuery, TemplateQuery } from './template-request.ts';

/** 200 `{object: "list", data, has_more, next_after}`, newest first, paged as GET /emails. */
export const showTemplates: Handler = async ({ query }, { clientId }, { sql }) => {
  const { after, limit } = checkQuery(TemplateListQuery, query);
  // One more than asked for tells whether there is another page.
  const templates = await listTemplates(sql, clientId, { after, limit: limit + 1 });
  const data = templates.slice(0, limit).map((template) => ({ object: 'template', ...template }));
  const has_more = templates.length > limit;
  return {
    status: 200,
    headers: { 'cache-control': 'no-store' },
    body: { object: 'list', data, has_more, next_after: has_more ? data.at(-1)?.id : null },
  };
};

/** 200 with the newest version, or with that of `?version=`. */
export const showOneTemplate: Handler = async ({ params: { name = '' }, query }, { clientId }, { sql }) => {
  const { version } = checkQuery(TemplateQuery, query);
  const template = await findTemplate(sql, clientId, name, version);
  if (template === undefined) throw unknownTemplate(name);
  if (template.version === null) {
    throw new ApiError(
      'not_found',
      `The template ${name} has no version ${version}: the newest is ${template.latest_version}.`,
    );
  }
  return showTemplate(template);
};

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

/** Another client's template is as unknown as one that never was. */
export function unknownTemplate(nameOrId: string): ApiError {
  return new ApiError('not_found', `You have no template ${nameOrId}.`);
}
