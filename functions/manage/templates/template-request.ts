// What the routes of templates take: bodies, the query of a list, a version, `If-Match`.
import * as v from 'valibot';
import { pageParameters } from '../../../lib/http/query.ts';
import { invalidBody, missing } from '../../../lib/http/request-body.ts';
import { firstFault, headerWithin, text } from '../../../lib/http/size-limits.ts';
import { strictObject } from '../../../lib/http/strict-object.ts';
import { type Work, WorkTooLong } from '../../../lib/http/work.ts';
import {
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

/** POST /templates */
export const NewTemplateRequest = v.pipe(strictObject({ name: TemplateName, ...parts }), contentCheck());
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
  const tags = (headerWithin(header, maxIfMatch) ?? '').split(',').map((tag) => tag.trim());
  return tags.includes('*') || tags.includes(entityTag(version));
}

export function entityTag(version: number): string {
  return `"${version}"`;
}
