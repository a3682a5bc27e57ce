// The handlers of POST /templates and POST /templates/{name}/duplicate, and the names that new templates get.
import { randomBytes } from 'node:crypto';
import { v7 as uuidv7 } from 'uuid';
import type * as v from 'valibot';
import type { ClientRequest } from '../../../lib/auth/client-route.ts';
import { ApiError } from '../../../lib/http/errors.ts';
import type { Reply } from '../../../lib/http/exchange.ts';
import { lockStored } from '../../../lib/store/clients/clients.ts';
import { inTransaction, type Query } from '../../../lib/store/database.ts';
import { isTemplateName, maxName } from '../../../lib/store/templates/template.ts';
import {
  findTemplate,
  insertTemplate,
  maxTemplates,
  maxVersionsInAll,
  measureVersions,
  type NewTemplate,
  type TemplateVersion,
} from '../../../lib/store/templates/templates.ts';
import { type ManageDependencies, tooMany } from '../dependencies.ts';
import { showTemplate, unknownTemplate } from './show-templates.ts';
import { checkVariables, type NewTemplateRequest } from './template-request.ts';

/** 201 with version 1 and its `Location`; 409 `already_exists` when the name is taken. */
export async function createTemplate(
  { body, client }: ClientRequest<undefined, v.InferOutput<typeof NewTemplateRequest>>,
  { sql, work, most }: ManageDependencies,
): Promise<Reply> {
  const { name, alias, variables: declared, ...source } = body;
  const variables = await checkVariables(source, declared, client.clientId, work);
  const named =
    alias === undefined && isTemplateName(name) ? { name, title: null } : { name: alias ?? nameOf(name), title: name };
  const template = { id: uuidv7(), ...named, source, variables };
  switch (await insertBounded(template, client.clientId, { sql, most })) {
    case 'inserted':
      return { ...showTemplate(firstVersion(template)), status: 201 };
    case 'name_taken':
      throw nameTaken(template.name, 'PUT makes a new version of it');
    case 'too_many':
      throw tooManyTemplates();
  }
}

/** 201 with version 1 of another template that says what the newest version of this one says. */
export async function duplicateTemplate(
  { params: { name = '' }, client }: ClientRequest,
  { sql, most }: ManageDependencies,
): Promise<Reply> {
  const found = await findTemplate(sql, client.clientId, name);
  if (found === undefined || found.version === null) throw unknownTemplate(name);
  const { subject, text, html, variables } = found;
  const template = {
    id: uuidv7(),
    name: nameOf(`${found.name}-copy`),
    title: `${(found.title ?? found.name).slice(0, mostOfTitle).toWellFormed()} (copy)`,
    source: { subject, text, html },
    variables,
  };
  const result = await insertBounded(template, client.clientId, { sql, most });
  if (result === 'too_many') throw tooManyTemplates();
  if (result === 'name_taken') throw new ApiError('conflict', 'This template changes too quickly. Try again.');
  return { ...showTemplate(firstVersion(template)), status: 201 };
}

/** A title has 200 characters. */
const mostOfTitle = 190;
/** Of chance, so that two titles that look alike in a path have names of their own. */
const chanceBytes = 4;

/** A name for what is called something else, as `Order-Confirmation-1f0a9c3e`. */
function nameOf(title: string): string {
  const words = title.normalize('NFKD').replace(/[^A-Za-z0-9._-]+/g, '-');
  const chance = randomBytes(chanceBytes).toString('hex');
  const most = maxName - chance.length - 1;
  return `${words.replace(/^[^A-Za-z0-9]+/, '').slice(0, most) || 'template'}-${chance}`;
}

export function firstVersion({ id, name, title, source, variables }: NewTemplate): TemplateVersion {
  const now = new Date();
  return { id, name, title, version: 1, latest_version: 1, ...source, variables, created_at: now, updated_at: now };
}

export function nameTaken(name: string, advice: string): ApiError {
  return new ApiError('already_exists', `You have a template ${name}; ${advice}.`);
}

function insertBounded(
  template: NewTemplate,
  clientId: string,
  { sql, most }: Pick<ManageDependencies, 'sql' | 'most'>,
) {
  const store = bounded(clientId, most.templateBytes, (transaction) => insertTemplate(transaction, clientId, template));
  return inTransaction(sql, store);
}

/** Runs `insert` in a transaction that is rolled back when the client has more than it may have by then. */
export function bounded<Result>(clientId: string, mostBytes: number, insert: (transaction: Query) => Promise<Result>) {
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

export function tooManyTemplates(): ApiError {
  return tooMany(`You have ${maxTemplates} templates, which is the most`);
}
