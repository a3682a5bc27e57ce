// What the routes of templates take: bodies, the query of a list, a version, `If-Match`.
import * as v from 'valibot';
import { unpackedTag } from '../../../lib/http/compress.ts';
import { pageParameters } from '../../../lib/http/query.ts';
import { invalidBody, missing } from '../../../lib/http/request-body.ts';
import { selectSchema } from '../../../lib/http/select-schema.ts';
import { boundedList, firstFault, headerWithin, text } from '../../../lib/http/size-limits.ts';
import { strictObject } from '../../../lib/http/strict-object.ts';
import { type Work, WorkTooLong } from '../../../lib/http/work.ts';
import {
  type DeclaredVariable,
  isTemplateName,
  maxName,
  maxPart,
  maxSubjectPart,
  nameForm,
  type TemplateSource,
  type TemplateVariables,
} from '../../../lib/store/templates/template.ts';

const Source = firstFault(
  v.pipe(
    text(maxPart),
    v.check((given) => !given.includes('\0'), 'must not have NUL characters'),
    v.check((given) => given.isWellFormed(), 'must be well-formed Unicode'),
  ),
);
const parts = {
  subject: firstFault(
    v.pipe(
      text(maxSubjectPart),
      v.check((given) => !/[\p{Cc}\u2028\u2029]/u.test(given), 'must not have line breaks or other control characters'),
      v.check((given) => given.isWellFormed(), 'must be well-formed Unicode'),
    ),
  ),
  text: v.nullish(Source, null),
  html: v.nullish(Source, null),
};
function contentCheck<Input extends object>() {
  return v.rawCheck<Input>(({ dataset, addIssue }) => {
    if (typeof dataset.value !== 'object' || dataset.value === null) return;
    const input = dataset.value as Record<string, unknown>;
    if (input.text !== null || input.html !== null) return;
    const path = { type: 'object', origin: 'value', input, key: 'text', value: null } as const;
    addIssue({ message: missing('text or html'), path: [path] });
  });
}

const nameMessage =
  'must be 1 to 100 letters, digits, dots, hyphens and underscores, begin with a letter or digit, and not look like an id';
export const TemplateName = v.pipe(
  text(maxName, nameMessage),
  v.metadata({ pattern: nameForm.source }),
  v.check(isTemplateName, nameMessage),
);

/** Characters of what a template is called where that cannot be its name. */
const maxTitle = 200;
const Title = firstFault(
  v.pipe(
    text(maxTitle),
    v.check((given) => given.trim() !== '', 'must not be empty'),
    v.check((given) => !/[\p{Cc}\u2028\u2029]/u.test(given), 'must not have line breaks or other control characters'),
    v.check((given) => given.isWellFormed(), 'must be well-formed Unicode'),
  ),
);

const maxVariables = 50;
const maxFallback = 2_000;
const keyMessage = 'must be 1 to 50 letters, digits and underscores, and begin with no digit';
const fallbackMessage = 'must be a string or a number';
export const DeclaredVariableRequest = v.pipe(
  strictObject({
    key: v.pipe(text(50, keyMessage), v.regex(/^[A-Za-z_][A-Za-z0-9_]{0,49}$/, keyMessage)),
    type: v.optional(v.picklist(['string', 'number'], 'must be string or number'), 'string'),
    fallback_value: v.optional(
      selectSchema(
        (input): v.GenericSchema<unknown, string | number> =>
          typeof input === 'string' ? text(maxFallback) : v.number(fallbackMessage),
        v.union([text(maxFallback), v.number()]),
      ),
    ),
  }),
  v.transform(({ fallback_value = null, ...variable }): DeclaredVariable => ({ ...variable, fallback_value })),
);
const Variables = v.optional(boundedList(DeclaredVariableRequest, maxVariables));

const withEmail = 'is not kept with a template here: give it with each email';
const refused = { from: withEmail, reply_to: withEmail };

/** POST /templates. `name` may be any text: then `alias`, or a name made of it, is what stands in paths. */
export const NewTemplateRequest = v.pipe(
  strictObject(
    {
      name: Title,
      alias: v.optional(TemplateName),
      ...parts,
      // An email may bring its own.
      subject: v.optional(parts.subject, ''),
      variables: Variables,
    },
    refused,
  ),
  contentCheck(),
);
/** PATCH /templates/{name}: what is missing stays as it is. */
export const ChangeTemplateRequest = strictObject(
  {
    id: v.optional(text(maxName)),
    template_id: v.optional(text(maxName)),
    name: v.optional(Title),
    alias: v.optional(TemplateName),
    subject: v.optional(parts.subject),
    text: v.optional(Source),
    html: v.optional(Source),
    variables: Variables,
  },
  refused,
);
/** PUT /templates/{name} */
export const TemplateVersionRequest = v.pipe(strictObject(parts), contentCheck());

/** The variables of a template. Throws `validation_error` (422) naming every fault of its Liquid, with line and column. */
export function checkLiquid({ subject, text, html }: TemplateSource, clientId: string, work: Work) {
  return work<TemplateVariables>('readLiquid', { subject, text, html }, { holder: clientId }).catch((error) => {
    throw error instanceof WorkTooLong
      ? invalidBody([{ path: '', message: 'The template takes too long to read' }])
      : error;
  });
}

/** The same, with what the client told of them. */
export async function checkVariables(
  source: TemplateSource,
  declared: DeclaredVariable[] | undefined,
  clientId: string,
  work: Work,
): Promise<TemplateVariables> {
  const used = await checkLiquid(source, clientId, work);
  return declared === undefined ? used : { ...used, declared };
}

export const TemplateListQuery = v.strictObject(pageParameters('template'));

const versionMessage = 'must be the number of a version, from 1';
export const TemplateQuery = v.strictObject({
  version: v.optional(
    v.pipe(
      text(9, versionMessage),
      v.regex(/^\d{1,9}$/, versionMessage),
      v.metadata({ type: 'integer', minimum: 1, pattern: undefined, maxLength: undefined }),
      v.transform(Number),
      v.minValue(1, versionMessage),
    ),
  ),
});

/** Most characters of `If-Match`. One tag is enough; a hundred are more than anybody needs. */
const maxIfMatch = 1_500;

/** Whether an `If-Match` header (RFC 9110 §13.1.1) allows a change of this version; `undefined`: the template does not exist. */
export function allowsChange(header: string | undefined, version: number | undefined): boolean {
  if (header === undefined) return true;
  if (version === undefined) return false;
  const tags = (headerWithin(header, maxIfMatch) ?? '').split(',').map((tag) => unpackedTag(tag.trim()));
  return tags.includes('*') || tags.includes(entityTag(version));
}

export function entityTag(version: number): string {
  return `"${version}"`;
}
