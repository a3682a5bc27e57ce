// The handlers of POST /templates, PUT /templates/{name} and DELETE /templates/{name}.
import { v7 as uuidv7 } from 'uuid';
import type * as v from 'valibot';
import type { ClientRequest } from '../../../lib/auth/client-route.ts';
import { ApiError } from '../../../lib/http/errors.ts';
import type { Reply } from '../../../lib/http/exchange.ts';
import { lockStored } from '../../../lib/store/clients/clients.ts';
import { inTransaction, type Query } from '../../../lib/store/database.ts';
import { isTemplateName } from '../../../lib/store/templates/template.ts';
import {
  deleteTemplate,
  findTemplate,
  insertTemplate,
  insertVersion,
  maxTemplates,
  maxVersions,
  maxVersionsInAll,
  measureVersions,
  type NewVersion,
  type TemplateVersion,
} from '../../../lib/store/templates/templates.ts';
import { type ManageDependencies, tooMany } from '../dependencies.ts';
import { showTemplate, unknownTemplate } from './show-templates.ts';
import { allowsChange, checkLiquid, type NewTemplateRequest, type TemplateVersionRequest } from './template-request.ts';

/** Somebody else may make a version between our read and our write; then we read again, this many times. */
const maxLooks = 5;

/** 201 with version 1 and its `Location`; 409 `already_exists` when the name is taken; 422 when the client has as many as it may have. */
export async function createTemplate(
  { body, client }: ClientRequest<undefined, v.InferOutput<typeof NewTemplateRequest>>,
  { sql, work, most }: ManageDependencies,
): Promise<Reply> {
  const { name, ...source } = body;
  const template = { id: uuidv7(), name, source, variables: await checkLiquid(source, client.clientId, work) };
  const store = bounded(client.clientId, most.templateBytes, (transaction) =>
    insertTemplate(transaction, client.clientId, template),
  );
  switch (await inTransaction(sql, store)) {
    case 'inserted':
      return { ...showTemplate(firstVersion(template)), status: 201 };
    case 'name_taken':
      throw new ApiError('already_exists', `You have a template ${template.name}; PUT makes a new version of it.`);
    case 'too_many':
      throw tooManyTemplates();
  }
}

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
      const template = { id: uuidv7(), name, ...version };
      const store = bounded(clientId, most.templateBytes, (transaction) =>
        insertTemplate(transaction, clientId, template),
      );
      const result = await inTransaction(sql, store);
      if (result === 'inserted') return { ...showTemplate(firstVersion(template)), status: 201 };
      if (result === 'too_many') throw tooManyTemplates();
    } else if (newest.version !== null) {
      if (saysTheSame(newest, version)) return showTemplate(newest);
      if (newest.version >= maxVersions) {
        throw tooMany(`It has ${maxVersions} versions, which is the most; delete the template to begin anew`);
      }
      const { id, version: before } = newest;
      const store = bounded(clientId, most.templateBytes, (transaction) =>
        insertVersion(transaction, id, before, version),
      );
      if (await inTransaction(sql, store)) {
        const next = newest.version + 1;
        const { source, variables } = version;
        return showTemplate({
          ...newest,
          ...source,
          variables,
          version: next,
          latest_version: next,
          updated_at: new Date(),
        });
      }
    }
  }
  throw new ApiError('conflict', 'This template changes too quickly. Try again.');
}

/** 204. Emails rendered from it stay as they are. */
export async function removeTemplate(
  { params: { name = '' }, client }: ClientRequest,
  { sql }: ManageDependencies,
): Promise<Reply> {
  if (await deleteTemplate(sql, client.clientId, name)) return { status: 204 };
  throw unknownTemplate(name);
}

function firstVersion({ id, name, source, variables }: NewVersion & { id: string; name: string }): TemplateVersion {
  const now = new Date();
  return { id, name, version: 1, latest_version: 1, ...source, variables, created_at: now, updated_at: now };
}

function saysTheSame(one: TemplateVersion, { source }: NewVersion): boolean {
  return one.subject === source.subject && one.text === source.text && one.html === source.html;
}

/** Runs `insert` in a transaction that is rolled back when the client has more than it may have by then. */
function bounded<Result>(clientId: string, mostBytes: number, insert: (transaction: Query) => Promise<Result>) {
  return async (transaction: Query): Promise<Result> => {
    await lockStored(transaction, clientId);
    const result = await insert(transaction);
    const { versions, bytes } = await measureVersions(transaction, clientId);
    if (versions > maxVersionsInAll) {
      throw tooMany(
        `Your templates have ${maxVersionsInAll} versions in all, which is the most; delete templates first`,
      );
    }
    if (bytes > mostBytes) {
      throw tooMany(`The versions of all your templates may have ${mostBytes} bytes in all; delete templates first`);
    }
    return result;
  };
}

function tooManyTemplates(): ApiError {
  return tooMany(`You have ${maxTemplates} templates, which is the most`);
}
