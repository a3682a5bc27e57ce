// The operations of templates.
import * as v from 'valibot';
import {
  ChangeTemplateRequest,
  DeclaredVariableRequest,
  NewTemplateRequest,
  TemplateVersionRequest,
} from '../../../functions/manage/templates/template-request.ts';
import { type Call, type Documentation, exampleTemplateId, type Prose } from '../operation.ts';
import { described, kind, pageDescriptions, pageOf, text, textOrNull, time } from './fields.ts';

const source = {
  subject: 'Welcome, {{ first_name }}',
  html: '<p>Hello {{ first_name }}</p>{% if coupon %}<p>{{ coupon }}</p>{% endif %}',
};
const later = { ...source, text: 'Hello {{ first_name }}' };

/** The template `welcome`, in a version of at least 1. */
export async function givenTemplate(call: Call) {
  await call('PUT', '/templates/welcome', source);
  return {};
}

/** A template of its own for the example, in version 1. */
async function givenFirstVersion(call: Call) {
  const { alias } = await call('POST', '/templates', { name: 'A farewell', ...source });
  return { welcome: alias };
}

const versionNumber = v.pipe(v.number(), v.integer(), v.minValue(1));
const inList = {
  object: kind('template'),
  id: described(v.pipe(v.string(), v.uuid()), 'Its id.'),
  name: text('What it is called: its name, or a title.'),
  alias: text('Its name, as it stands in paths.'),
  status: described(v.literal('published'), 'There are no drafts: each version is used as soon as it is there.'),
  published_at: time('When its newest version was made.'),
};
const Variable = v.pipe(
  v.strictObject({
    key: text('Its name.'),
    type: described(v.picklist(['string', 'number']), 'What it is.'),
    fallback_value: described(v.nullable(v.union([v.string(), v.number()])), 'Its value where an email gives none.'),
    created_at: time('When the template was made.'),
    updated_at: time('When this version was made.'),
  }),
  v.title('TemplateVariable'),
);
const names = (description: string) => described(v.array(v.string()), description);

const TemplateSummary = v.pipe(
  v.strictObject({
    ...inList,
    version: described(versionNumber, 'Number of the newest version.'),
    created_at: time('When it was made.'),
    updated_at: time('When its newest version was made.'),
  }),
  v.title('TemplateSummary'),
);

const Template = v.pipe(
  v.strictObject({
    ...inList,
    version: described(versionNumber, 'Number of the version that is shown.'),
    latest_version: described(versionNumber, 'Number of the newest version.'),
    subject: text('The subject, in Liquid.'),
    text: textOrNull('The text, in Liquid; null: it is made of the HTML.'),
    html: textOrNull('The HTML, in Liquid; null: there is none.'),
    variables: described(
      v.union([
        v.strictObject({
          required: names('Without these, nothing can be rendered.'),
          optional: names('Wanted in some branches only, or there is a default.'),
        }),
        v.array(Variable),
      ]),
      'Variables that it uses, as paths into `data`: `user.name`; where the client told of its variables, what it told.',
    ),
    created_at: time('When the template was made.'),
    updated_at: time('When this version was made.'),
    from: described(v.null(), 'Emails say from whom they are.'),
    reply_to: described(v.null(), 'Emails say where answers go.'),
    has_unpublished_versions: described(v.literal(false), 'There are no drafts.'),
    current_version_id: text('The id and the number of the newest version.'),
  }),
  v.title('Template'),
);

const at = '2026-01-31T12:00:00.000Z';
const summary = {
  object: 'template',
  id: exampleTemplateId,
  name: 'welcome',
  alias: 'welcome',
  status: 'published',
  published_at: at,
  version: 1,
  created_at: at,
  updated_at: at,
};
const template = {
  ...summary,
  latest_version: 1,
  ...source,
  text: null,
  variables: { required: ['first_name'], optional: ['coupon'] },
  from: null,
  reply_to: null,
  has_unpublished_versions: false,
  current_version_id: `${exampleTemplateId}.1`,
};

const shown = (description: string, example: unknown = template) => ({
  description,
  headers: ['ETag', 'Location'] as const,
  body: { 'application/json': { schema: Template, example } },
});
const language =
  'The parts are in Liquid, without anything that reads files or runs for long. Values are escaped in HTML. A missing variable refuses the email, unless there is a default or the branch is not taken.';

const nameParameter = {
  name: {
    description: 'Its name, or its id.',
    schema: v.string(),
    example: 'welcome',
    // PUT makes one where a name is new; no template has an id that was made up.
    unknown: exampleTemplateId,
  },
};

