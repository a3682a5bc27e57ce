// The routes of templates.
import { clientRoute } from '../../../lib/auth/client-route.ts';
import { json } from '../../../lib/http/body-form.ts';
import type { ManageDependencies } from '../dependencies.ts';
import { createTemplate, putTemplate, removeTemplate } from './change-templates.ts';
import { showOneTemplate, showTemplates } from './show-templates.ts';
import { NewTemplateRequest, TemplateListQuery, TemplateQuery, TemplateVersionRequest } from './template-request.ts';

const route = clientRoute<ManageDependencies>();
const path = '/templates/{name}';

export const templateRoutes = {
  listTemplates: route({
    method: 'GET',
    path: '/templates',
    scope: 'basic',
    query: TemplateListQuery,
    handle: showTemplates,
  }),
  createTemplate: route({
    method: 'POST',
    path: '/templates',
    scope: 'email',
    body: json(NewTemplateRequest),
    handle: createTemplate,
  }),
  getTemplate: route({ method: 'GET', path, scope: 'basic', query: TemplateQuery, handle: showOneTemplate }),
  putTemplate: route({ method: 'PUT', path, scope: 'email', body: json(TemplateVersionRequest), handle: putTemplate }),
  deleteTemplate: route({ method: 'DELETE', path, scope: 'email', handle: removeTemplate }),
};
