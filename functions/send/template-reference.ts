// How a request names a template, and what it may give for its variables.
import * as v from 'valibot';
import { selectSchema } from '../../lib/http/select-schema.ts';
import { text } from '../../lib/http/size-limits.ts';
import { strictObject } from '../../lib/http/strict-object.ts';
import { isTemplateId, isTemplateName, maxName, nameForm } from '../../lib/store/templates/template.ts';

export interface TemplateUse {
  /** Its name or id. */
  template: string;
  /** Null: the newest. */
  version: number | null;
  data: Record<string, unknown>;
}

/** Characters of `data` as JSON: values for an email, not the email. */
const maxData = 100_000;
/** Levels of `data` below itself. */
const maxDepth = 20;

const nameMessage = 'must be the name or the id of a template';
const Name = v.pipe(
  text(maxName, nameMessage),
  v.metadata({ pattern: nameForm.source }),
  v.check((given) => isTemplateName(given) || isTemplateId(given), nameMessage),
);
const versionMessage = 'must be the number of a version, from 1';
export const TemplateReferenceObject = v.pipe(
  strictObject({
    name: v.optional(Name),
    id: v.optional(Name),
    version: v.optional(
      v.pipe(
        v.number(versionMessage),
        v.integer(versionMessage),
        v.minValue(1, versionMessage),
        v.maxValue(2 ** 31 - 1, versionMessage),
      ),
    ),
  }),
  v.rawTransform(({ dataset: { value }, addIssue, NEVER }): Omit<TemplateUse, 'data'> => {
    const { name, id, version } = value;
    const template = id ?? name;
    // All three are what an email shows of its template.
    const isOne = name === undefined || id === undefined || version !== undefined;
    if (template !== undefined && isOne) return { template, version: version ?? null };
    addIssue({ message: 'must have either a name or an id' });
    return NEVER;
  }),
);

/** `"welcome"`, or `{name, version}`, or `{id, version}`; without a version, the newest. */
export const TemplateReference = selectSchema(
  (input): v.GenericSchema<unknown, Omit<TemplateUse, 'data'>> => {
    if (typeof input !== 'string')
      return TemplateReferenceObject as v.GenericSchema<unknown, Omit<TemplateUse, 'data'>>;
    return v.pipe(
      Name,
      v.transform((template) => ({ template, version: null })),
    ) as v.GenericSchema<unknown, Omit<TemplateUse, 'data'>>;
  },
  v.union([Name, TemplateReferenceObject]),
);

/** Values for the template's variables. They are never read as templates themselves. */
export const TemplateData = v.pipe(
  v.custom<Record<string, unknown>>(
    (input) => typeof input === 'object' && input !== null && !Array.isArray(input),
    'must be an object',
  ),
  v.metadata({ type: 'object', additionalProperties: true }),
  v.check((data) => !isDeeper(data, maxDepth), `may be nested ${maxDepth} levels deep at most`),
  v.check(
    (data) => charactersLeft(data, maxData) >= 0 && JSON.stringify(data).length <= maxData,
    `may have ${maxData} characters of JSON at most`,
  ),
);

/** A first check that stops early: in JSON, names and strings have at least as many characters. */
function charactersLeft(value: unknown, left: number): number {
  if (typeof value === 'string') return left - value.length;
  if (typeof value !== 'object' || value === null) return left - 1;
  let remaining = left;
  for (const [name, inner] of Object.entries(value)) {
    remaining = charactersLeft(inner, Array.isArray(value) ? remaining : remaining - name.length);
    if (remaining < 0) break;
  }
  return remaining;
}

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((inner) => isDeeper(inner, levels - 1));
}
