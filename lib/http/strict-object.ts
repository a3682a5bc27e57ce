// An object that has no fields but its own; unlike valibot's strictObject it names every stranger (up to a bound), not just the first.
import * as v from 'valibot';

/** A body of a million strangers is answered as well as one of a hundred. */
const maxNamed = 100;

/** A field that is null is not there, whichever it is. `refused` has what to say of fields that callers may hope for. */
export function strictObject<const Entries extends v.ObjectEntries>(
  entries: Entries,
  refused: Record<string, string> = {},
) {
  return v.pipe(
    givenFields(v.looseObject(entries, 'must be an object')),
    v.metadata({ additionalProperties: false }),
    v.rawCheck(({ dataset, addIssue }) => {
      const input = dataset.value;
      if (typeof input !== 'object' || input === null) return;
      let named = 0;
      for (const key in input) {
        if (Object.hasOwn(entries, key)) continue;
        named += 1;
        if (named > maxNamed) return;
        const value = (input as Record<string, unknown>)[key];
        addIssue({
          message: (Object.hasOwn(refused, key) && refused[key]) || 'is not a field of this request',
          path: [{ type: 'object', origin: 'key', input: input as Record<string, unknown>, key, value }],
        });
      }
    }),
    v.transform((value) => value as v.InferOutput<v.ObjectSchema<Entries, undefined>>),
  );
}

/** The schema, which sees an object without what is null in it, and no list: to JavaScript that would be an object. */
function givenFields<Schema extends v.GenericSchema>(schema: Schema): Schema {
  return {
    ...schema,
    '~run': (dataset, config) => schema['~run']({ ...dataset, value: withoutNulls(dataset.value) }, config),
  };
}

const noObject = 'a list';

function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return noObject;
  if (typeof value !== 'object' || value === null) return value;
  const fields = Object.entries(value);
  const given = fields.filter(([, field]) => field !== null);
  return given.length === fields.length ? value : Object.fromEntries(given);
}
