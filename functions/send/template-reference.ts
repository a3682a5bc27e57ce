// How a request names a template, and what it may give for its variables.
import * as v from 'valibot';
import { isObject, refusing, selectSchema } from '../../lib/http/select-schema.ts';
import { firstFault, text } from '../../lib/http/size-limits.ts';
import { strictObject } from '../../lib/http/strict-object.ts';
import { isTemplateId, isTemplateName, maxName, nameForm } from '../../lib/store/templates/template.ts';

export interface TemplateUse {
  /** Its name or id. */
  template: string;
  /** Null: the newest. */
  version: number | null;
  data: Record<string, unknown>;
}

/** A template as it is named, perhaps with its data. */
export type Reference = Omit<TemplateUse, 'data'> & { variables?: Record<string, unknown> };

/** Characters of `data` as JSON: values for an email, not the email. */
const maxData = 100_000;
/** Levels of `data` below itself. */
const maxDepth = 20;

/** Values for the template's variables. They are never read as templates themselves. */
export const TemplateData = firstFault(
  v.pipe(
    v.custom<Record<string, unknown>>(isObject, 'must be an object'),
    v.metadata({ type: 'object', additionalProperties: true }),
    v.check((data) => charactersLeft(data, maxData) >= 0, `may have ${maxData} characters of JSON at most`),
    v.check((data) => !isDeeper(data, maxDepth), `may be nested ${maxDepth} levels deep at most`),
    v.check((data) => JSON.stringify(data).length <= maxData, `may have ${maxData} characters of JSON at most`),
  ),
);

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
    /** As other mail APIs have `data`. */
    variables: v.optional(TemplateData),
  }),
  v.rawTransform(({ dataset: { value }, addIssue, NEVER }): Reference => {
    const { name, id, version, variables } = value;
    const template = id ?? name;
    // All three are what an email shows of its template.
    const isOne = name === undefined || id === undefined || version !== undefined;
    if (template !== undefined && isOne) return { template, version: version ?? null, ...(variables && { variables }) };
    addIssue({ message: 'must have either a name or an id' });
    return NEVER;
  }),
);

/** `"welcome"`, or `{name, version, variables}`, or `{id, version, variables}`; without a version, the newest. */
export const TemplateReference = selectSchema(
  (input): v.GenericSchema<unknown, Reference> => {
    if (isObject(input)) return TemplateReferenceObject as v.GenericSchema<unknown, Reference>;
    if (typeof input !== 'string') return refusing('must be a name, an id, or an object with one of them');
    return v.pipe(
      Name,
      v.transform((template) => ({ template, version: null })),
    ) as v.GenericSchema<unknown, Reference>;
  },
  v.union([Name, TemplateReferenceObject]),
);

/** A first check that stops early: in JSON, names and strings have at least as many characters. */
function charactersLeft(value: unknown, left: number): number {
  if (typeof value === 'string') return left - value.length;
  if (typeof value !== 'object' || value === null) return left - 1;
  let remaining = left;
  if (Array.isArray(value)) {
    for (const inner of value) {
      remaining = charactersLeft(inner, remaining);
      if (remaining < 0) return remaining;
    }
    return remaining;
  }
  for (const [name, inner] of Object.entries(value)) {
    remaining = charactersLeft(inner, remaining - name.length);
    if (remaining < 0) return remaining;
  }
  return remaining;
}

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((inner) => isDeeper(inner, levels - 1));
}