export const templateDocs = {
  listTemplates: {
    tag: 'Templates',
    summary: 'List templates',
    description: 'Newest first, without what they say.',
    query: pageDescriptions,
    answers: {
      200: {
        description: 'A page of them.',
        body: {
          'application/json': {
            schema: v.pipe(pageOf(TemplateSummary), v.title('TemplateList')),
            example: { object: 'list', data: [summary], has_more: false, next_after: null },
          },
        },
      },
    },
    examples: [{ summary: 'The newest', given: givenTemplate, query: { limit: '100' }, status: 200 }],
  },
  createTemplate: {
    tag: 'Templates',
    summary: 'Make a template',
    description: `Version 1 of a new template. ${language}`,
    errors: ['missing_required_field', 'already_exists'],
    answers: { 201: shown('It is there.') },
    examples: [
      {
        summary: 'As Resend’s clients write it',
        json: {
          name: 'Order Confirmation',
          html: '<p>Total: {{{PRICE}}}</p>',
          variables: [{ key: 'PRICE', type: 'number', fallback_value: 20 }],
        },
        status: 201,
      },
      {
        summary: 'A welcome',
        given: async () => ({ welcome: 'reminder' }),
        json: { name: 'welcome', ...source },
        status: 201,
      },
    ],
  },
  getTemplate: {
    tag: 'Templates',
    summary: 'Read a template',
    description: 'The newest version, or another one.',
    path_parameters: nameParameter,
    query: { version: 'Number of the version; the newest unless given.' },
    answers: { 200: shown('The template.') },
    examples: [
      { summary: 'The newest version', given: givenTemplate, status: 200 },
      { summary: 'The first version', given: givenTemplate, query: { version: '1' }, status: 200 },
    ],
  },
  putTemplate: {
    tag: 'Templates',
    summary: 'Make a new version of a template',
    description: `Version 1 where there is no template of this name; where the newest version says the same already, nothing is made. Earlier versions stay, and emails that were accepted do not change. ${language}`,
    path_parameters: nameParameter,
    headers: ['If-Match'],
    errors: ['missing_required_field', 'conflict', 'precondition_failed'],
    answers: {
      200: shown('The newest version now.', {
        ...template,
        ...later,
        ...{ version: 2, latest_version: 2, current_version_id: `${exampleTemplateId}.2` },
      }),
      201: shown('It is there, in version 1.'),
    },
    examples: [
      { summary: 'A new one', given: async () => ({ welcome: 'receipt' }), json: source, status: 201 },
      {
        summary: 'What follows version 1, and only it',
        given: givenFirstVersion,
        headers: { 'If-Match': '"1"' },
        json: later,
        status: 200,
      },
    ],
  },
  deleteTemplate: {
    tag: 'Templates',
    summary: 'Delete a template',
    description: 'With all its versions. Emails that were rendered from it stay as they are.',
    path_parameters: nameParameter,
    answers: {
      200: {
        description: 'It is gone.',
        body: {
          'application/json': {
            schema: v.pipe(
              v.strictObject({
                object: kind('template'),
                id: inList.id,
                deleted: described(v.literal(true), 'That it is gone.'),
              }),
              v.title('DeletedTemplate'),
            ),
            example: { object: 'template', id: exampleTemplateId, deleted: true },
          },
        },
      },
    },
    examples: [{ summary: 'Delete it', given: givenTemplate, status: 200 }],
  },
  changeTemplate: {
    tag: 'Templates',
    summary: 'Change parts of a template',
    description: `Makes a new version, in which what is not given is as it was; where nothing is different, nothing is made. ${language}`,
    path_parameters: nameParameter,
    errors: ['already_exists', 'conflict'],
    answers: {
      200: shown('The newest version now.', {
        ...template,
        ...later,
        ...{ version: 2, latest_version: 2, current_version_id: `${exampleTemplateId}.2` },
      }),
    },
    examples: [
      { summary: 'A text beside the HTML', given: givenFirstVersion, json: { text: later.text }, status: 200 },
      { summary: 'What it is called', given: givenTemplate, json: { name: 'A warm welcome' }, status: 200 },
    ],
  },
  publishTemplate: {
    tag: 'Templates',
    summary: 'Publish a template',
    description: 'Changes nothing: emails are rendered from the newest version as soon as it is there.',
    path_parameters: nameParameter,
    answers: { 200: shown('The newest version.') },
    examples: [{ summary: 'Publish it', given: givenTemplate, status: 200 }],
  },
  duplicateTemplate: {
    tag: 'Templates',
    summary: 'Copy a template',
    description: 'Another template that says what the newest version of this one says, with a name of its own.',
    path_parameters: nameParameter,
    answers: {
      201: shown('The copy, in version 1.', {
        ...template,
        ...{ name: 'welcome (copy)', alias: 'welcome-copy-1f0a9c3e' },
      }),
    },
    examples: [{ summary: 'Copy it', given: givenTemplate, status: 201 }],
  },
} satisfies Record<string, Documentation>;

const parts = {
  subject: 'The subject, in Liquid: one line.',
  text: 'The text, in Liquid; made of the HTML unless given.',
  html: 'The HTML, in Liquid. There is a text, HTML, or both.',
};

export const templateProse: Prose[] = [
  {
    schema: DeclaredVariableRequest,
    name: 'DeclaredVariable',
    description: 'A variable of a template.',
    fields: { key: 'Its name.', type: 'What it is.', fallback_value: 'Its value where an email gives none.' },
  },
  {
    schema: NewTemplateRequest,
    name: 'NewTemplateRequest',
    description: 'A template.',
    fields: {
      name: '1 to 100 letters, digits, dots, hyphens and underscores; it begins with a letter or digit, and does not look like an id. Another text becomes its title, and a name is made of it.',
      alias: 'Its name; `name` is its title then.',
      ...parts,
      variables: 'What its variables are, and what stands for one that an email does not give.',
    },
  },
  {
    schema: ChangeTemplateRequest,
    name: 'ChangeTemplateRequest',
    description: 'What is to be changed.',
    fields: {
      ...{ id: 'The id again, as some SDKs send it.', template_id: 'The same.' },
      name: 'Its title.',
      alias: 'Its name.',
      ...parts,
      variables: 'What its variables are.',
    },
  },
  {
    schema: TemplateVersionRequest,
    name: 'TemplateVersionRequest',
    description: 'What a version of a template says.',
    fields: parts,
  },
];
