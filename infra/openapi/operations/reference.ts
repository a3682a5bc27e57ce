// The operations of the console function that show this document.
import * as v from 'valibot';
import type { Answer, Documentation } from '../operation.ts';
import { described, text } from './fields.ts';

const notModified: Answer = { description: 'The copy that the client has is the present one.', headers: ['ETag'] };

export const referenceDocs = {
  getDocument: {
    tag: 'Reference',
    summary: 'Read this document',
    description: 'The OpenAPI 3.1 document of this API. Needs no token.',
    headers: ['If-None-Match'],
    errors: ['malformed_request'],
    answers: {
      200: {
        description: 'The document.',
        headers: ['ETag'],
        body: {
          'application/json': {
            schema: described(v.looseObject({ openapi: text('The version of OpenAPI.') }), 'An OpenAPI document.'),
            example: { openapi: '3.1.1' },
          },
        },
      },
      304: notModified,
    },
    examples: [{ summary: 'The document', status: 200 }],
  },
  getReferencePage: {
    tag: 'Reference',
    summary: 'Read this document as a page',
    description: 'The same as a page for people. Needs no token.',
    headers: ['If-None-Match'],
    errors: ['malformed_request'],
    answers: {
      200: {
        description: 'The page.',
        headers: ['ETag'],
        body: { 'text/html': { schema: v.string(), example: '<!doctype html>…' } },
      },
      304: notModified,
    },
    examples: [{ summary: 'The page', status: 200 }],
  },
} satisfies Record<string, Documentation>;
