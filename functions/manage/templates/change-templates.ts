// The handlers that change a template: PUT, PATCH and DELETE /templates/{name}, and POST /templates/{name}/publish.
import { isDeepStrictEqual } from 'node:util';
import { v7 as uuidv7 } from 'uuid';
import type * as v from 'valibot';
import type { ClientRequest } from '../../../lib/auth/client-route.ts';
import { ApiError } from '../../../lib/http/errors.ts';
import type { Reply } from '../../../lib/http/exchange.ts';
import { checkSameId } from '../../../lib/http/request-body.ts';
import { inTransaction } from '../../../lib/store/database.ts';
import { isTemplateName } from '../../../lib/store/templates/template.ts';
import {
  deleteTemplate,
  findTemplate,
  insertTemplate,
  insertVersion,
  maxVersions,
  type NewVersion,
  renameTemplate,
  type TemplateVersion,
} from '../../../lib/store/templates/templates.ts';
import { type ManageDependencies, tooMany } from '../dependencies.ts';
import { bounded, firstVersion, nameTaken, tooManyTemplates } from './new-templates.ts';
import { showTemplate, unknownTemplate } from './show-templates.ts';
import {
  allowsChange,
  type ChangeTemplateRequest,
  checkLiquid,
  checkVariables,
  type TemplateVersionRequest,
} from './template-request.ts';

/** Somebody else may make a version between our read and our write; then we read again, this many times. */
const maxLooks = 5;

/**
 * 200 with the next version, or with the newest if its content is the same: PUT may be repeated. 201 with version 1 if the client
 * has no template of that name. `If-Match` (optional) names the version to replace; 412 when it is not the newest.
 */
export async function putTemplate(
  {
    params: { name = '' },
    headers,
    body,
    client,
  }: ClientRequest<undefined, v.InferOutput<typeof TemplateVersionRequest>>,
  { sql, work, most }: ManageDependencies,
): Promise<Reply> {
  const { clientId } = client;
  const version = { source: body, variables: await checkLiquid(body, clientId, work) };
  for (let look = 0; look < maxLooks; look += 1) {
    const newest = await findTemplate(sql, clientId, name);
    if (!allowsChange(headers['if-match'], newest?.latest_version)) {
      const now = newest === undefined ? 'there is none' : `it is ${newest.latest_version}`;
      throw new ApiError('precondition_failed', `If-Match does not name the newest version of ${name}: ${now}.`);
    }
    if (newest === undefined) {
      if (!isTemplateName(name)) throw unknownTemplate(name);
      const template = { id: uuidv7(), name, title: null, ...version };
      const store = bounded(clientId, most.templateBytes, (transaction) =>
        insertTemplate(transaction, clientId, template),
      );
      const result = await inTransaction(sql, store);
      if (result === 'inserted') return { ...showTemplate(firstVersion(template)), status: 201 };
      if (result === 'too_many') throw tooManyTemplates();
    } else if (newest.version !== null) {
      const next = await nextVersion(newest, version, clientId, { sql, most });
      if (next !== undefined) return showTemplate(next);
    }
  }
  throw tooQuick();
}

/** 200 with the next version, in which what was not given is as it was before, or with the newest if nothing is different. */
export async function changeTemplate(
  { params: { name = '' }, body, client }: ClientRequest<undefined, v.InferOutput<typeof ChangeTemplateRequest>>,
  { sql, work, most }: ManageDependencies,
): Promise<Reply> {
  const { clientId } = client;
  const { id, template_id, name: title, alias, variables: declared, ...parts } = body;
  for (let look = 0; look < maxLooks; look += 1) {
    const newest = await findTemplate(sql, clientId, name);
    if (newest === undefined || newest.version === null) throw unknownTemplate(name);
    checkSameId({ id, template_id }, [newest.id, newest.name]);
    const { subject = newest.subject, text = newest.text, html = newest.html } = parts;
    const source = { subject, text, html };
    const variables = await checkVariables(source, declared ?? newest.variables.declared, clientId, work);
    const next = await nextVersion(newest, { source, variables }, clientId, { sql, most });
    if (next === undefined) continue;
    const names = { name: alias ?? next.name, title: title ?? next.title };
    const isRenamed = names.name !== next.name || names.title !== next.title;
    if (isRenamed && !(await renameTemplate(sql, next.id, names))) throw nameTaken(names.name, 'choose another alias');
    return showTemplate({ ...next, ...names });
  }
  throw tooQuick();
}

/** 200 with the newest version, which is what emails are rendered from in any case: there are no drafts. */
export async function publishTemplate(
  { params: { name = '' }, client }: ClientRequest,
  { sql }: ManageDependencies,
): Promise<Reply> {
  const newest = await findTemplate(sql, client.clientId, name);
  if (newest === undefined || newest.version === null) throw unknownTemplate(name);
  return showTemplate(newest);
}

/** 200 `{object, id, deleted: true}`. Emails rendered from it stay as they are. */
export async function removeTemplate(
  { params: { name = '' }, client }: ClientRequest,
  { sql }: ManageDependencies,
): Promise<Reply> {
  const id = await deleteTemplate(sql, client.clientId, name);
  if (id === undefined) throw unknownTemplate(name);
  return { status: 200, body: { object: 'template', id, deleted: true } };
}

/** The newest version now; undefined where somebody else has made one meanwhile. */
async function nextVersion(
  newest: TemplateVersion,
  version: NewVersion,
  clientId: string,
  { sql, most }: Pick<ManageDependencies, 'sql' | 'most'>,
): Promise<TemplateVersion | undefined> {
  if (saysTheSame(newest, version)) return newest;
  if (newest.version >= maxVersions) {
    throw tooMany(`It has ${maxVersions} versions, which is the most; delete the template to begin anew`);
  }
  const store = bounded(clientId, most.templateBytes, (transaction) =>
    insertVersion(transaction, newest.id, newest.version, version),
  );
  if (!(await inTransaction(sql, store))) return undefined;
  const next = newest.version + 1;
  const { source, variables } = version;
  return { ...newest, ...source, variables, version: next, latest_version: next, updated_at: new Date() };
}

function saysTheSame(one: TemplateVersion, { source, variables }: NewVersion): boolean {
  const isSameSource = one.subject === source.subject && one.text === source.text && one.html === source.html;
  return isSameSource && isDeepStrictEqual(one.variables.declared, variables.declared);
}

function tooQuick(): ApiError {
  return new ApiError('conflict', 'This template changes too quickly. Try again.');
}
