// The routes of templates.
import { clientRoute } from '../../../lib/auth/client-route.ts';
import { json } from '../../../lib/http/body-form.ts';
import type { ManageDependencies } from '../dependencies.ts';
import { changeTemplate, publishTemplate, putTemplate, removeTemplate } from './change-templates.ts';
import { createTemplate, duplicateTemplate } from './new-templates.ts';
import { showOneTemplate, showTemplates } from './show-templates.ts';
import {
  ChangeTemplateRequest,
  NewTemplateRequest,
  TemplateListQuery,
  TemplateQuery,
  TemplateVersionRequest,
} from './template-request.ts';

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
  changeTemplate: route({
    method: 'PATCH',
    path,
    scope: 'email',
    body: json(ChangeTemplateRequest),
    handle: changeTemplate,
  }),
  publishTemplate: route({ method: 'POST', path: `${path}/publish`, scope: 'email', handle: publishTemplate }),
  duplicateTemplate: route({ method: 'POST', path: `${path}/duplicate`, scope: 'email', handle: duplicateTemplate }),
  deleteTemplate: route({ method: 'DELETE', path, scope: 'email', handle: removeTemplate }),
};
