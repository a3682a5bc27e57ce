// The routes of templates.
import type { Route } from '../../../lib/http/route.ts';
import type { Authorized } from '../handler.ts';
import { createTemplate, putTemplate, removeTemplate } from './change-templates.ts';
import { showOneTemplate, showTemplates } from './show-templates.ts';

const accepts = ['application/json'] as const;

export function templateRoutes(authorized: Authorized): Route[] {
  return [
    { method: 'GET', path: '/templates', handle: authorized('basic', showTemplates) },
    { method: 'POST', path: '/templates', accepts, handle: authorized('email', createTemplate) },
    { method: 'GET', path: '/templates/{name}', handle: authorized('basic', showOneTemplate) },
    { method: 'PUT', path: '/templates/{name}', accepts, handle: authorized('email', putTemplate) },
    { method: 'DELETE', path: '/templates/{name}', handle: authorized('email', removeTemplate) },
  ];
}
